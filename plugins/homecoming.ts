import { readHeaders } from '../lib/delivery/headers.js'
import { deliverCopy } from '../lib/delivery/deliver.js'
import type { Outcome } from '../lib/delivery/types.js'
import { DSN_NOTE, partiesOf, readNote } from '../lib/dsn/note.js'
import { reply } from '../lib/reply.js'
import { route } from '../lib/routing/route.js'
import { acceptMessage } from '../lib/spool/accept.js'
import { HOP_LIMIT, planMessage, type RoutedRecipient } from '../lib/spool/plan.js'
import type { Snapshot } from '../lib/suite/snapshot-types.js'
import { addressText, toAddress } from './haraka/address.js'
import { logTo } from './haraka/log.js'
import { queuedMessageOf } from './haraka/message.js'
import type { HarakaQueue } from './haraka/queue.js'
import { spoolOf } from './haraka/spool.js'
import { sendReports } from './reports.js'
import type { HarakaHmail, QueueSource } from './haraka/outbound-types.js'

/**
 * Mail in Haraka's queue whose domain is local: a bounce to a user of ours, or what another plugin sent. Sending it by
 * SMTP would need an MX that leads back here, so it is routed and carried out like mail that came in.
 */
export async function bringHome(hmail: HarakaHmail, snapshot: Snapshot, queue: HarakaQueue): Promise<Outcome> {
  const { todo } = hmail
  const message = queuedMessageOf(hmail)
  const headers = await readHeaders(message, ['received', 'delivered-to', 'message-id'])
  if ((headers.get('received') ?? []).length > HOP_LIMIT) return failed('tooManyHops')

  const note = readNote(todo.notes[DSN_NOTE])
  const recipients: RoutedRecipient[] = []
  for (const recipient of todo.rcpt_to) {
    const original = addressText(recipient)
    const client = { ip: undefined, sender: toAddress(todo.mail_from), trusted: true }
    const decided = await route(snapshot.tables, snapshot.world, original, client)
    if (!decided.accepted && decided.reply.code < 500) {
      const { enhanced, text } = decided.reply
      return { state: 'deferred', status: enhanced, text, detail: decided.detail ?? text }
    }
    recipients.push({ original, route: decided, parties: partiesOf(note, original) })
  }

  const { allowDuplicates, dsn } = snapshot
  const plan = planMessage(recipients, { allowDuplicates, deliveredTo: headers.get('delivered-to') ?? [] })
  const context = { clientIp: '', messageId: headers.get('message-id')?.[0] ?? '' }
  const source = queueSource(hmail)
  const log = logTo(hmail)
  const { queued, reply: answer } = await acceptMessage(plan, {
    spool: spoolOf(queue, source, context, note ?? {}, {
      relay: (group, copyNote) => queue.relayQueued(source, group, copyNote),
      report: (news) => {
        const about = { ...note, uuid: todo.uuid, mail_from: todo.mail_from, source: message }
        return sendReports(queue, dsn, news, { ...about, arrivalMs: todo.queue_time }, log)
      },
    }),
    deliver: (copy) => {
      const sender = addressText(todo.mail_from)
      const envelope = { sender, originalRecipient: copy.original, recipient: copy.found, ...context }
      return deliverCopy(copy.destination, message, envelope, snapshot.delivery)
    },
    log,
  })
  if (queued) return { state: 'delivered' }
  const { code, enhanced, text } = answer
  return { state: code < 500 ? 'deferred' : 'failed', status: enhanced, text, detail: text }
}

/** The queue file as something to put into the queue again. What cannot be read fails the file it is written to. */
export function queueSource(hmail: HarakaHmail): QueueSource {
  const { uuid, mail_from, rcpt_to } = hmail.todo
  return {
    uuid,
    mail_from,
    rcpt_to,
    notes: {},
    message_stream: {
      pipe: (destination) =>
        hmail
          .data_stream()
          .on('error', (error) => destination.destroy(error))
          .pipe(destination),
    },
  }
}

function failed(name: 'tooManyHops'): Outcome {
  const { enhanced, text } = reply(name)
  return { state: 'failed', status: enhanced, text, detail: text }
}
