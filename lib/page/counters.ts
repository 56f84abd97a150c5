import type { LookupResult } from '../directory/types.js'

/** What happened in a process since it started. */
export const EVENTS = [
  'delivered',
  'failed',
  'deferred',
  'lookups',
  'lookupFailures',
  'reloads',
  'reloadErrors',
] as const

export type Event = (typeof EVENTS)[number]

/** What came of the mail in one minute; `minute` counts from 1970. */
export interface Minute {
  readonly minute: number
  readonly delivered: number
  readonly failed: number
  readonly deferred: number
}

export interface Trouble {
  readonly atMs: number
  readonly text: string
}

/** The counters of a process, as plain data. */
export interface Counts {
  readonly events: Readonly<Record<Event, number>>
  /** Refusals at RCPT by the name of the reply. */
  readonly refusals: Readonly<Record<string, number>>
  /** Those of the last hour in which something happened, oldest first. */
  readonly minutes: readonly Minute[]
  /** The last look-up that had no answer. */
  readonly lookupTrouble?: Trouble
  /** Why the last reload was not taken; absent once one was. */
  readonly reloadTrouble?: Trouble
}

/** Counts what happens in this process. Takes no more memory the longer it counts. */
export interface Counters {
  delivered(count: number): void
  failed(count: number): void
  deferred(): void
  /** `reply`: a name of lib/reply.ts, or `other`. */
  refused(reply: string): void
  lookedUp(result: LookupResult): void
  /** `error`: why the configuration before stays in force. */
  reloaded(error?: string): void
  read(): Counts
}

/** Minutes that the chart shows. */
export const MINUTES = 60
const MINUTE_MS = 60_000

type Mail = 'delivered' | 'failed' | 'deferred'

export function createCounters(now: () => number = Date.now): Counters {
  const events = Object.fromEntries(EVENTS.map((event) => [event, 0])) as Record<Event, number>
  const refusals = new Map<string, number>()
  const minutes: { minute: number; delivered: number; failed: number; deferred: number }[] = []
  let lookupTrouble: Trouble | undefined
  let reloadTrouble: Trouble | undefined

  function thisMinute(): (typeof minutes)[number] {
    const minute = Math.floor(now() / MINUTE_MS)
    const last = minutes.at(-1)
    // A clock that was set back goes on in the last one.
    if (last !== undefined && last.minute >= minute) return last
    const next = { minute, delivered: 0, failed: 0, deferred: 0 }
    minutes.push(next)
    if (minutes.length > MINUTES) minutes.shift()
    return next
  }

  function mail(event: Mail, count: number): void {
    events[event] += count
    thisMinute()[event] += count
  }

  return {
    delivered: (count) => {
      mail('delivered', count)
    },
    failed: (count) => {
      mail('failed', count)
    },
    deferred: () => {
      mail('deferred', 1)
    },
    refused: (reply) => refusals.set(reply, (refusals.get(reply) ?? 0) + 1),
    lookedUp(result) {
      events.lookups++
      if (result.kind !== 'unavailable') return
      events.lookupFailures++
      lookupTrouble = { atMs: now(), text: result.detail }
    },
    reloaded(error) {
      events.reloads++
      if (error !== undefined) events.reloadErrors++
      reloadTrouble = error === undefined ? undefined : { atMs: now(), text: error }
    },
    read: () => ({
      events: { ...events },
      refusals: Object.fromEntries(refusals),
      minutes: recent(minutes, now()),
      ...(lookupTrouble === undefined ? {} : { lookupTrouble }),
      ...(reloadTrouble === undefined ? {} : { reloadTrouble }),
    }),
  }
}

/** Those of the last hour. */
export function recent<M extends Pick<Minute, 'minute'>>(minutes: readonly M[], nowMs: number): M[] {
  const first = Math.floor(nowMs / MINUTE_MS) - MINUTES + 1
  return minutes.filter(({ minute }) => minute >= first).map((minute) => ({ ...minute }))
}
