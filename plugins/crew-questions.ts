/** A line between the processes of one Haraka. */
export interface Message {
  readonly event: 'dmail.ask' | 'dmail.answer' | 'dmail.ready'
  readonly id?: number
  readonly name?: string
  readonly args?: unknown
  readonly value?: unknown
  readonly error?: string
}

export function readMessage(value: unknown): Message | undefined {
  if (typeof value !== 'object' || value === null || !('event' in value)) return undefined
  const { event } = value
  const known = event === 'dmail.ask' || event === 'dmail.answer' || event === 'dmail.ready'
  return known ? (value as Message) : undefined
}

/** The process that was asked has ended. */
export class ProcessGone extends Error {
  override readonly name = 'ProcessGone'

  constructor() {
    super('the process has ended')
  }
}

/** Who is asked, and how. */
export interface AskedProcess {
  /** The worker; undefined = the one. */
  readonly worker?: number
  readonly timeoutMs: number
  readonly send: (message: Message) => void
}

/** The questions of this process that are under way. */
export interface Questions {
  /** Rejects when there is no answer in time, it says that it failed, or the process ends. */
  ask(name: string, args: unknown, asked: AskedProcess): Promise<unknown>
  settle(answer: Message): void
  /** A worker has something to say: it is waited for again. */
  heard(worker: number): void
  /** Nobody waits for the answer of a worker that has gone. */
  lost(worker: number): void
  close(): void
}

interface Waiting {
  readonly resolve: (value: unknown) => void
  readonly reject: (error: Error) => void
  readonly timer: NodeJS.Timeout
  readonly worker: number | undefined
}

export function createQuestions(): Questions {
  const waiting = new Map<number, Waiting>()
  /** Workers that did not answer in time, and not since: they are asked, but not waited for. */
  const silent = new Set<number>()
  let nextId = 0

  /** Whose question it was; it is not waited for any more. */
  function asker(id: number): Waiting | undefined {
    const asked = waiting.get(id)
    waiting.delete(id)
    clearTimeout(asked?.timer)
    return asked
  }

  function settle({ id, value, error }: Message): void {
    const asked = asker(id ?? -1)
    if (error === undefined) asked?.resolve(value)
    else asked?.reject(new Error(error))
  }

  return {
    ask(name, args, { worker, timeoutMs, send }) {
      const id = nextId++
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          waiting.delete(id)
          if (worker !== undefined) silent.add(worker)
          reject(new Error(`no answer to ${name} in ${timeoutMs / 1000} s`))
        }, timeoutMs)
        waiting.set(id, { resolve, reject, timer, worker })
        send({ event: 'dmail.ask', id, name, args })
        if (worker !== undefined && silent.has(worker)) {
          settle({ event: 'dmail.answer', id, error: 'it has not answered for some time' })
        }
      })
    },
    settle,
    heard(worker) {
      silent.delete(worker)
    },
    lost(worker) {
      silent.delete(worker)
      for (const [id, asked] of waiting) {
        if (asked.worker === worker) asker(id)?.reject(new ProcessGone())
      }
    },
    close() {
      for (const { timer } of waiting.values()) clearTimeout(timer)
    },
  }
}
