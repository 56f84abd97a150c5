import { cont, denysoft, ok } from 'haraka-constants'
import { describeError } from '../haraka/hook.js'
import type { HarakaHmail, HarakaPlugin, Next } from '../haraka/types.js'
import { attachRunner } from '../runner.js'
import type { Shared } from '../shared.js'

/** gateway, and DMail's retry schedule for all outbound mail. */
export function attachOutbound(plugin: HarakaPlugin, shared: Shared): void {
  attachRunner(plugin, shared)
  plugin['dmail_outbound_get_mx'] = (next: Next, hmail: HarakaHmail, domain: string): void => {
    // Another plugin chose the next hop (DESIGN: queue.next_hop).
    if (hmail.todo.notes.get?.('queue.next_hop') !== undefined) {
      next(cont)
      return
    }
    shared.live
      .current()
      .then(({ tables }) => {
        const gateway = tables.gateways.find(domain.toLowerCase())
        if (gateway === undefined) next(cont)
        else next(ok, { priority: 0, exchange: gateway.host, port: gateway.port })
      })
      .catch((error: unknown) => {
        hmail.logerror(`dmail: ${hmail.filename}: ${describeError(error)}`)
        next(denysoft, 'no valid configuration')
      })
  }
  plugin.register_hook('get_mx', 'dmail_outbound_get_mx')
}
