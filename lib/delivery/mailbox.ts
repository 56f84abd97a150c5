import path from 'node:path'
import { appendTo } from './append.js'
import { makeBelow } from './directories.js'
import { acquire, type HeldLock } from './dotlock.js'
import { deferredBy, errorText } from './failure.js'
import { mboxHead, mboxPieces, toMbox, type Dialect } from './mbox.js'
import type { Owner } from './open.js'
import { readMessage, type ReadMessage } from './read-message.js'
import type { Envelope, MessageSource, Outcome } from './types.js'

/** A drop file, or the file of a file destination (R17); both are written alike. */
export interface MailboxTarget {
  readonly kind: 'mailbox' | 'file'
  readonly path: string
  /** The drop directory; hash directories missing below it are created. Without it, or for a file, none is. */
  readonly root?: string
  /** unix_user: the user's uid and the gid the file shall have. Undefined = the service account (D5). */
  readonly owner?: Owner
  readonly mbox: Dialect
}

export interface MailboxOptions {
  /** How long to wait for the lock, in milliseconds (D2: 30 s). */
  readonly lockWaitMs: number
  /** When a lock is nobody's, in milliseconds; 5 min (D2) unless given. */
  readonly lockStaleMs?: number
  /** lock_id of dmail.conf, '' for none. */
  readonly lockId: string
  /** `[drop] fsync` (D3). */
  readonly fsync: boolean
  /** Ends the wait for the lock; the message is then deferred. */
  readonly signal?: AbortSignal
  /** The moment of delivery. */
  readonly now?: () => Date
  /** Told of what is wrong without changing the outcome. */
  readonly warn?: (text: string) => void
}

const STALE_MS = 5 * 60_000

/**
 * Appends a message to a drop file or to the file of a file destination: lock, open, append, sync, unlock. Never rejects;
 * whatever is wrong with the mailbox defers the message (D2, D4).
 */
export async function deliverMailbox(
  target: MailboxTarget,
  message: MessageSource,
  envelope: Envelope,
  options: MailboxOptions,
): Promise<Outcome> {
  let doing = `cannot deliver to ${target.path}`
  let close = (): void => undefined
  try {
    // Read before the lock is taken, so that a slow spool keeps nobody waiting.
    const reading = await readMessage(message)
    close = reading.close
    if (target.kind === 'mailbox' && target.root !== undefined) {
      doing = `cannot create the directory of ${target.path}`
      await makeBelow(target.root, path.dirname(target.path), options.fsync)
    }
    doing = `cannot lock ${target.path}`
    const lock = await acquire(target.path, {
      waitMs: options.lockWaitMs,
      staleMs: options.lockStaleMs ?? STALE_MS,
      lockId: options.lockId,
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    })
    if ('busy' in lock) return busy(target.path, lock.holder)
    return await underLock(lock, target, reading.read, envelope, options)
  } catch (error) {
    return deferredBy(error, doing)
  } finally {
    close()
  }
}

async function underLock(
  lock: HeldLock,
  target: MailboxTarget,
  read: ReadMessage,
  envelope: Envelope,
  options: MailboxOptions,
): Promise<Outcome> {
  try {
    return await appendTo(target.path, {
      head: mboxHead(envelope, (options.now ?? (() => new Date()))()),
      body: read.whole ? toMbox(read.bytes, target.mbox) : mboxPieces(read.pieces, target.mbox),
      // D5: programs of group `mail` may write a user's own file; nobody but us the service account's.
      mode: target.owner === undefined ? 0o600 : 0o660,
      ...(target.owner === undefined ? {} : { owner: target.owner }),
      fsync: options.fsync,
    })
  } finally {
    // The message is where it is; a lock left behind is found stale later.
    await lock.release().catch((error: unknown) => {
      options.warn?.(`cannot remove the lock of ${target.path}: ${errorText(error)}`)
    })
  }
}

function busy(file: string, holder: string): Outcome {
  return {
    state: 'deferred',
    status: '4.2.0',
    text: 'the mailbox is busy',
    detail: `the lock of ${file} is held by ${holder}`,
  }
}
