/*
 * A client that sends hundreds of messages a second does not have to be asked about for each of them: while it has not sent half of
 * what it may, this node lets its messages in for a moment after each question, and brings them along with the next.
 */

/** Which messages of a client are let in without a question to the other nodes. */
export interface Unasked {
  /** Whether one more may be, which is counted then. */
  take(key: string, max: number): boolean
  /** A question begins: how many were let in since the last one. */
  ask(key: string): number
  /** How many there are on all nodes; 0: too many. */
  hear(key: string, count: number): void
  /** The question was not answered. */
  forget(key: string): void
}

/** For so long after a question. */
const MOMENT_MS = 100
/** Of a lower limit each message is asked for: there one too many would be one of a few. */
const LEAST_MAX = 100
/** What was let in is brought along that late at most: after more the period may be another. */
const KEPT_MS = 60_000
/** Clients that send that much at once are few. */
const MAX_CLIENTS = 10_000

/** `now` gives milliseconds and never goes back. */
export function createUnasked(now: () => number): Unasked {
  /** In the order in which they were asked for. */
  const clients = new Map<string, { readonly askedMs: number; readonly count: number; unasked: number }>()

  function put(key: string, askedMs: number, count: number, unasked: number): void {
    clients.delete(key)
    clients.set(key, { askedMs, count, unasked })
    for (const [oldest, { askedMs: old }] of clients) {
      if (clients.size <= MAX_CLIENTS && old > askedMs - KEPT_MS) return
      clients.delete(oldest)
    }
  }

  return {
    take(key, max) {
      const client = clients.get(key)
      if (client === undefined || max < LEAST_MAX || client.askedMs <= now() - MOMENT_MS) return false
      if (client.count + client.unasked + 1 > max / 2) return false
      client.unasked++
      return true
    },
    ask(key) {
      const { count, unasked } = clients.get(key) ?? { count: 0, unasked: 0 }
      // Those that come before the answer need not ask too.
      if (count > 0) put(key, now(), count + unasked, 0)
      return unasked
    },
    hear(key, count) {
      if (count === 0) clients.delete(key)
      else put(key, now(), count, clients.get(key)?.unasked ?? 0)
    },
    forget: (key) => clients.delete(key),
  }
}
