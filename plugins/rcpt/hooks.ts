import { reply } from '../../lib/reply.js'
import { accept, connectionHook, CONTINUE, refuse } from '../haraka/hook.js'
import type { HarakaPlugin } from '../haraka/types.js'
import { decideRoute } from '../routes.js'
import type { Shared } from '../shared.js'

/** Every recipient: where its mail goes, or why it is refused. */
export function attachRcpt(plugin: HarakaPlugin, shared: Shared): void {
  connectionHook(plugin, 'rcpt', 'rcpt', reply('notReady'), async (connection) => {
    const { transaction } = connection
    const recipient = transaction?.rcpt_to.at(-1)
    if (transaction === null || recipient === undefined) return CONTINUE
    const route = await decideRoute(shared, connection, transaction, recipient, connection.relaying)
    return route.accepted ? accept(route.reply) : refuse(route.reply)
  })
}
