import type { Spool } from '../../lib/spool/accept.js'
import type { RemoteGroup } from '../../lib/spool/plan.js'
import { addressText } from './address.js'
import type { HarakaQueue } from './queue.js'
import type { QueueSource } from './types.js'

/** Haraka's queue as the spool of one message. `relay` differs between a transaction and a queue file. */
export function spoolOf(
  queue: HarakaQueue,
  source: QueueSource,
  context: { readonly clientIp: string; readonly messageId: string },
  relay: (group: RemoteGroup) => Promise<void>,
): Spool {
  return {
    relay,
    hold: (work) => {
      const original = work.kind === 'deliver' ? work.copy.original : work.original
      const recipient = source.rcpt_to.find((one) => addressText(one) === original)
      if (recipient === undefined) throw new Error(`no recipient ${original} in this message`)
      return queue.hold(source, recipient, { version: 1, work, ...context })
    },
    sync: () => queue.sync(),
  }
}
