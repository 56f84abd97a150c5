import type { Rate } from '../conf/forms.js'

/** How often the mail of a domain was asked for lately. */
export interface RateLimit {
  /** Counts one more where there may be one, and answers 0; else the milliseconds until there may be. */
  take(domain: string, rate: Rate): number
  /** Times remembered. */
  readonly size: number
}

/** Times remembered of all domains. A `*.domain` line allows any number of domains, and a stranger may try them all. */
const MAX_TIMES = 20_000

/**
 * A sliding window for each domain: within any `per` milliseconds there are at most `count`. Refused ones do not count, so that
 * a client that asks too often is not locked out. `now` gives milliseconds and never goes back. When there is no room the domain
 * that was quiet for longest is forgotten.
 */
export function createRateLimit(now: () => number, maxTimes = MAX_TIMES): RateLimit {
  /** Oldest first in each; the domain last asked for is last. */
  const taken = new Map<string, number[]>()
  let size = 0
  let perMs = 0

  function forget(domain: string): void {
    size -= taken.get(domain)?.length ?? 0
    taken.delete(domain)
  }

  function prune(nowMs: number): void {
    for (const [domain, times] of taken) {
      const last = times.at(-1) ?? 0
      if (size <= maxTimes && last > nowMs - perMs) return
      forget(domain)
    }
  }

  return {
    get size() {
      return size
    },
    take(domain, { count, per }) {
      if (count === Infinity) return 0
      const nowMs = now()
      perMs = per
      const recent = (taken.get(domain) ?? []).filter((time) => time > nowMs - per)
      const wait = recent.length < count ? 0 : (recent.at(-count) ?? nowMs) + per - nowMs
      if (wait === 0) {
        recent.push(nowMs)
        forget(domain)
        taken.set(domain, recent)
        size += recent.length
      }
      prune(nowMs)
      return wait
    },
  }
}
