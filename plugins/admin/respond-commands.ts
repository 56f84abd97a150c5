import { shortKey } from '../../lib/cluster/names.js'
import type { Handlers } from '../../lib/control/handlers.js'
import type { Seat } from '../cluster.js'

export type RespondCommands = Pick<Handlers, 'respond.claim' | 'respond.release'>

/** Nobody is remembered for longer, whatever a user's text asks for. */
const MAX_MS = 366 * 24 * 3_600_000

/** What drespond asks: whom other nodes answered. In the one process. */
export function respondCommands(seat: Seat): RespondCommands {
  const keyOf = (user: string, sender: string): string => `respond:${shortKey(user, sender)}`

  return {
    async 'respond.claim'({ user, sender, everyMs }) {
      const cluster = seat.cluster()
      if (cluster === undefined) return { state: 'alone' }
      try {
        const claimed = await cluster.claim(keyOf(user, sender), Math.min(everyMs, MAX_MS))
        return { state: claimed ? 'claimed' : 'answered' }
      } catch {
        // Its own memory counts while the others are out of reach.
        return { state: 'alone' }
      }
    },
    async 'respond.release'({ user, sender }) {
      await seat
        .cluster()
        ?.free(keyOf(user, sender))
        .catch(() => undefined)
      return {}
    },
  }
}
