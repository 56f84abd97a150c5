import { promises as dns } from 'node:dns'
import { isIP } from 'node:net'
import { networkInterfaces } from 'node:os'
import type { Gateway } from '../../lib/routing/types.js'
import type { HarakaMx } from '../haraka/outbound-types.js'

/** Look-ups under way: however much mail waits for a gateway, its name is asked for once at a time. */
const running = new Map<string, Promise<readonly string[]>>()

/**
 * Where a gateway is reached, in the order of the system. Its name is looked up as any program of this machine does
 * (/etc/hosts, then DNS): Haraka asks DNS alone, and refuses to send to an address of this machine that DNS gave, which is right
 * for the MX of a stranger and wrong for a server that the operator named. Rejects when the name is not known.
 */
export async function gatewayAddresses({ host, port }: Gateway): Promise<(HarakaMx & { readonly priority: 0 })[]> {
  if (isIP(host) !== 0) return [{ priority: 0, exchange: host, port }]
  const addresses = await lookUp(host)
  return addresses.map((exchange) => ({
    priority: 0,
    exchange,
    port,
    // TLS asks for the certificate of this name.
    ...(isOwn(exchange) ? {} : { from_dns: host }),
  }))
}

function lookUp(host: string): Promise<readonly string[]> {
  const known = running.get(host)
  if (known !== undefined) return known
  const looking = dns
    .lookup(host, { all: true })
    .then((found) => found.map(({ address }) => address))
    .finally(() => running.delete(host))
  running.set(host, looking)
  return looking
}

function isOwn(address: string): boolean {
  if (address.startsWith('127.')) return true
  return Object.values(networkInterfaces()).some((own) => own?.some((one) => one.address === address))
}
