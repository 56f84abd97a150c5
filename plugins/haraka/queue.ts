import { open, unlink } from 'node:fs/promises'
import path from 'node:path'
import { ok } from 'haraka-constants'
import { DSN_NOTE, type DsnNote } from '../../lib/dsn/note.js'
import type { MadeReport } from '../../lib/dsn/make-report.js'
import { stuffDots } from '../../lib/delivery/dot-stuffing.js'
import type { SpooledItem } from '../../lib/spool/item.js'
import type { Held } from '../../lib/spool/accept.js'
import type { RemoteGroup } from '../../lib/spool/plan.js'
import type { HarakaHmail, HarakaOutbound, HarakaQueueModule, QueueSource } from './outbound-types.js'
import type { HarakaAddress, HarakaMessageStream, HarakaNotes, HarakaPlugin, HarakaTransaction } from './types.js'
import { wholeFilesOnly } from './whole-files.js'

/** The suite's way into Haraka's outbound queue. */
export interface HarakaQueue {
  /** The name this server goes by. */
  host(): string
  /** One queue file for one piece of local work; it is worked on after `start`. */
  hold(source: QueueSource, recipient: HarakaAddress, item: SpooledItem, note: DsnNote | undefined): Promise<Held>
  /** Mail that leaves by SMTP, through Haraka's own path and its hooks (DKIM signing and the like). */
  relay(transaction: HarakaTransaction, group: RemoteGroup, note: DsnNote | undefined): Promise<void>
  /** The same for mail that has no transaction: one queue file per domain. */
  relayQueued(source: QueueSource, group: RemoteGroup, note: DsnNote | undefined): Promise<void>
  /** A report, with the null sender; it leaves after `start`. `about` is the message it tells of. */
  report(about: Pick<QueueSource, 'uuid' | 'mail_from'>, report: MadeReport, note: DsnNote | undefined): Promise<Held>
  /** Makes the names of new queue files durable; Haraka syncs their contents only. */
  sync(): Promise<void>
}

export function harakaQueue(plugin: HarakaPlugin): HarakaQueue {
  const outbound = wholeFilesOnly(plugin.haraka_require('outbound') as HarakaOutbound)
  const { queue_dir: directory } = plugin.haraka_require('outbound/queue') as HarakaQueueModule

  async function write(domain: string, recipients: readonly HarakaAddress[], source: QueueSource): Promise<Held> {
    const files: string[] = []
    const items: HarakaHmail[] = []
    await outbound.process_delivery(files, new outbound.TODOItem(domain, recipients, source), items)
    return {
      start: () => {
        for (const item of items) outbound.delivery_queue.push(item)
      },
      cancel: async () => {
        await Promise.all(files.map((file) => unlink(path.resolve(directory, file))))
      },
    }
  }

  return {
    host: () => outbound.net_utils.get_primary_host_name(),

    hold(source, recipient, item, note) {
      return write(recipient.host, [recipient], { ...pick(source), notes: withNote({ dmail: item }, note) })
    },

    async relay(transaction, group, note) {
      const recipients = toHaraka(group, transaction.mail_from)
      // Haraka adds headers to the transaction's own; they belong to this copy only.
      const headers = [...transaction.header.header_list]
      const copy = Object.create(transaction, {
        rcpt_to: { value: recipients, writable: true },
        message_stream: { value: withDeliveredTo(transaction.message_stream, group.deliveredTo) },
        notes: { value: withNote(transaction.notes, note) },
      }) as QueueSource
      try {
        await new Promise<void>((resolve, reject) => {
          outbound.send_trans_email(copy, (retval, message) => {
            if (retval === ok) resolve()
            else reject(new Error(`Haraka's queue did not take the message: ${String(message)}`))
          })
        })
      } finally {
        restoreHeaders(transaction.header.header_list, headers)
      }
    },

    async relayQueued(source, group, note) {
      const byDomain = new Map<string, HarakaAddress[]>()
      for (const recipient of toHaraka(group, source.mail_from)) {
        const same = byDomain.get(recipient.host) ?? []
        byDomain.set(recipient.host, same)
        same.push(recipient)
      }
      const stream = withDeliveredTo(source.message_stream, group.deliveredTo)
      for (const [domain, recipients] of byDomain) {
        const held = await write(domain, recipients, {
          ...pick(source),
          notes: withNote(source.notes, note),
          message_stream: stream,
        })
        held.start()
      }
    },

    report({ uuid, mail_from: sample }, { to, content }, note) {
      const AddressClass = classOf(sample)
      const recipient = new AddressClass(`<${to}>`)
      const source: QueueSource = {
        uuid,
        mail_from: new AddressClass('<>'),
        rcpt_to: [recipient],
        notes: withNote({}, note),
        message_stream: { pipe: (destination) => destination.end(stuffDots(content)) },
      }
      return write(recipient.host, [recipient], source)
    },

    sync: sharedSync(directory),
  }
}

/** Of copies of one message each has a note of its own; what other plugins noted goes with all of them. */
function withNote(notes: HarakaNotes, note: DsnNote | undefined): HarakaNotes {
  if (note === undefined) return notes
  const NotesClass = notes.constructor as new (notes: object) => HarakaNotes
  return new NotesClass({ ...notes, [DSN_NOTE]: note })
}

/** One sync of a directory serves all that asked before it began; those who come meanwhile share the next. */
function sharedSync(directory: string): () => Promise<void> {
  let next: Promise<void> | undefined
  let running: Promise<void> = Promise.resolve()
  const sync = async (): Promise<void> => {
    await running.catch(() => undefined)
    running = next ?? running
    next = undefined
    const handle = await open(directory, 'r')
    try {
      await handle.sync()
    } finally {
      await handle.close()
    }
  }
  return () => (next ??= sync())
}

/** Address objects of the running Haraka, made by the class of one it made itself: it differs between versions. */
function toHaraka({ recipients }: RemoteGroup, sample: HarakaAddress): HarakaAddress[] {
  const AddressClass = classOf(sample)
  return recipients.map(({ address }) => new AddressClass(`<${address.text}>`))
}

function classOf(sample: HarakaAddress): new (text: string) => HarakaAddress {
  return sample.constructor as new (text: string) => HarakaAddress
}

/** Adds a Delivered-To line (R15) in front of a message on its way into the queue. */
function withDeliveredTo(
  stream: Pick<HarakaMessageStream, 'pipe'>,
  value: string | undefined,
): Pick<HarakaMessageStream, 'pipe'> {
  if (value === undefined) return stream
  return {
    pipe(destination, options) {
      destination.write(`Delivered-To: ${value}\r\n`)
      return stream.pipe(destination, options)
    },
  }
}

/** Takes back what sending one copy added, except what every message must have. In place: the stream reads this list. */
function restoreHeaders(list: string[], before: readonly string[]): void {
  const known = new Set(before)
  const wanted = list.filter((header) => known.has(header) || /^(?:message-id|date):/i.test(header))
  list.splice(0, list.length, ...wanted)
}

/** A transaction's methods and properties live on its prototype, which spreading would lose. */
function pick({ uuid, mail_from, rcpt_to, notes, message_stream }: QueueSource): QueueSource {
  return { uuid, mail_from, rcpt_to, notes, message_stream }
}
