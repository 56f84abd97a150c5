import { promises as dns } from 'node:dns'
import { domainToASCII } from 'node:url'
import { errorCode } from '../../lib/error.js'
import type { HarakaNetUtils } from './outbound-types.js'

/**
 * A domain without MX gets its mail at its own addresses (RFC 5321 5.1). Where DNS does not answer that second question, Haraka
 * takes it for "there are none" and sends the mail back for good; here it is a failure of DNS, and the mail is tried again.
 */
export function tellDnsFailures(netUtils: HarakaNetUtils): void {
  const { get_mx: getMx } = netUtils
  netUtils.get_mx = async (domain, ...callback) => {
    const found = await getMx.call(netUtils, domain, ...callback)
    if (callback.length === 0 && found.length === 0) await confirmNone(domain)
    return found
  }
}

/** Resolves when DNS says that a name has no addresses. */
async function confirmNone(domain: string): Promise<void> {
  const resolver = new dns.Resolver({ timeout: 10_000, tries: 2 })
  const name = domainToASCII(domain) || domain
  const [v4, v6] = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)])
  for (const asked of [v4, v6]) {
    if (asked.status === 'fulfilled') throw new Error(`the DNS does not give the same answer twice for ${name}`)
    if (!meansNone(asked.reason)) throw asked.reason
  }
}

function meansNone(error: unknown): boolean {
  return ['ENODATA', 'ENOTFOUND'].includes(errorCode(error) ?? '')
}
