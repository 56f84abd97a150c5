import { deliverCopy } from '../../lib/delivery/deliver.js'
import type { Outcome } from '../../lib/delivery/types.js'
import { reply, type Reply } from '../../lib/reply.js'
import { acceptMessage } from '../../lib/spool/accept.js'
import { HOP_LIMIT, planMessage, type RoutedRecipient } from '../../lib/spool/plan.js'
import { addressText } from '../haraka/address.js'
import { accept, connectionHook, CONTINUE, refuse, withCode, type Answer } from '../haraka/hook.js'
import { logTo } from '../haraka/log.js'
import { messageOf } from '../haraka/message.js'
import { harakaQueue, type HarakaQueue } from '../haraka/queue.js'
import { spoolOf } from '../haraka/spool.js'
import { forgetSpoolFile, tapMessage } from '../haraka/tap.js'
import type { HarakaConnection, HarakaPlugin, HarakaTransaction } from '../haraka/types.js'
import { sendReports } from '../reports.js'
import { attachRunner } from '../runner.js'
import { decideRoute } from '../routes.js'
import type { Shared } from '../shared.js'

/** The longest a client waits for a busy drop file; the copy waits in the queue then. Well below Haraka's 30 s for a hook. */
const CLIENT_WAIT_MS = 5_000

/** Carries out the routes of a message. With a relaying client Haraka runs queue_outbound INSTEAD of queue. */
export function attachQueue(plugin: HarakaPlugin, shared: Shared): void {
  attachRunner(plugin, shared)
  const queue = harakaQueue(plugin)
  connectionHook(plugin, 'queue', 'data', reply('notReady'), ({ transaction }) => {
    if (transaction !== null) tapMessage(transaction)
    return CONTINUE
  })
  for (const hook of ['queue', 'queue_outbound']) {
    connectionHook(plugin, 'queue', hook, reply('notKept'), async (connection) => {
      const { transaction } = connection
      if (transaction === null || claimedByAnother(transaction)) return CONTINUE
      const answer = await takeMessage(shared, queue, connection, transaction)
      if (answer.do === 'refuse') withCode(connection, answer.reply)
      return answer
    })
  }
}

/** Another plugin said that a queue plugin of its own takes this message (DESIGN: queue.wants). */
function claimedByAnother({ notes }: HarakaTransaction): boolean {
  const wants = notes.get?.('queue.wants')
  return typeof wants === 'string' && wants !== '' && !wants.startsWith('dmail')
}

async function takeMessage(
  shared: Shared,
  queue: HarakaQueue,
  connection: HarakaConnection,
  transaction: HarakaTransaction,
): Promise<Answer> {
  const { delivery, allowDuplicates, dsn } = await shared.snapshotOf(transaction)
  const { header } = transaction
  if (header.get_all('received').length > HOP_LIMIT) return refuse(reply('tooManyHops'))

  const recipients = await routedRecipients(shared, connection, transaction)
  if ('refusal' in recipients) return refuse(recipients.refusal)
  const plan = planMessage(recipients.routed, { allowDuplicates, deliveredTo: header.get_all('delivered-to') })

  const message = await messageOf(transaction)
  try {
    const context = { clientIp: connection.remote.ip, messageId: header.get('message-id').trim() }
    const sender = addressText(transaction.mail_from)
    const asked = shared.messageDsn.get(transaction) ?? {}
    const log = logTo(connection)
    const settings = { ...delivery, lockWaitMs: Math.min(delivery.lockWaitMs, CLIENT_WAIT_MS) }
    const { queued, reply: answer } = await acceptMessage(plan, {
      spool: spoolOf(queue, transaction, context, asked, {
        relay: (group, note) => queue.relay(transaction, group, note),
        report: (news) => {
          const about = { ...asked, mail_from: transaction.mail_from, uuid: transaction.uuid, source: message.source }
          return sendReports(queue, dsn, news, { ...about, arrivalMs: Date.now() }, log)
        },
      }),
      deliver: async ({ destination, original, found }) => {
        const envelope = { sender, originalRecipient: original, recipient: found, ...context }
        const outcome = await deliverCopy(destination, message.source, envelope, settings)
        count(shared, outcome)
        return outcome
      },
      log,
    })
    return queued ? accept(answer) : refuse(answer)
  } finally {
    forgetSpoolFile(transaction)
    await message.close()
  }
}

/** What goes through the queue is counted when it leaves that. */
function count({ counters }: Shared, { state }: Outcome): void {
  if (state === 'delivered') counters.delivered(1)
  else if (state === 'failed') counters.failed(1)
  else counters.deferred()
}

/** The decisions taken at RCPT; a recipient that another plugin put there since is decided now, and may leave. */
async function routedRecipients(
  shared: Shared,
  connection: HarakaConnection,
  transaction: HarakaTransaction,
): Promise<{ readonly routed: readonly RoutedRecipient[] } | { readonly refusal: Reply }> {
  const routed: RoutedRecipient[] = []
  for (const recipient of transaction.rcpt_to) {
    const route = shared.routes.get(recipient) ?? (await decideRoute(shared, connection, transaction, recipient, true))
    if (!route.accepted && route.reply.code < 500) return { refusal: route.reply }
    const original = addressText(recipient)
    routed.push({ original, route, parties: [{ given: original, ...shared.recipientDsn.get(recipient) }] })
  }
  return { routed }
}
