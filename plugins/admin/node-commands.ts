import { ClientGone, Refusal, type Handlers, type Talk } from '../../lib/control/handlers.js'
import type { CommandName, Commands, ControlError, Progress } from '../../lib/control/protocol.js'
import { readRequest } from '../../lib/control/request.js'
import { isRecord } from '../../lib/record.js'
import type { Cluster } from '../../lib/cluster/types.js'
import type { Seat } from '../cluster.js'

/** The question of one node to another: to carry out a command of the control socket for itself alone. */
const COMMAND = 'command'
/** A node that is busy may take some seconds before it says anything. */
const COMMAND_MS = 15_000
/** Rows of one message, far below what one may have. */
const MAX_PART = 200 * 1024

type Part = { readonly items: readonly unknown[] } | { readonly progress: Progress }

/** Has this node carry out commands that another node was given. `handlers` are those for this node alone. */
export function answerCommands(seat: Seat, handlers: Handlers): void {
  seat.onAsk(COMMAND, async (args, _from, say) => {
    const read = readRequest(JSON.stringify(args))
    if (!read.ok) return { error: read.error }
    const { command, args: given, on } = read.request
    if (on !== undefined) return { error: { message: 'a node passes nothing on that another asks of it', hint: '' } }
    const handler = handlers[command] as (args: unknown, talk: Talk<unknown>) => Promise<unknown>
    try {
      return { result: await handler(given, talkOver(say)) }
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
  const part = async (value: unknown): Promise<void> => {
    const { items, progress } = value as { items?: readonly Commands[Name]['item'][]; progress?: Progress }
    if (Array.isArray(items)) await talk.items(items as readonly Commands[Name]['item'][])
    if (progress !== undefined) await talk.progress(progress)
  }
  const answer = await cluster.askNode(node, COMMAND, { command, args }, { timeMs, part })
  if (isRecord(answer) && isRecord(answer['error'])) {
    const { message, hint } = answer['error'] as unknown as ControlError
    throw new Refusal(message, hint)
  }
  if (!isRecord(answer) || !isRecord(answer['result']))
    throw new Error(`node ${node} speaks another version's protocol`)
  return answer['result'] as unknown as Commands[Name]['result']
}

function talkOver(say: (part: unknown) => Promise<void>): Talk<unknown> {
  const send = async (part: Part): Promise<void> => {
    try {
      await say(part)
    } catch (error) {
      throw new ClientGone('the node that asked has gone', { cause: error })
    }
  }
  return {
    async items(items) {
      for (const some of inParts(items)) await send({ items: some })
    },
    progress: (progress) => send({ progress }),
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
