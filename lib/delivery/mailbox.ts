import type { AppendTarget } from './append-job.js'
import { createDropWriter, type DropWriter } from './drop-writer.js'
import { startLane } from './lane.js'
import { mboxHead, type Dialect } from './mbox.js'
import type { Owner } from './open.js'
import type { Envelope, MessageSource, Outcome } from './types.js'

/** A drop file, or the file of a file destination (R17); both are written alike. */
export interface MailboxTarget {
  readonly kind: 'mailbox' | 'file'
  readonly path: string
  /** The drop directory; hash directories missing below it are created. Without it, or for a file, none is. */
  readonly root?: string
  /** unix_user: the user's uid and the gid the file shall have. Undefined = the service account (D5). */
  readonly owner?: Owner
  /** Largest size of the file in bytes (D7). */
  readonly limit?: number
  readonly mbox: Dialect
}

export interface MailboxOptions {
  /** How long to wait for the lock, in milliseconds (D2: 30 s). */
  readonly lockWaitMs: number
  /** When a lock is nobody's, in milliseconds; 5 min (D2) unless given. */
  readonly lockStaleMs?: number
  /** Tells machines of one host name apart in locks; '' where there are none. */
  readonly lockId: string
  /** Whether other machines write the same files. */
  readonly shared?: boolean
  /** `[drop] fsync` (D3). */
  readonly fsync: boolean
  /** The moment of delivery. */
  readonly now?: () => Date
  /** Told of what is wrong without changing the outcome. */
  readonly warn?: (text: string) => void
}

const STALE_MS = 5 * 60_000

/** While the thread waits for the disk, what comes gathers for its next turn: more threads would share fewer syncs. */
const THREADS = { start: startLane, usual: 1, most: 8 }

let writer: DropWriter | undefined

/**
 * Appends a message to a drop file or to the file of a file destination. Never rejects; whatever is wrong with the
 * mailbox defers the message (D2, D4).
 */
export function deliverMailbox(
  { kind, path, root, owner, limit, mbox }: MailboxTarget,
  message: MessageSource,
  envelope: Envelope,
  { lockWaitMs, lockStaleMs, lockId, shared = false, fsync, now, warn }: MailboxOptions,
): Promise<Outcome> {
  const target: AppendTarget = {
    file: path,
    root: kind === 'mailbox' ? root : undefined,
    owner,
    // D5: programs of group `mail` may write a user's own file; nobody but us the service account's.
    mode: owner === undefined ? 0o600 : 0o660,
    dialect: mbox,
    lock: { staleMs: lockStaleMs ?? STALE_MS, lockId, shared },
    fsync,
    limit,
  }
  writer ??= createDropWriter(THREADS)
  return writer.append({
    target,
    job: { head: mboxHead(envelope, (now ?? (() => new Date()))()), body: message.body },
    lockWaitMs,
    warn: warn ?? (() => undefined),
  })
}
