import { randomUUID } from 'node:crypto'
import type { Log } from '../log.js'
import { asError, errorText } from '../error.js'
import { readMessage, writeMessage, type Message } from './message.js'
import type { Store } from './store.js'

/** Answers a question of another node. `say` gives a part of a long answer, and resolves when it has been dealt with there. */
export type Handler = (args: unknown, from: string, say: (part: unknown) => Promise<void>) => unknown

/** A node that is asked by name does not live, or did not answer in time. */
export class NodeSilent extends Error {
  override readonly name = 'NodeSilent'

  constructor(
    message: string,
    /** Nobody listens at its name. */
    readonly absent = false,
  ) {
    super(message)
  }
}

/** The node has answered that it cannot. */
export class NodeFailed extends Error {
  override readonly name = 'NodeFailed'
}

/** Given the parts of a long answer, one after the other. What it returns is awaited. */
export type Part = (value: unknown) => unknown

export interface NodeAsking {
  readonly on: (question: string, handler: Handler) => void
  /** Rejects with NodeSilent or NodeFailed. Each part begins the time anew; what `part` throws ends it. */
  ask(node: string, question: string, args: unknown, timeMs: number, part?: Part): Promise<unknown>
  /** A message came for this node. */
  readonly hear: (text: string) => void
  /** Nobody can answer any more: who waits is told at once. */
  readonly lose: (why: string) => void
  close(): void
}

/** Questions that are answered at once: those of a node gone wild must not pile up here. */
const MAX_UNDER_WAY = 200
const TELL_MS = 60_000
/** For a part to be dealt with; who asked may be waiting for a slow reader itself. The queue keeps a listing open for as long. */
const TAKEN_MS = 60_000

interface Waiting {
  readonly node: string
  readonly resolve: (value: unknown) => void
  readonly reject: (error: Error) => void
  readonly part: Part | undefined
  readonly timer: NodeJS.Timeout
  /** A part is being dealt with here: the other node waits, and nothing can be late. */
  dealing: boolean
}

/** Questions and answers between nodes, each of which listens at its own name. */
export function createNodeAsking(self: string, store: Pick<Store, 'send'>, log: Log): NodeAsking {
  const handlers = new Map<string, Handler>()
  const waiting = new Map<string, Waiting>()
  /** Parts that were sent, by question: what goes on when they have been dealt with. */
  const sent = new Map<string, (kind: 'taken' | 'stop') => void>()
  let underWay = 0
  let toldMs = -Infinity

  async function send(to: string, message: Message): Promise<boolean> {
    return await store.send(to, writeMessage(message))
  }

  async function answer({ id, from: to, question, args }: Message & { readonly kind: 'ask' }): Promise<void> {
    const from = self
    try {
      const handler = handlers.get(question)
      if (handler === undefined) throw new Error(`nothing here answers ${question.slice(0, 50)}`)
      if (underWay >= MAX_UNDER_WAY) throw new Error('too many questions are being answered')
      underWay++
      try {
        const say = async (value: unknown): Promise<void> => {
          const taken = partTaken(`${to} ${id}`, to)
          if (!(await send(to, { kind: 'part', id, from, value }))) throw new NodeSilent(`${to} has gone`)
          await taken
        }
        const value = (await handler(args, to, say)) ?? null
        await send(to, { kind: 'answer', id, from, value })
      } finally {
        underWay--
      }
    } catch (error) {
      await send(to, { kind: 'failed', id, from, error: errorText(error) })
    }
  }

  function partTaken(key: string, to: string): Promise<void> {
    const taken = new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        sent.delete(key)
        reject(new NodeSilent(`${to} does not listen any more`))
      }, TAKEN_MS)
      timer.unref()
      sent.set(key, (kind) => {
        clearTimeout(timer)
        sent.delete(key)
        if (kind === 'taken') resolve()
        else reject(new NodeSilent(`${to} does not want more`))
      })
    })
    taken.catch(() => undefined)
    return taken
  }

  async function takePart(id: string, asked: Waiting, value: unknown): Promise<void> {
    try {
      asked.dealing = true
      await asked.part?.(value)
      asked.dealing = false
      asked.timer.refresh()
      await send(asked.node, { kind: 'taken', id, from: self })
    } catch (error) {
      settle(id)?.reject(asError(error))
      await send(asked.node, { kind: 'stop', id, from: self })
    }
  }

  function settle(id: string): Waiting | undefined {
    const asked = waiting.get(id)
    waiting.delete(id)
    clearTimeout(asked?.timer)
    return asked
  }

  function lose(why: string): void {
    for (const [id, { node }] of [...waiting]) settle(id)?.reject(new NodeSilent(`no answer of ${node}: ${why}`))
    for (const end of [...sent.values()]) end('stop')
  }

  function bad(): void {
    const nowMs = performance.now()
    if (nowMs - toldMs < TELL_MS) return
    toldMs = nowMs
    log('warn', 'cluster: a message that no node wrote came through Redis and was ignored')
  }

  return {
    on: (question, handler) => handlers.set(question, handler),
    ask(node, question, args, timeMs, part) {
      const id = randomUUID()
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          if (waiting.get(id)?.dealing === true) timer.refresh()
          else settle(id)?.reject(new NodeSilent(`no answer of ${node} in ${timeMs / 1000} s`))
        }, timeMs)
        waiting.set(id, { node, resolve, reject, part, timer, dealing: false })
        send(node, { kind: 'ask', id, from: self, question, args }).then(
          (heard) => {
            if (!heard) settle(id)?.reject(new NodeSilent(`${node} is not there`, true))
          },
          (error: unknown) => {
            settle(id)?.reject(new NodeSilent(`${node} was not asked: ${errorText(error)}`))
          },
        )
      })
    },
    hear(text) {
      const message = readMessage(text)
      if (message === undefined) {
        bad()
        return
      }
      if (message.kind === 'ask') {
        // Who asked is told by silence where it cannot be told.
        answer(message).catch(() => undefined)
        return
      }
      if (message.kind === 'taken' || message.kind === 'stop') {
        sent.get(`${message.from} ${message.id}`)?.(message.kind)
        return
      }
      const asked = waiting.get(message.id)
      // Nobody waits any more, or another node claims to be the one that was asked.
      if (asked?.node !== message.from) return
      if (message.kind === 'part') {
        takePart(message.id, asked, message.value).catch(() => undefined)
      } else if (message.kind === 'answer') settle(message.id)?.resolve(message.value)
      else settle(message.id)?.reject(new NodeFailed(message.error))
    },
    lose,
    close() {
      lose('this node ends')
    },
  }
}
