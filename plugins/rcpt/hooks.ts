import { reply } from '../../lib/reply.js'
import { accept, connectionHook, CONTINUE, refuse } from '../haraka/hook.js'
import type { HarakaPlugin } from '../haraka/types.js'
import { decideRoute } from '../routes.js'
import type { Shared } from '../shared.js'

/** Every recipient: where its mail goes, or why it is refused. */
export function attachRcpt(plugin: HarakaPlugin, shared: Shared): void {
  connectionHook(plugin, 'rcpt', 'mail', reply('notReady'), ({ transaction }, params) => {
    const size = announcedSize(params)
    if (transaction !== null && size !== undefined) shared.sizes.set(transaction, size)
    return CONTINUE
  })

  connectionHook(plugin, 'rcpt', 'rcpt', reply('notReady'), async (connection) => {
    const { transaction } = connection
    const recipient = transaction?.rcpt_to.at(-1)
    if (transaction === null || recipient === undefined) return CONTINUE
    const route = await decideRoute(shared, connection, transaction, recipient, connection.relaying)
    return route.accepted ? accept(route.reply) : refuse(route.reply)
  })
}

/** SIZE of MAIL: the hook's parameters are the address and a record of the ESMTP parameters, keys in upper case. */
function announcedSize(params: unknown): number | undefined {
  const esmtp: unknown = Array.isArray(params) ? params[1] : undefined
  if (typeof esmtp !== 'object' || esmtp === null || !('SIZE' in esmtp)) return undefined
  const size = Number(esmtp.SIZE)
  return Number.isSafeInteger(size) && size >= 0 ? size : undefined
}
