import { makeAddress, unquoteLocal, type Address } from '../../lib/address.js'
import type { HarakaAddress } from './types.js'

/** The address as the client wrote it, without angle brackets; '' for the null sender. */
export function addressText(address: HarakaAddress): string {
  const { original } = address
  return original.startsWith('<') && original.endsWith('>') ? original.slice(1, -1) : original
}

/** The same address as ours; undefined for the null sender and for a bare postmaster. */
export function toAddress(address: HarakaAddress): Address | undefined {
  const { user, host, original_host: written } = address
  return user === '' || host === '' ? undefined : makeAddress(unquoteLocal(user), written ?? host, addressText(address))
}
