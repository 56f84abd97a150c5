import { fdatasyncSync, unlinkSync, writeSync } from 'node:fs'
import { unlessGone } from '../error.js'
import { closeQuietly, createLock, inspectLock, isSameLock, madeNow, type OpenLock } from './lock-file.js'
import { appendLine, describeHolder, lockContent, readAppend, type AppendRange } from './lock-holder.js'
import { isStale, removeStale, type StaleRule } from './stale-lock.js'

export interface HeldLock {
  /** Says in the lock what is about to be appended, in place of what was said before. */
  announce(range: AppendRange): void
  /** What was said before may be on the disk, and would count after a power cut: has the last count. */
  confirm(): void
  /**
   * Throws where somebody else took the lock for left behind: this process, or its disk, stood still for long. A lock that
   * grows old while we work is made young again. While it is young this costs nothing.
   */
  readonly keep: () => void
  /** Whether the lock is there and ours, looked up however young it is. */
  isOurs(): boolean
  /** Removes the lock if it is still ours. Throws the error of the file system. */
  release(): void
  /** Leaves the lock to whoever finds it old, and does what is to be done then. */
  abandon(): void
}

export interface BusyLock {
  readonly busy: true
  /** Who has it, for the log. */
  readonly holder: string
}

/** How often a lock may come and go while it is looked at. */
const ATTEMPTS = 3

/**
 * Takes the dot-lock `<file>.lock` (D2) or says who has it; waiting is the caller's. A stale lock is removed. The file
 * need not exist, its directory must. Throws the error of the file system when no lock can be made (ENOENT, EACCES, ENOSPC).
 *
 * `mend` is called before the lock of a dead holder goes that had begun to append: what it left may be torn (D4). While it
 * runs, nobody else gets the lock, unless it takes very long: `isThereStill` tells. Where it throws, the lock stays for the
 * next one who tries.
 */
export function tryLock(
  file: string,
  rule: StaleRule,
  mend: (interrupted: AppendRange, isThereStill: () => boolean) => void = () => undefined,
): HeldLock | BusyLock {
  const lock = `${file}.lock`
  let holder = 'an unknown program'
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const age = stopwatch()
    const own = createLock(lock, lockContent(rule.lockId), undefined, rule.shared)
    if (own !== undefined) return hold(lock, own, age, rule)
    const other = inspectLock(lock)
    if (other === undefined) continue
    holder = describeHolder(other)
    if (!isStale(lock, other, rule)) break
    removeStale(lock, other, rule, (isThereStill) => {
      const interrupted = readAppend(other.content)
      // Where users may make files they may make locks: what those say would have a mailbox moved away.
      if (interrupted !== undefined && other.uid === madeNow(lock).uid) mend(interrupted, isThereStill)
    })
  }
  return { busy: true, holder }
}

/** `age`: since it cannot have been touched. */
function hold(lock: string, own: OpenLock, age: () => number, { staleMs }: StaleRule): HeldLock {
  const end = Buffer.byteLength(own.content)
  let untouched = age
  let lostTo: string | undefined
  let announced = 0

  /** A lock that was lost never comes back. */
  function isOurs(): boolean {
    if (lostTo !== undefined) return false
    const now = inspectLock(lock)
    if (now !== undefined && isSameLock(now, own)) return true
    lostTo = now === undefined ? 'somebody who is done' : describeHolder(now)
    return false
  }

  function keep(): void {
    // Nobody may take a lock so young from us.
    if (lostTo === undefined && untouched() <= staleMs / 4) return
    const touched = stopwatch()
    // Touched first: who is just removing it sees that, and puts it back. The clock is the file server's.
    unlessGone(() => {
      writeSync(own.fd, own.content.slice(0, 1), 0)
      fdatasyncSync(own.fd)
    })
    if (!isOurs()) throw new Error(`its lock was lost to ${lostTo ?? ''}`)
    untouched = touched
  }

  return {
    announce(range) {
      writeSync(own.fd, appendLine(range), end)
      announced++
    },
    confirm() {
      if (announced > 1) fdatasyncSync(own.fd)
    },
    keep,
    isOurs,
    release() {
      closeQuietly(own.fd)
      unlessGone(() => {
        if (lostTo === undefined && (untouched() <= staleMs / 2 || isOurs())) unlinkSync(lock)
      })
    },
    abandon() {
      closeQuietly(own.fd)
    },
  }
}

/**
 * The milliseconds since, or what the clock was set back. A clock that nobody sets stands still while the machine sleeps, and would
 * hide that.
 */
function stopwatch(): () => number {
  const started = Date.now()
  return () => Math.abs(Date.now() - started)
}
