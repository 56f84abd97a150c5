import { asError } from '../error.js'
import type { HostPort } from '../conf/value.js'
import { openConnection, openSocket, type Connection, type Limits, type OpenSocket } from '../smtp/connection.js'
import { replyText } from '../smtp/reply.js'
import { createDialogue, type Dialogue, type DomainReply, type Step } from './dialogue.js'

/** What a provider said to ETRN. */
export interface Asked {
  /** False when there was no connection, or nobody on it who speaks SMTP: another try may help. */
  readonly reached: boolean
  /** `TLSv1.3`, or `no TLS` and why. */
  readonly security: string
  /** Why the session broke off; undefined when every domain had its turn. */
  readonly trouble: string | undefined
  /** One for each domain, in order. */
  readonly replies: readonly DomainReply[]
}

export interface AskOptions {
  /** Our name, for EHLO. */
  readonly hello: string
  readonly limits?: Limits
  readonly open?: OpenSocket
  readonly signal?: AbortSignal
}

/** RFC 5321 4.5.3.2 has 5 minutes for a greeting, for which no line should be kept open. */
const LIMITS: Limits = { connectMs: 30_000, replyMs: 120_000 }
const QUIT_MS = 5_000

interface Session {
  reached: boolean
  security: string | undefined
  tlsFailed: boolean
}

/**
 * Asks a provider with ETRN (RFC 1985) for the mail of these domains (Q8), each `domain` or `@domain`, in one session. Uses TLS
 * where it is offered; where that does not come about, asks again without. Never rejects.
 */
export async function askProvider(target: HostPort, domains: readonly string[], options: AskOptions): Promise<Asked> {
  const { asked, tlsFailed } = await tryOnce(target, domains, options, true)
  if (!tlsFailed || options.signal?.aborted === true) return asked
  const again = await tryOnce(target, domains, options, false)
  return { ...again.asked, security: asked.security }
}

async function tryOnce(
  target: HostPort,
  domains: readonly string[],
  { hello, limits = LIMITS, open = openSocket, signal = new AbortController().signal }: AskOptions,
  tls: boolean,
): Promise<{ readonly asked: Asked; readonly tlsFailed: boolean }> {
  const dialogue = createDialogue({ hello, domains, tls })
  const session: Session = { reached: false, security: undefined, tlsFailed: false }
  let connection: Connection | undefined
  let broke: string | undefined
  try {
    connection = await openConnection(target, limits, open, signal)
    await talk(connection, dialogue, session)
  } catch (error) {
    broke = signal.aborted ? 'stopped' : asError(error).message
  } finally {
    connection?.close()
  }
  const trouble = dialogue.trouble() ?? broke
  const asked: Asked = {
    reached: session.reached,
    security: session.security ?? `no TLS (${dialogue.plainBecause()})`,
    trouble,
    replies: dialogue.replies(trouble ?? 'not asked for'),
  }
  return { asked, tlsFailed: session.tlsFailed }
}

async function talk(connection: Connection, dialogue: Dialogue, session: Session): Promise<void> {
  let step: Step = dialogue.heard(await connection.read())
  session.reached = true
  while (step.do !== 'end') {
    if (step.do === 'secure') {
      try {
        session.security = await connection.secure()
      } catch (error) {
        session.tlsFailed = true
        session.security = `no TLS (${asError(error).message})`
        throw error
      }
      step = dialogue.secured()
      continue
    }
    if (step.line === 'QUIT') {
      // Every domain has had its turn: how they part is of no matter.
      connection.say(step.line)
      await connection.read(QUIT_MS).catch(() => undefined)
      return
    }
    // A reply that comes before its command would be taken for that command's.
    if (connection.isOutOfTurn()) {
      const early = await connection.read()
      if (early.code !== 421) throw new Error(`the provider spoke out of turn: ${replyText(early)}`)
      dialogue.heard(early)
      return
    }
    connection.say(step.line)
    step = dialogue.heard(await connection.read())
  }
}
