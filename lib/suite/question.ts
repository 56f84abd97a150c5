import { isIP } from 'node:net'
import { parseAddress } from '../address.js'
import type { Client } from '../routing/relay.js'

/** Where would mail for an address go? As an operator asks; plain data. */
export interface RouteQuestion {
  readonly address: string
  /** Who sends it, and from which IP address; a stranger if not given. */
  readonly from?: string
  readonly ip?: string
  /** The client may relay. */
  readonly trusted: boolean
}

/** The question itself is wrong, in words for the operator. */
export class BadQuestion extends Error {
  override readonly name = 'BadQuestion'
}

/** The client of a question. Throws BadQuestion where what is said of it cannot be. */
export function clientOf({ from, ip, trusted }: RouteQuestion): Client {
  const sender = from === undefined ? undefined : parseAddress(from)
  if (from !== undefined && sender === undefined) throw new BadQuestion(`the sender ${from} is not a mail address`)
  if (ip !== undefined && isIP(ip) === 0) throw new BadQuestion(`the client ${ip} is not an IP address`)
  return { ip, sender, trusted }
}
