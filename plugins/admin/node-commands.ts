import { ClientGone, Refusal, type Handlers, type Talk } from '../../lib/control/handlers.js'
import { isNodeCommand } from '../../lib/control/over-nodes.js'
import type { CommandName, Commands, ControlError, Progress } from '../../lib/control/protocol.js'
import { readRequest } from '../../lib/control/request.js'
import { isRecord, parseRecord } from '../../lib/record.js'
import type { Cluster } from '../../lib/cluster/types.js'
import type { Seat } from '../cluster.js'

/** The question of one node to another: to carry out a command of the control socket for itself alone. */
const COMMAND = 'command'
/** A node that is busy may take some seconds before it says anything. */
const COMMAND_MS = 15_000
/** Rows of one message, far below what one may have. */
const MAX_PART = 200 * 1024

/** What a node says of itself is far shorter. */
const MAX_RESULT = 16 * 1024 * 1024

/** `text`: a piece of a result that is too long for one message, as JSON. */
type Part = { readonly items: readonly unknown[] } | { readonly progress: Progress } | { readonly text: string }

/** Has this node carry out commands that another node was given. `handlers` are those for this node alone. */
export function answerCommands(seat: Seat, handlers: Handlers): void {
  seat.onAsk(COMMAND, async (args, _from, say) => {
    const read = readRequest(JSON.stringify(args))
    if (!read.ok) return { error: read.error }
    const { command, args: given, on } = read.request
    if (!isNodeCommand(command))
      return { error: { message: `${command} is not carried out for other nodes`, hint: '' } }
    if (on !== undefined) return { error: { message: 'a node passes nothing on that another asks of it', hint: '' } }
    const handler = handlers[command] as (args: unknown, talk: Talk<unknown>) => Promise<unknown>
    try {
      return await inPieces(await handler(given, talkOver(say)), (text) => sendTo(say, { text }))
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      return { error: { message: error.message, hint: error.hint } }
    }
  })
}

/**
 * Has another node carry out a command. Rejects with a Refusal where that node does, and with NodeSilent or NodeFailed. `talk` is
 * given what comes before the result.
 */
export async function commandOn<Name extends CommandName>(
  cluster: Cluster,
  node: string,
  command: Name,
  args: Commands[Name]['args'],
  talk: Talk<Commands[Name]['item']>,
  /** Until it says something; each part begins the time anew. */
  timeMs = COMMAND_MS,
): Promise<Commands[Name]['result']> {
  let pieces = ''
  const part = async (value: unknown): Promise<void> => {
    const { items, progress, text } = value as {
      items?: readonly Commands[Name]['item'][]
      progress?: Progress
      text?: unknown
    }
    if (typeof text === 'string') pieces += text
    if (pieces.length > MAX_RESULT) throw new Error(`node ${node} has too long an answer`)
    if (Array.isArray(items)) await talk.items(items as readonly Commands[Name]['item'][])
    if (progress !== undefined) await talk.progress(progress)
  }
  const answer = await cluster.askNode(node, COMMAND, { command, args }, { timeMs, part })
  if (isRecord(answer) && isRecord(answer['error'])) {
    const { message, hint } = answer['error'] as unknown as ControlError
    throw new Refusal(message, hint)
  }
  const result = isRecord(answer) ? (pieces === '' ? answer['result'] : parseRecord(pieces, MAX_RESULT)) : undefined
  if (!isRecord(result)) throw new Error(`node ${node} speaks another version's protocol`)
  return result as unknown as Commands[Name]['result']
}

async function inPieces(result: unknown, send: (text: string) => Promise<void>): Promise<unknown> {
  const text = JSON.stringify(result)
  if (text.length <= MAX_PART) return { result }
  for (let at = 0; at < text.length; at += MAX_PART) await send(text.slice(at, at + MAX_PART))
  return {}
}

async function sendTo(say: (part: unknown) => Promise<void>, part: Part): Promise<void> {
  try {
    await say(part)
  } catch (error) {
    throw new ClientGone('the node that asked has gone', { cause: error })
  }
}

function talkOver(say: (part: unknown) => Promise<void>): Talk<unknown> {
  return {
    async items(items) {
      for (const some of inParts(items)) await sendTo(say, { items: some })
    },
    progress: (progress) => sendTo(say, { progress }),
  }
}

function* inParts(items: readonly unknown[]): Generator<unknown[]> {
  let some: unknown[] = []
  let length = 0
  for (const item of items) {
    some.push(item)
    length += JSON.stringify(item).length
    if (length < MAX_PART) continue
    yield some
    some = []
    length = 0
  }
  if (some.length > 0) yield some
}
