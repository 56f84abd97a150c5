import { cont, denysoft, ok } from 'haraka-constants'
import { errorText } from '../../lib/error.js'
import { describeError } from '../haraka/hook.js'
import { tellDnsFailures } from '../haraka/mx-lookup.js'
import type { HarakaHmail, HarakaMx, HarakaOutbound } from '../haraka/outbound-types.js'
import type { HarakaPlugin, Next } from '../haraka/types.js'
import { attachRunner } from '../runner.js'
import type { Shared } from '../shared.js'
import { gatewayAddresses } from './gateway-addresses.js'

/** gateway, and DMail's retry schedule for all outbound mail. */
export function attachOutbound(plugin: HarakaPlugin, shared: Shared): void {
  attachRunner(plugin, shared)
  const care = shared.care(plugin)
  tellDnsFailures((plugin.haraka_require('outbound') as HarakaOutbound).net_utils)
  plugin['dmail_outbound_get_mx'] = (next: Next, hmail: HarakaHmail, domain: string): void => {
    // Another plugin chose the next hop (DESIGN: queue.next_hop).
    if (hmail.todo.notes.get?.('queue.next_hop') !== undefined) {
      next(cont)
      return
    }
    nextHops(shared, domain)
      .then((hops) => {
        if (hops === undefined) next(cont)
        else next(ok, hops)
      })
      .catch((error: unknown) => {
        hmail.logerror(`dmail: ${hmail.filename}: ${describeError(error)}`)
        care.noNextHop(hmail, errorText(error))
        next(denysoft, 'no next hop for now')
      })
  }
  plugin.register_hook('get_mx', 'dmail_outbound_get_mx')
}

/** The addresses of a domain's gateway; undefined where it has none. Rejects with what to tell the operator. */
async function nextHops({ live }: Shared, domain: string): Promise<readonly HarakaMx[] | undefined> {
  const { tables } = await live.current()
  const gateway = tables.gateways.find(domain.toLowerCase())
  if (gateway === undefined) return undefined
  try {
    return await gatewayAddresses(gateway)
  } catch (error) {
    throw new Error(`gateway ${gateway.host} was not found: ${errorText(error)}`, {
      cause: error,
    })
  }
}
