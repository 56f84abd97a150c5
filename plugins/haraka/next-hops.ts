import { errorText } from '../../lib/error.js'
import { listenToEhlo, type Offers } from './ehlo.js'
import type { HarakaClientPool, HarakaHmail, HarakaHmailClass, HarakaMx } from './outbound-types.js'

/** A next hop was reached for a message; `offers` tells what its last EHLO offered, when it is asked. */
export type NextHopListener = (hmail: HarakaHmail, offers: Offers) => void

export interface NextHops {
  /** Why the last next hop could not be reached; '' when nothing is known. */
  lastError(hmail: HarakaHmail): string
  onReached(listener: NextHopListener): void
}

/**
 * Stands between Haraka and its next hops. Haraka only logs why one was not reached, and hands on "Tried all MXs" at the end,
 * which helps neither an operator nor a sender; what a next hop offers it keeps to itself.
 */
export function watchNextHops(hmails: HarakaHmailClass, pool: HarakaClientPool): NextHops {
  const listeners: NextHopListener[] = []
  const lastError = new WeakMap<HarakaHmail, string>()
  const owners = new WeakMap<HarakaMx, HarakaHmail>()
  const { prototype } = hmails
  const { try_deliver: tryDeliver } = prototype
  prototype.try_deliver = function (this: HarakaHmail) {
    const [mx] = this.mxlist
    if (mx !== undefined) owners.set(mx, this)
    return tryDeliver.call(this)
  }
  const { get_client: getClient } = pool
  pool.get_client = (mx, callback) => {
    const remember = (what: string): void => {
      const owner = owners.get(mx)
      const name = (mx.from_dns ?? '') === '' ? '' : `${mx.from_dns ?? ''} `
      if (owner !== undefined)
        lastError.set(owner, `${name}${mx.path ?? `[${mx.exchange}]:${String(mx.port)}`}: ${what}`)
    }
    getClient.call(pool, mx, (error, socket) => {
      if (error !== null) remember(error)
      const owner = owners.get(mx)
      if (socket !== null && owner !== undefined && listeners.length > 0) {
        const offers = listenToEhlo(socket)
        for (const listener of listeners) listener(owner, offers)
      }
      callback(error, socket)
      // Before Haraka's own listeners, which go on to the next host at once.
      socket?.prependOnceListener('error', (failure: unknown) => {
        remember(errorText(failure))
      })
      socket?.prependOnceListener('close', () => {
        remember('the connection was closed before the message was through')
      })
    })
  }
  return {
    lastError: (hmail) => lastError.get(hmail) ?? '',
    onReached: (listener) => {
      listeners.push(listener)
    },
  }
}
