import { unlink } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { errorCode } from './failure.js'
import { createLock, inspectLock, isSameLock, touchLock, type SeenLock } from './lock-file.js'
import { describeHolder, lockContent } from './lock-holder.js'
import { isStale, removeStale } from './stale-lock.js'
import { abortReason, takeTurn } from './turns.js'

export interface LockOptions {
  /** How long to wait for the lock, in milliseconds (D2: 30 s). */
  readonly waitMs: number
  /** A lock not touched for so many milliseconds is nobody's (D2: 5 min). */
  readonly staleMs: number
  /** lock_id of dmail.conf, '' for none. */
  readonly lockId: string
  readonly signal?: AbortSignal
}

export interface HeldLock {
  /** Removes the lock if it is still ours. Rejects with the error of the file system; a second call does nothing. */
  release(): Promise<void>
}

export interface BusyLock {
  readonly busy: true
  /** Who has it, for the log. */
  readonly holder: string
}

/**
 * Takes the dot-lock `<file>.lock` (D2), NFS-safe, waiting up to `waitMs`: within this process in a queue, for other
 * processes by looking again every 20 to 200 ms. A stale lock is removed. While the lock is held it is kept young.
 * The file need not exist, its directory must.
 *
 * Rejects with the error of the file system when no lock can be made (ENOENT, EACCES, ENOSPC, ...), and with the reason
 * of the signal when that is aborted.
 */
export async function acquire(file: string, options: LockOptions): Promise<HeldLock | BusyLock> {
  const lock = `${path.resolve(file)}.lock`
  const deadline = performance.now() + options.waitMs
  options.signal?.throwIfAborted()
  const leave = await takeTurn(lock, options.waitMs, options.signal)
  if (leave === undefined) return { busy: true, holder: 'other deliveries of this process' }
  let taken: HeldLock | BusyLock | undefined
  try {
    taken = await takeFile(lock, deadline, options, leave)
    return taken
  } finally {
    if (taken === undefined || 'busy' in taken) leave()
  }
}

async function takeFile(
  lock: string,
  deadline: number,
  options: LockOptions,
  leave: () => void,
): Promise<HeldLock | BusyLock> {
  for (;;) {
    const other = await inspectLock(lock)
    if (other === undefined) {
      const own = await createLock(lock, lockContent(options.lockId))
      if (own !== undefined) return hold(lock, own, options, leave)
    } else if (await isStale(lock, other, options)) {
      if (await removeStale(lock, other, options)) continue
    }
    const left = deadline - performance.now()
    if (left <= 0) return { busy: true, holder: other === undefined ? 'an unknown program' : describeHolder(other) }
    await pause(Math.min(left, 20 + Math.random() * 180), options.signal)
  }
}

async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await sleep(ms, undefined, signal === undefined ? {} : { signal })
  } catch {
    throw abortReason(signal)
  }
}

function hold(lock: string, own: SeenLock, options: LockOptions, leave: () => void): HeldLock {
  let touching = Promise.resolve()
  // A lock that cannot be touched grows old and is taken from us after staleMs; there is no better answer to give here.
  const timer = setInterval(
    () => {
      touching = touchLock(lock, own).catch(() => undefined)
    },
    Math.max(options.staleMs / 5, 10),
  )
  timer.unref()
  let held = true

  async function release(): Promise<void> {
    if (!held) return
    held = false
    clearInterval(timer)
    try {
      await touching
      const now = await inspectLock(lock)
      if (now !== undefined && isSameLock(now, own)) await unlink(lock)
    } catch (error) {
      if (errorCode(error) !== 'ENOENT') throw error
    } finally {
      leave()
    }
  }

  return { release }
}
