import { shortKey } from '../../lib/cluster/names.js'
import { LIMITS } from '../../lib/control/connection.js'
import { Refusal, type Handlers } from '../../lib/control/handlers.js'
import { RESPOND_SOCKET_FILE } from '../../lib/control/protocol.js'
import { openControlServer, type ControlServer } from '../../lib/control/server.js'
import type { Log } from '../../lib/log.js'
import type { Seat } from '../cluster.js'

/**
 * Opens the socket that drespond asks. It is the robots' account's, where they have one of their own: what it is asked is not
 * secret, and all it can do is to keep a sender without an answer.
 */
export function openRespondSocket(
  harakaDir: string,
  handlers: Handlers,
  robotUser: { readonly uid: number; readonly gid: number } | undefined,
  log: Log,
): Promise<ControlServer> {
  const refused = (): Promise<never> => Promise.reject(new Refusal('this socket is for drespond', ''))
  const some = Object.entries(handlers).map(([name, handler]) => [
    name,
    name.startsWith('respond.') ? handler : refused,
  ])
  const owner = process.getuid?.() === 0 ? robotUser : undefined
  const place = { file: RESPOND_SOCKET_FILE, ...(owner === undefined ? {} : { owner }) }
  return openControlServer(harakaDir, Object.fromEntries(some) as Handlers, log, LIMITS, place)
}

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
