import { reply } from '../../lib/reply.js'
import { refuseClient, refuseRecipient, refuseSender } from '../../lib/routing/access.js'
import { isTrustedIp } from '../../lib/routing/relay.js'
import { addressText } from '../haraka/address.js'
import { connectionHook, CONTINUE, refuse, whenReady } from '../haraka/hook.js'
import type { HarakaPlugin } from '../haraka/types.js'
import type { Shared } from '../shared.js'

/** ban_ip, ban_mailfrom, ban_rcptto, max_rcpts; clients named by forward_from_ip may relay. */
export function attachAccess(plugin: HarakaPlugin, shared: Shared): void {
  connectionHook(plugin, 'access', 'connect', { ...reply('notReady'), code: 421 }, (connection) =>
    whenReady(shared.live.loaded() ?? shared.live.current(), ({ access, tables }) => {
      const { ip } = connection.remote
      const refusal = refuseClient(access, ip)
      if (refusal !== undefined) return refuse(refusal, true)
      if (isTrustedIp(tables.relayRules, ip)) connection.relaying = true
      return CONTINUE
    }),
  )

  connectionHook(plugin, 'access', 'mail', reply('notReady'), ({ transaction }) => {
    if (transaction === null) return CONTINUE
    return whenReady(shared.snapshotOf(transaction), ({ access }) => {
      const refusal = refuseSender(access, addressText(transaction.mail_from))
      return refusal === undefined ? CONTINUE : refuse(refusal)
    })
  })

  connectionHook(plugin, 'access', 'rcpt', reply('notReady'), ({ transaction }) => {
    const recipient = transaction?.rcpt_to.at(-1)
    if (transaction === null || recipient === undefined) return CONTINUE
    return whenReady(shared.snapshotOf(transaction), ({ access }) => {
      // Haraka lists the recipient before it asks.
      const accepted = transaction.rcpt_to.length - 1
      const refusal = refuseRecipient(access, addressText(recipient), accepted)
      return refusal === undefined ? CONTINUE : refuse(refusal)
    })
  })
}
