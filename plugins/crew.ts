import type { HarakaServer, HarakaWorker } from './haraka/types.js'

/*
 * Haraka runs as one process, or as a master and workers of which each has a queue of its own. Either way one process is there
 * once (the master, or the only one) and some have queues. Questions go from anywhere to the one, and from the one to all that
 * have queues. Plain data both ways.
 */

export type Handler = (args: unknown) => unknown

export interface Crew {
  /** What this process answers when the one asks all that have queues. */
  onAll(name: string, handler: Handler): void
  /** What this process answers if it is the one. */
  onOne(name: string, handler: Handler): void
  /** Asks the one. Rejects when it does not answer in time, or the handler failed. */
  askOne(name: string, args?: unknown): Promise<unknown>
  /** Asks every process that has a queue; only the one may. `missing` counts those that did not answer in time. */
  askAll(name: string, args?: unknown): Promise<{ readonly answers: readonly unknown[]; readonly missing: number }>
  /** In the one: called when a process with a queue has begun, with what asks that process alone. */
  onJoin(listener: (ask: (name: string, args?: unknown) => Promise<unknown>) => void): void
  /** In init_master and init_child. */
  begin(server: HarakaServer): void
  close(): void
}

/** A worker that hangs must not make everybody else wait for it. */
const TIMEOUT_MS = 8_000
/** The one may have to wait so long for a worker before it answers. */
const ONE_TIMEOUT_MS = TIMEOUT_MS + 4_000

interface Message {
  readonly event: 'dmail.ask' | 'dmail.answer' | 'dmail.ready'
  readonly id?: number
  readonly name?: string
  readonly args?: unknown
  readonly value?: unknown
  readonly error?: string
}

interface Waiting {
  readonly resolve: (value: unknown) => void
  readonly reject: (error: Error) => void
  readonly timer: NodeJS.Timeout
}

export function createCrew(): Crew {
  const all = new Map<string, Handler>()
  const one = new Map<string, Handler>()
  const waiting = new Map<number, Waiting>()
  const joined: Parameters<Crew['onJoin']>[0][] = []
  const ready = new Set<number>()
  let role: 'starting' | 'only' | 'master' | 'worker' = 'starting'
  let cluster: HarakaServer['cluster']
  let nextId = 0
  let began = (): void => undefined
  const begun = new Promise<void>((resolve) => {
    began = resolve
  })

  async function run(handlers: ReadonlyMap<string, Handler>, name: string, args: unknown): Promise<unknown> {
    const handler = handlers.get(name)
    if (handler === undefined) throw new Error(`nothing here answers ${name}`)
    return await handler(args)
  }

  function ask(
    name: string,
    args: unknown,
    send: (message: Message) => void,
    timeoutMs = TIMEOUT_MS,
  ): Promise<unknown> {
    const id = nextId++
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        waiting.delete(id)
        reject(new Error(`no answer to ${name} in ${timeoutMs / 1000} s`))
      }, timeoutMs)
      waiting.set(id, { resolve, reject, timer })
      send({ event: 'dmail.ask', id, name, args })
    })
  }

  function settle({ id, value, error }: Message): void {
    const asked = waiting.get(id ?? -1)
    if (asked === undefined) return
    waiting.delete(id ?? -1)
    clearTimeout(asked.timer)
    if (error === undefined) asked.resolve(value)
    else asked.reject(new Error(error))
  }

  function answer(handlers: ReadonlyMap<string, Handler>, message: Message, send: (message: Message) => void): void {
    const id = message.id ?? -1
    run(handlers, message.name ?? '', message.args)
      .then((value) => {
        send({ event: 'dmail.answer', id, value })
      })
      .catch((error: unknown) => {
        send({ event: 'dmail.answer', id, error: error instanceof Error ? error.message : String(error) })
      })
  }

  function toWorker(worker: HarakaWorker, message: Message): void {
    // One that is just going away answers no more; the time limit is for it.
    if (worker.isConnected()) worker.send(message, () => undefined)
  }

  const fromMaster = (received: unknown): void => {
    const message = readMessage(received)
    if (message?.event === 'dmail.ask') answer(all, message, toMaster)
    else if (message?.event === 'dmail.answer') settle(message)
  }

  function toMaster(message: Message): void {
    if (process.connected) process.send?.(message)
  }

  function askWorker(worker: HarakaWorker, name: string, args: unknown): Promise<unknown> {
    return ask(name, args, (message) => {
      toWorker(worker, message)
    })
  }

  function join(worker: HarakaWorker): void {
    ready.add(worker.id)
    for (const listener of joined) listener((name, args) => askWorker(worker, name, args))
  }

  const fromWorker = (worker: HarakaWorker, received: unknown): void => {
    const message = readMessage(received)
    if (message === undefined) return
    if (message.event === 'dmail.ready') join(worker)
    else if (message.event === 'dmail.answer') settle(message)
    else {
      answer(one, message, (reply) => {
        toWorker(worker, reply)
      })
    }
  }

  return {
    onAll: (name, handler) => all.set(name, handler),
    onOne: (name, handler) => one.set(name, handler),
    async askOne(name, args) {
      // Haraka takes connections before it runs the hooks that tell what this process is.
      if (role === 'starting') await inTime(begun)
      return await (role === 'worker' ? ask(name, args, toMaster, ONE_TIMEOUT_MS) : run(one, name, args))
    },
    async askAll(name, args) {
      if (role !== 'master') return { answers: [await run(all, name, args)], missing: 0 }
      const workers = Object.values(cluster?.workers ?? {}).filter((worker) => worker !== undefined)
      const results = await Promise.allSettled(
        workers
          // One that has not begun has no queue yet.
          .filter(({ id }) => ready.has(id))
          .map((worker) => askWorker(worker, name, args)),
      )
      const answers = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
      return { answers, missing: workers.length - answers.length }
    },
    onJoin: (listener) => joined.push(listener),
    begin(server) {
      cluster = server.cluster
      if (cluster === undefined) {
        role = 'only'
      } else if (cluster.isMaster) {
        role = 'master'
        cluster.on('message', fromWorker)
        cluster.on('exit', ({ id }) => ready.delete(id))
      } else {
        role = 'worker'
        process.on('message', fromMaster)
        toMaster({ event: 'dmail.ready' })
      }
      began()
    },
    close() {
      process.off('message', fromMaster)
      for (const { timer } of waiting.values()) clearTimeout(timer)
    },
  }
}

async function inTime(begun: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`this process has not begun in ${ONE_TIMEOUT_MS / 1000} s`))
    }, ONE_TIMEOUT_MS)
    timer.unref()
  })
  await Promise.race([begun, late]).finally(() => {
    clearTimeout(timer)
  })
}

function readMessage(value: unknown): Message | undefined {
  if (typeof value !== 'object' || value === null || !('event' in value)) return undefined
  const { event } = value
  const known = event === 'dmail.ask' || event === 'dmail.answer' || event === 'dmail.ready'
  return known ? (value as Message) : undefined
}
