import { errorText } from '../../lib/error.js'
import type { HarakaClientPool, HarakaHmail, HarakaHmailClass, HarakaMx } from './types.js'

/**
 * Why the last next hop could not be reached. Haraka only logs it; what it hands on at the end is "Tried all MXs", which helps
 * neither an operator nor a sender.
 */
export function watchNextHops(hmails: HarakaHmailClass, pool: HarakaClientPool): (hmail: HarakaHmail) => string {
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
  return (hmail) => lastError.get(hmail) ?? ''
}
