import type { Rate } from './conf/forms.js'

/** How often something happened lately, for each key: a domain, a client, a user. */
export interface RateLimit {
  /** Counts one more where there may be one, and answers 0; else the milliseconds until there may be. */
  take(key: string, rate: Rate): number
  /** How often it happened within the rate's time. */
  count(key: string, rate: Rate): number
  /** Times remembered. */
  readonly size: number
}

/** Times remembered of all keys. A stranger may make up any number of them. */
const MAX_TIMES = 20_000

/**
 * A sliding window for each key: within any `per` milliseconds there are at most `count`. Refused ones do not count, so that
 * a client that asks too often is not locked out. `now` gives milliseconds and never goes back. When there is no room the key
 * that was quiet for longest is forgotten.
 */
export function createRateLimit(now: () => number, maxTimes = MAX_TIMES): RateLimit {
  /** Oldest first in each; the key last counted is last. */
  const taken = new Map<string, number[]>()
  let size = 0
  let perMs = 0

  function forget(key: string): void {
    size -= taken.get(key)?.length ?? 0
    taken.delete(key)
  }

  function prune(nowMs: number): void {
    for (const [key, times] of taken) {
      const last = times.at(-1) ?? 0
      if (size <= maxTimes && last > nowMs - perMs) return
      forget(key)
    }
  }

  function recentOf(key: string, per: number, nowMs: number): number[] {
    return (taken.get(key) ?? []).filter((time) => time > nowMs - per)
  }

  return {
    get size() {
      return size
    },
    count: (key, { per }) => recentOf(key, per, now()).length,
    take(key, rate) {
      if (rate.count === Infinity) return 0
      const nowMs = now()
      perMs = rate.per
      const recent = recentOf(key, rate.per, nowMs)
      const wait = recent.length < rate.count ? 0 : (recent.at(-rate.count) ?? nowMs) + rate.per - nowMs
      if (wait === 0) {
        recent.push(nowMs)
        forget(key)
        taken.set(key, recent)
        size += recent.length
      }
      prune(nowMs)
      return wait
    },
  }
}
