import type { createClient, ErrorReply } from '@redis/client'
import { printable, type Log } from '../log.js'
import { errorText } from '../error.js'
import { clientOptions } from './client-options.js'
import { addressText, type RedisAddress } from './settings.js'

/** A connected client of the package @redis/client, which is loaded when the first connection is wanted. */
export type RedisClient = ReturnType<typeof createClient>

/** Redis is not there, or took too long. */
export class RedisAway extends Error {
  override readonly name = 'RedisAway'
}

export interface ConnectionState {
  readonly connected: boolean
  /** When that began, in milliseconds since 1970. */
  readonly sinceMs: number
  /** Why it is away; '' while it is connected. Printable, without secrets. */
  readonly why: string
}

/** One connection to Redis that is made again when it was lost. */
export interface RedisConnection {
  /** Commands. Rejects with RedisAway at once while it is away, and after a bounded time where it does not answer. */
  run<T>(use: (client: RedisClient) => Promise<T>): Promise<T>
  state(): ConnectionState
  /** Resolves when it is connected; rejects with RedisAway where it is not in time. For programs that can do nothing without. */
  whenConnected(timeMs?: number): Promise<void>
  /** Ends it for good. */
  close(): void
}

export interface ConnectionOptions {
  readonly address: RedisAddress
  /** What it is for; `CLIENT LIST` and the log name it. */
  readonly name: string
  readonly log: Log
  /** What is done with each new connection before it counts as connected. */
  readonly prepare?: (client: RedisClient) => Promise<unknown>
  /** Called when it is connected or lost, after `state` says so. */
  readonly changed?: (state: ConnectionState) => void
  /** Called whenever it was lost or not reached. */
  readonly failed?: (why: string) => void
  readonly timing?: Partial<Timing>
}

export interface Timing {
  /** For the answer to a command. */
  readonly answerMs: number
  /** For a connection to be made. */
  readonly connectMs: number
  /** Between two tries: from, doubled each time, up to. Half of it is by chance. */
  readonly retryMs: number
  readonly maxRetryMs: number
  /** A connection that nobody uses is tried so often. */
  readonly pingMs: number
}

/** After so many it is tried with the longest pause. */
const MANY_FAILURES = 20
/** Whoever writes to a replica is told so; a script is, in more words. */
const READ_ONLY = /\bREADONLY /

const TIMING: Timing = { answerMs: 1000, connectMs: 3000, retryMs: 100, maxRetryMs: 5000, pingMs: 2000 }

/**
 * Connects in the background, now and whenever the connection was lost. Never throws. The process is kept alive by commands under way
 * and by `whenConnected`, not by the connection.
 */
export function connectRedis(options: ConnectionOptions): RedisConnection {
  const { address, name, log, prepare, changed, failed } = options
  const timing = { ...TIMING, ...options.timing }
  let client: RedisClient | undefined
  let state: ConnectionState = { connected: false, sinceMs: Date.now(), why: 'it was not reached yet' }
  /** So that an outage is one line, and so is a start without Redis. */
  let toldAway = false
  let failures = 0
  let closed = false
  let timer: NodeJS.Timeout | undefined
  let ErrorFromRedis: typeof ErrorReply | undefined
  const waiting = new Set<() => void>()

  function enter(connected: boolean, why: string): void {
    const sinceMs = state.connected === connected ? state.sinceMs : Date.now()
    const before = state
    state = { connected, sinceMs, why }
    if (before.connected === connected) return
    if (connected) for (const wake of waiting) wake()
    changed?.(state)
  }

  function later(): void {
    if (closed) return
    const fullMs = Math.min(timing.maxRetryMs, timing.retryMs * 2 ** Math.min(failures, MANY_FAILURES))
    failures++
    timer = setTimeout(connect, fullMs * (0.5 + Math.random() / 2))
    timer.unref()
  }

  function lost(which: RedisClient, error: unknown): void {
    // One connection may say so more than once.
    if (which !== client) return
    client = undefined
    which.destroy()
    if (closed) return
    const why = printable(errorText(error))
    if (!toldAway) log('warn', `Redis at ${addressText(address)} is away: ${why}`)
    toldAway = true
    enter(false, why)
    failed?.(why)
    later()
  }

  function connect(): void {
    open().catch((error: unknown) => {
      log('error', `Redis: ${printable(errorText(error))}`)
      later()
    })
  }

  async function open(): Promise<void> {
    const redis = await import('@redis/client')
    if (closed) return
    ErrorFromRedis = redis.ErrorReply
    const made = redis.createClient(clientOptions(address, name, timing))
    client = made
    made.on('error', (error: unknown) => {
      lost(made, error)
    })
    made.unref()
    try {
      await inTime(made.connect(), timing.connectMs)
      await inTime(prepare?.(made) ?? Promise.resolve(), timing.connectMs)
    } catch (error) {
      lost(made, error)
      return
    }
    if (client !== made) return
    failures = 0
    if (toldAway) log('info', `Redis at ${addressText(address)} is back`)
    toldAway = false
    enter(true, '')
    watch(made)
  }

  /** A connection whose other end has vanished says nothing by itself. */
  function watch(which: RedisClient): void {
    timer = setTimeout(() => {
      if (which !== client) return
      // An error is an answer too.
      const next = (): void => {
        if (which === client) watch(which)
      }
      run((connected) => connected.ping()).then(next, next)
    }, timing.pingMs)
    timer.unref()
  }

  async function run<T>(use: (client: RedisClient) => Promise<T>): Promise<T> {
    const using = client
    if (using === undefined || !state.connected) throw new RedisAway(`Redis is away: ${state.why}`)
    try {
      return await inTime(use(using), timing.answerMs)
    } catch (error) {
      const isAnswer = ErrorFromRedis !== undefined && error instanceof ErrorFromRedis
      // It was there and said no, such as for want of memory.
      if (isAnswer && !READ_ONLY.test(error.message)) throw error
      // Or it is a replica now: another server may be the one at this address. It is not asked for too often.
      if (isAnswer) failures = MANY_FAILURES
      lost(using, error)
      throw error instanceof RedisAway ? error : new RedisAway(errorText(error), { cause: error })
    }
  }

  connect()
  return {
    run,
    state: () => state,
    async whenConnected(timeMs = timing.connectMs) {
      if (state.connected) return
      let wake = (): void => undefined
      const connected = new Promise<void>((resolve) => {
        wake = resolve
        waiting.add(wake)
      })
      try {
        await inTime(connected, timeMs, () => `Redis at ${addressText(address)} is away: ${state.why}`)
      } finally {
        waiting.delete(wake)
      }
    },
    close() {
      closed = true
      clearTimeout(timer)
      client?.destroy()
      client = undefined
      state = { connected: false, sinceMs: Date.now(), why: 'it was closed' }
    },
  }
}

function inTime<T>(promise: Promise<T>, timeMs: number, otherwise = () => `no answer in ${timeMs} ms`): Promise<T> {
  return new Promise((resolve, reject) => {
    let timer = setTimeout(() => {
      // Where this process was busy for all that time the answer lies here unread.
      timer = setTimeout(() => {
        reject(new RedisAway(otherwise()))
      }, timeMs / 10)
    }, timeMs)
    promise
      .finally(() => {
        clearTimeout(timer)
      })
      .then(resolve, reject)
  })
}
