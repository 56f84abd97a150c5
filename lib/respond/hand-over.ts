import type { HostPort } from '../conf/value.js'
import { stuffDots } from '../delivery/dot-stuffing.js'
import { errorText } from '../error.js'
import { openConnection, openSocket, type Connection } from '../smtp/connection.js'
import { replyText, type SmtpReply } from '../smtp/reply.js'
import type { Reply } from './compose.js'
import type { Claim } from './memory.js'

/** What became of an answer. `text` is for the operator. */
export type HandedOver =
  | { readonly state: 'taken'; readonly text: string }
  /** Not now: another try may help. */
  | { readonly state: 'later'; readonly text: string }
  /** Never: the server does not want it. `setup` where the server would take no answer from us at all. */
  | { readonly state: 'refused'; readonly text: string; readonly setup: boolean }
  /** The server had all of it and said nothing: it may have taken it. */
  | { readonly state: 'unknown'; readonly text: string }
  /** Somebody else answered meanwhile, or too many were. */
  | { readonly state: 'unclaimed'; readonly claim: Exclude<Claim, 'claimed'> }

export interface HandOverOptions {
  readonly target: HostPort
  /** Our name, for EHLO. */
  readonly hello: string
  /** Time for everything, in milliseconds. */
  readonly timeoutMs: number
  /** Ends it at any time. */
  readonly signal: AbortSignal
  /** Called when the server takes sender and recipient: the message is sent where it is `claimed`. */
  readonly claim: () => Promise<Claim>
  /** Called where a claimed answer was not sent after all. */
  readonly release: () => Promise<void>
}

type Stage = 'greeting' | 'EHLO' | 'MAIL' | 'RCPT' | 'DATA' | 'message'

class Refusal extends Error {
  override readonly name = 'Refusal'
  constructor(
    readonly stage: Stage,
    readonly reply: SmtpReply,
  ) {
    super(`the server answers ${stage} with ${replyText(reply)}`)
  }
}

const QUIT_MS = 2_000

/**
 * Hands an answer to an SMTP server, with the null sender (RFC 3834 3.3). It is claimed before its text is sent: a crash, or a
 * server that falls silent, leaves a sender without an answer rather than with two. Rejects with errors of `claim` and `release`.
 */
export async function handOver(reply: Reply, options: HandOverOptions): Promise<HandedOver> {
  const { target, timeoutMs, signal, claim, release } = options
  const late = AbortSignal.timeout(timeoutMs)
  const either = AbortSignal.any([signal, late])
  const progress = { claimed: false, sent: false }
  let connection: Connection | undefined
  try {
    const limits = { connectMs: timeoutMs, replyMs: timeoutMs }
    connection = await openConnection(target, limits, openSocket, either, 'the server').catch(asTrouble)
    await introduce(connection, reply, options.hello)
    const claimed = await claim()
    if (claimed !== 'claimed') {
      await quit(connection)
      return { state: 'unclaimed', claim: claimed }
    }
    progress.claimed = true
    await command(connection, 'DATA', 'DATA', 354)
    progress.sent = true
    const done = await command(connection, 'message', `${stuffDots(Buffer.from(reply.content)).toString()}.`, 250)
    await quit(connection)
    return { state: 'taken', text: replyText(done) }
  } catch (error) {
    const outcome = outcomeOf(error, progress.sent, late.aborted ? `nothing in ${timeoutMs / 1000} s` : undefined)
    if (progress.claimed && outcome.state !== 'unknown') await release()
    return outcome
  } finally {
    connection?.close()
  }
}

/** Trouble with the connection, unlike that with the memory, which goes on up. */
class Trouble extends Error {
  override readonly name = 'Trouble'
}

function asTrouble(error: unknown): never {
  throw new Trouble(errorText(error))
}

function outcomeOf(error: unknown, sent: boolean, late: string | undefined): HandedOver {
  if (error instanceof Refusal) {
    const { stage, reply } = error
    if (reply.code < 500) return { state: 'later', text: error.message }
    // RFC 3463: 5.7 is policy, such as relaying that is not allowed.
    const setup = stage === 'greeting' || stage === 'EHLO' || stage === 'MAIL' || isPolicy(stage, reply)
    return { state: 'refused', text: error.message, setup }
  }
  if (!(error instanceof Trouble)) throw error
  return { state: sent ? 'unknown' : 'later', text: late ?? error.message }
}

function isPolicy(stage: Stage, { lines }: SmtpReply): boolean {
  return stage === 'RCPT' && lines.some((line) => line.startsWith('5.7.'))
}

async function introduce(connection: Connection, reply: Reply, hello: string): Promise<void> {
  await heard(connection, 'greeting', 220)
  const { lines } = await command(connection, 'EHLO', `EHLO ${hello}`, 250)
  const offersUtf8 = lines.some((line) => /^SMTPUTF8\b/i.test(line))
  if (reply.utf8 && !offersUtf8) {
    throw new Refusal('RCPT', {
      code: 553,
      lines: ['5.6.7 the server does not offer SMTPUTF8, which the address needs'],
    })
  }
  await command(connection, 'MAIL', `MAIL FROM:<>${reply.utf8 ? ' SMTPUTF8' : ''}`, 250)
  await command(connection, 'RCPT', `RCPT TO:<${reply.to}>`, 250)
}

async function command(connection: Connection, stage: Stage, line: string, expected: number): Promise<SmtpReply> {
  connection.say(line)
  return heard(connection, stage, expected)
}

async function heard(connection: Connection, stage: Stage, expected: number): Promise<SmtpReply> {
  const reply = await connection.read().catch(asTrouble)
  // RFC 5321 4.2.1: the first digit is what counts.
  if (Math.floor(reply.code / 100) !== Math.floor(expected / 100)) throw new Refusal(stage, reply)
  return reply
}

/** How they part is of no matter. */
async function quit(connection: Connection): Promise<void> {
  connection.say('QUIT')
  await connection.read(QUIT_MS).catch(() => undefined)
}
