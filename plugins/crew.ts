import { errorText } from '../lib/error.js'
import { createQuestions, readMessage, type Message } from './crew-questions.js'
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
  /** In the one: whether it is a master, which has no queue and is none of those that askAll asks. */
  isApart(): boolean
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

/** What a worker is to itself. */
export type OwnProcess = Pick<NodeJS.Process, 'on' | 'off' | 'connected' | 'send'>

export function createCrew(self: OwnProcess = process): Crew {
  const all = new Map<string, Handler>()
  const one = new Map<string, Handler>()
  const questions = createQuestions()
  const joined: Parameters<Crew['onJoin']>[0][] = []
  const ready = new Set<number>()
  let role: 'starting' | 'only' | 'master' | 'worker' = 'starting'
  let cluster: HarakaServer['cluster']
  let began = (): void => undefined
  const begun = new Promise<void>((resolve) => {
    began = resolve
  })

  async function run(handlers: ReadonlyMap<string, Handler>, name: string, args: unknown): Promise<unknown> {
    const handler = handlers.get(name)
    if (handler === undefined) throw new Error(`nothing here answers ${name}`)
    return await handler(args)
  }

  function ask(name: string, args: unknown, worker?: HarakaWorker): Promise<unknown> {
    if (worker === undefined) return questions.ask(name, args, { timeoutMs: ONE_TIMEOUT_MS, send: toMaster })
    const send = (message: Message): void => {
      toWorker(worker, message)
    }
    return questions.ask(name, args, { worker: worker.id, timeoutMs: TIMEOUT_MS, send })
  }

  function answer(handlers: ReadonlyMap<string, Handler>, message: Message, send: (message: Message) => void): void {
    const id = message.id ?? -1
    run(handlers, message.name ?? '', message.args)
      .then((value) => {
        send({ event: 'dmail.answer', id, value })
      })
      .catch((error: unknown) => {
        send({ event: 'dmail.answer', id, error: errorText(error) })
      })
  }

  function lost({ id }: HarakaWorker): void {
    ready.delete(id)
    questions.lost(id)
  }

  function toWorker(worker: HarakaWorker, message: Message): void {
    if (worker.isConnected()) worker.send(message, () => undefined)
    else lost(worker)
  }

  const fromMaster = (received: unknown): void => {
    const message = readMessage(received)
    if (message?.event === 'dmail.ask') answer(all, message, toMaster)
    else if (message?.event === 'dmail.answer') questions.settle(message)
  }

  function toMaster(message: Message): void {
    if (self.connected) self.send?.(message)
  }

  function join(worker: HarakaWorker): void {
    ready.add(worker.id)
    for (const listener of joined) listener((name, args) => ask(name, args, worker))
  }

  const fromWorker = (worker: HarakaWorker, received: unknown): void => {
    const message = readMessage(received)
    if (message === undefined) return
    questions.heard(worker.id)
    if (message.event === 'dmail.ready') join(worker)
    else if (message.event === 'dmail.answer') questions.settle(message)
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
      return await (role === 'worker' ? ask(name, args) : run(one, name, args))
    },
    async askAll(name, args) {
      if (role !== 'master') return { answers: [await run(all, name, args)], missing: 0 }
      const workers = Object.values(cluster?.workers ?? {}).filter((worker) => worker !== undefined)
      const results = await Promise.allSettled(
        workers
          // One that has not begun has no queue yet.
          .filter(({ id }) => ready.has(id))
          .map((worker) => ask(name, args, worker)),
      )
      const answers = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
      return { answers, missing: workers.length - answers.length }
    },
    isApart: () => role === 'master',
    onJoin: (listener) => joined.push(listener),
    begin(server) {
      cluster = server.cluster
      if (cluster === undefined) {
        role = 'only'
      } else if (cluster.isMaster) {
        role = 'master'
        cluster.on('message', fromWorker)
        cluster.on('exit', lost)
      } else {
        role = 'worker'
        self.on('message', fromMaster)
        toMaster({ event: 'dmail.ready' })
      }
      began()
    },
    close() {
      self.off('message', fromMaster)
      questions.close()
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
