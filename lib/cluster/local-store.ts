import { createRateLimit, type RateLimit } from '../rate.js'
import { RedisAway, type ConnectionState } from './connection.js'
import { compareTexts, type Beat, type Roll, type Store } from './store.js'

/** What several nodes of one process share, and where the only node of a Haraka without Redis keeps it. */
export interface LocalHub {
  join(): LocalStore
  /** Forgets everything, as Redis does when it is killed. */
  wipe(): void
}

export interface LocalStore extends Store {
  /** Has it be away, and back. */
  setAway(away: boolean): void
}

type Listener = (text: string) => void

/** `now` gives milliseconds and never goes back. */
export function createLocalHub(now: () => number = () => performance.now()): LocalHub {
  let nodes = new Map<string, Beat & { readonly atMs: number }>()
  let versions = new Map<string, number>()
  let records = new Map<string, Map<string, string>>()
  let claims = new Map<string, number>()
  let rates: RateLimit = createRateLimit(now)
  let volumes = new Map<string, { readonly untilMs: number; readonly count: number }>()
  const listeners = new Map<string, { readonly hear: Listener; readonly isAway: () => boolean }>()

  function roll(): Roll {
    const nowMs = now()
    return {
      nodes: Array.from(nodes.values(), ({ name, owner, atMs }) => ({ name, owner, ageMs: nowMs - atMs })),
      versions: new Map(versions),
    }
  }

  function recordOf(name: string): Map<string, string> {
    const record = records.get(name) ?? new Map<string, string>()
    records.set(name, record)
    return record
  }

  function join(): LocalStore {
    let state: ConnectionState = { connected: true, sinceMs: Date.now(), why: '' }
    const changed: ((state: ConnectionState) => void)[] = []
    const failed: ((why: string) => void)[] = []
    const mine = new Set<string>()

    function there<T>(act: () => T): Promise<T> {
      return state.connected ? Promise.resolve().then(act) : Promise.reject(new RedisAway(state.why))
    }

    return {
      state: () => state,
      onChanged: (listener) => changed.push(listener),
      onFailed: (listener) => failed.push(listener),
      setAway(away) {
        if (state.connected !== away) return
        state = { connected: !away, sinceMs: Date.now(), why: away ? 'it was taken away' : '' }
        for (const listener of changed) listener(state)
        if (away) for (const listener of failed) listener(state.why)
      },
      beat: (own, deadMs) =>
        there(() => {
          const other = nodes.get(own.name)
          const same = other?.owner === own.owner && (other.instance === own.instance || !own.again)
          const taken = other !== undefined && !same && now() - other.atMs < deadMs
          if (!taken) nodes.set(own.name, { ...own, atMs: now() })
          return { ...roll(), taken }
        }),
      roll: () => there(roll),
      summaries: () => there(() => new Map(Array.from(nodes.values(), ({ name, summary }) => [name, summary]))),
      leave: ({ name, owner }) =>
        there(() => {
          if (nodes.get(name)?.owner === owner) nodes.delete(name)
        }),
      listen: (name, hear) =>
        there(() => {
          mine.add(name)
          listeners.set(name, { hear, isAway: () => !state.connected })
        }),
      deafen: (name) =>
        there(() => {
          mine.delete(name)
          listeners.delete(name)
        }),
      send: (name, text) =>
        there(() => {
          const listener = listeners.get(name)
          if (listener === undefined || listener.isAway()) return false
          setImmediate(() => {
            listener.hear(text)
          })
          return true
        }),
      take: (key, rate) => there(() => rates.take(key, rate)),
      count: (key, rate) => there(() => rates.count(key, rate)),
      volume: (key, max, periodMs, unasked = 0) =>
        there(() => {
          const nowMs = now()
          const old = volumes.get(key)
          const period = old === undefined || old.untilMs <= nowMs ? { untilMs: nowMs + periodMs, count: 0 } : old
          const allowed = period.count + unasked < max
          // The first one begins the period, whether it may be or not.
          const count = period.count + unasked + (allowed || period.count === 0 ? 1 : 0)
          volumes.set(key, { ...period, count })
          return allowed ? count : 0
        }),
      claim: (key, forMs) =>
        there(() => {
          const nowMs = now()
          for (const [old, untilMs] of claims) if (untilMs <= nowMs) claims.delete(old)
          if (claims.has(key)) return false
          claims.set(key, nowMs + forMs)
          return true
        }),
      free: (key) =>
        there(() => {
          claims.delete(key)
        }),
      merge: (name, texts) =>
        there(() => {
          const record = recordOf(name)
          let news = false
          for (const [key, text] of texts) {
            const before = record.get(key)
            if (before !== undefined && compareTexts(text, before) <= 0) continue
            record.set(key, text)
            news = true
          }
          if (news) versions.set(name, (versions.get(name) ?? 0) + 1)
        }),
      read: (name) => there(() => ({ version: versions.get(name) ?? 0, texts: new Map(recordOf(name)) })),
      forget: (name, texts) =>
        there(() => {
          const record = recordOf(name)
          for (const [key, text] of texts) if (record.get(key) === text) record.delete(key)
        }),
      close() {
        for (const name of mine) listeners.delete(name)
        state = { connected: false, sinceMs: Date.now(), why: 'it was closed' }
      },
    }
  }

  return {
    join,
    wipe() {
      nodes = new Map()
      versions = new Map()
      records = new Map()
      claims = new Map()
      rates = createRateLimit(now)
      volumes = new Map()
    },
  }
}
