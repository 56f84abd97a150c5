import path from 'node:path'
import type { TestContext } from 'node:test'
import { deliverMailbox, type MailboxOptions, type MailboxTarget } from '../../lib/delivery/mailbox.js'
import type { MessageSource, Outcome } from '../../lib/delivery/types.js'
import { ENVELOPE, inTemporaryDirectory } from './helpers.js'

const AT = new Date(1999, 0, 5, 16, 41, 58)
const OPTIONS: MailboxOptions = { lockWaitMs: 0, lockId: '', fsync: true, now: () => AT }
/** What stands before each message. */
export const HEAD =
  'From fred@example.com Tue Jan 05 16:41:58 1999\nReturn-Path: <fred@example.com>\nDelivered-To: bob@domain1.com\n'

/** Delivers to a file, which is locked by nobody. */
export function deliver(
  file: string,
  message: MessageSource,
  target: Partial<MailboxTarget> = {},
  options: Partial<MailboxOptions> = {},
): Promise<Outcome> {
  return deliverMailbox({ kind: 'mailbox', path: file, mbox: 'mboxrd', ...target }, message, ENVELOPE, {
    ...OPTIONS,
    ...options,
  })
}

/** A test with a drop directory, and in it the drop file `bob`, which is not there yet. */
export function withDrop(
  test: (root: string, file: string, t: TestContext) => Promise<void>,
): (t: TestContext) => Promise<void> {
  return (t) => inTemporaryDirectory((root) => test(root, path.join(root, 'bob'), t))
}

/** What the log is told. */
export function detailOf(outcome: Outcome): string {
  return outcome.state === 'delivered' ? '' : outcome.detail
}
