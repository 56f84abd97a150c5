/** How much each client sent lately (fromip_max). */
export interface Volume {
  /** Counts one more where there may be `max` in `periodMs`, and answers true; else false. */
  take(ip: string, max: number, periodMs: number): boolean
  /** Clients remembered. */
  readonly size: number
}

const MAX_CLIENTS = 50_000

/**
 * One number for each client, however much it may send: its period begins with its first message, and the next period with the first
 * message after that. `now` gives milliseconds and never goes back. When there is no room the client whose period began first is
 * forgotten.
 */
export function createVolume(now: () => number, maxClients = MAX_CLIENTS): Volume {
  /** In the order in which their periods began. */
  const periods = new Map<string, { readonly sinceMs: number; count: number }>()

  function begin(ip: string, nowMs: number, periodMs: number): void {
    periods.delete(ip)
    periods.set(ip, { sinceMs: nowMs, count: 1 })
    for (const [oldest, { sinceMs }] of periods) {
      if (periods.size <= maxClients && sinceMs > nowMs - periodMs) return
      periods.delete(oldest)
    }
  }

  return {
    get size() {
      return periods.size
    },
    take(ip, max, periodMs) {
      const nowMs = now()
      const period = periods.get(ip)
      if (period === undefined || period.sinceMs <= nowMs - periodMs) {
        begin(ip, nowMs, periodMs)
        return max > 0
      }
      if (period.count >= max) return false
      period.count++
      return true
    },
  }
}
