import { parseMessageDsn, parseRecipientDsn, splitParameters } from '../../lib/dsn/params.js'
import { withoutSuccess } from '../../lib/dsn/party.js'
import { reply } from '../../lib/reply.js'
import { whenReady } from '../../lib/maybe.js'
import { connectionHook, CONTINUE, refuse } from '../haraka/hook.js'
import type { HarakaPlugin } from '../haraka/types.js'
import type { Shared } from '../shared.js'

/** DSN in the reply to EHLO; RET, ENVID, NOTIFY and ORCPT (RFC 3461 4, N2). */
export function attachRequests(plugin: HarakaPlugin, shared: Shared): void {
  connectionHook(plugin, 'dsn', 'capabilities', reply('notReady'), ({ capabilities }) => {
    capabilities?.push('DSN')
    return CONTINUE
  })

  connectionHook(plugin, 'dsn', 'mail', reply('notReady'), ({ transaction, current_line: line }) => {
    if (transaction === null) return CONTINUE
    const parsed = parseMessageDsn(splitParameters(line))
    if (!parsed.ok) return refuse(reply('badParameter', parsed.bad))
    shared.messageDsn.set(transaction, parsed.value)
    return CONTINUE
  })

  connectionHook(plugin, 'dsn', 'rcpt', reply('notReady'), (connection) => {
    const { transaction, current_line: line } = connection
    const recipient = transaction?.rcpt_to.at(-1)
    if (transaction === null || recipient === undefined) return CONTINUE
    const parsed = parseRecipientDsn(splitParameters(line))
    if (!parsed.ok) return refuse(reply('badParameter', parsed.bad))
    return whenReady(shared.snapshotOf(transaction), ({ dsn }) => {
      const mayAsk = connection.relaying || dsn.successFrom(connection.remote.ip)
      shared.recipientDsn.set(recipient, mayAsk ? parsed.value : withoutSuccess(parsed.value))
      return CONTINUE
    })
  })
}
