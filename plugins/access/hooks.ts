import { volumeEverywhere } from '../../lib/cluster/limits.js'
import { createUnasked } from '../../lib/cluster/unasked.js'
import { reply } from '../../lib/reply.js'
import { refuseClient, refuseRecipient, refuseSender } from '../../lib/routing/access.js'
import { isTrustedIp } from '../../lib/routing/relay.js'
import { createVolume } from '../../lib/routing/volume.js'
import { whenReady } from '../../lib/maybe.js'
import { addressText } from '../haraka/address.js'
import { connectionHook, CONTINUE, describeError, refuse } from '../haraka/hook.js'
import type { HarakaConnection, HarakaPlugin } from '../haraka/types.js'
import type { Shared } from '../shared.js'
import { attachVerify } from './verify.js'

/** The question of a process with a client to the one that counts. */
const VOLUME = 'access.volume'

/** ban_ip, ban_mailfrom, ban_rcptto, max_rcpts, fromip_max; clients named by forward_from_ip may relay. VRFY and EXPN. */
export function attachAccess(plugin: HarakaPlugin, shared: Shared): void {
  attachVerify(plugin, shared)
  const volume = createVolume(() => performance.now())
  const unasked = createUnasked(() => performance.now())
  // In one process and not in each worker: the limit is that of all of them, and of all nodes of a cluster.
  shared.crew.onOne(VOLUME, async (ip) => {
    const { access } = await shared.live.current()
    const { maxMessages, maxMessagesMs } = access
    if (maxMessages === undefined) return true
    const [cluster, key] = [shared.seat.cluster(), String(ip)]
    return await volumeEverywhere(cluster, volume, 'fromip', key, maxMessages, maxMessagesMs, unasked)
  })

  /** fromip_max. A count that cannot be had keeps no mail out. */
  async function sendsTooMuch(connection: HarakaConnection): Promise<boolean> {
    try {
      return (await shared.crew.askOne(VOLUME, connection.remote.ip)) === false
    } catch (error) {
      connection.logwarn(`dmail/access: fromip_max is not counted: ${describeError(error)}`)
      return false
    }
  }

  connectionHook(plugin, 'access', 'connect', { ...reply('notReady'), code: 421 }, (connection) =>
    whenReady(shared.live.loaded() ?? shared.live.current(), ({ access, tables }) => {
      const { ip } = connection.remote
      const refusal = refuseClient(access, ip)
      if (refusal !== undefined) return refuse(refusal, true)
      if (isTrustedIp(tables.relayRules, ip)) connection.relaying = true
      return CONTINUE
    }),
  )

  connectionHook(plugin, 'access', 'mail', reply('notReady'), (connection) => {
    const { transaction, remote } = connection
    if (transaction === null) return CONTINUE
    return whenReady(shared.snapshotOf(transaction), ({ access }) => {
      const refusal = refuseSender(access, addressText(transaction.mail_from))
      if (refusal !== undefined) return refuse(refusal)
      if (access.maxMessages === undefined || access.anyMessages(remote.ip)) return CONTINUE
      return whenReady(sendsTooMuch(connection), (tooMuch) =>
        tooMuch ? refuse(reply('tooMuchFromIp', remote.ip)) : CONTINUE,
      )
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
