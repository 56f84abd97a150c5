import { makeNote, type DsnNote, type MessageWishes, type PartiesOf } from '../../lib/dsn/note.js'
import type { News } from '../../lib/dsn/news.js'
import type { Held, Spool } from '../../lib/spool/accept.js'
import type { RemoteGroup } from '../../lib/spool/plan.js'
import { addressText } from './address.js'
import type { HarakaQueue } from './queue.js'
import type { QueueSource } from './outbound-types.js'

/** What becomes of a message in Haraka's queue; differs between a transaction and a queue file. */
export interface SpoolWays {
  relay(group: RemoteGroup, note: DsnNote | undefined): Promise<void>
  report(news: readonly News[]): Promise<readonly Held[]>
}

/** Haraka's queue as the spool of one message. `asked` are the wishes for reports that concern all of it. */
export function spoolOf(
  queue: HarakaQueue,
  source: QueueSource,
  context: { readonly clientIp: string; readonly messageId: string },
  asked: MessageWishes,
  ways: SpoolWays,
): Spool {
  const noteFor = (recipients: readonly PartiesOf[]): DsnNote | undefined => makeNote(asked, recipients)
  return {
    relay: (group) =>
      ways.relay(group, noteFor(group.recipients.map(({ address, parties }) => ({ address: address.text, parties })))),
    hold: ({ parties, ...copy }) => {
      const { original } = copy
      const recipient = source.rcpt_to.find((one) => addressText(one) === original)
      if (recipient === undefined) throw new Error(`no recipient ${original} in this message`)
      const note = noteFor([{ address: original, parties }])
      return queue.hold(source, recipient, { version: 1, work: { kind: 'deliver', copy }, ...context }, note)
    },
    report: (news) => ways.report(news),
    sync: () => queue.sync(),
  }
}
