import { createHash } from 'node:crypto'
import { closeSync, linkSync, openSync, renameSync, unlinkSync } from 'node:fs'
import path from 'node:path'
import { errorCode, unlessGone } from '../error.js'
import { inspectLock, isSameLock, madeNow, temporaryBeside, type SeenLock } from './lock-file.js'
import { isHolderDead } from './lock-holder.js'

export interface StaleRule {
  /** A lock not touched for so many milliseconds is nobody's (D2: 5 min). */
  readonly staleMs: number
  /** Tells machines of one host name apart, '' where there are none. */
  readonly lockId: string
  /** Whether other machines have the directory, too. */
  readonly shared?: boolean
}

/**
 * True when the lock may be removed (D2): its process is dead on this host, or it is too old. A link, directory or device
 * under the lock's name was made by no mail program; it is left for the operator.
 */
export function isStale(lock: string, seen: SeenLock, rule: StaleRule): boolean {
  if (!seen.regular) return false
  if (isHolderDead(seen, rule.lockId)) return true
  const touched = millis(seen)
  if (Date.now() - touched <= rule.staleMs) return false
  // Our clock may be wrong; age is a matter of the file server's.
  return millis(madeNow(lock)) - touched > rule.staleMs
}

function millis({ mtimeNs }: Pick<SeenLock, 'mtimeNs'>): number {
  return Number(mtimeNs / 1_000_000n)
}

/**
 * Removes the lock that was judged stale, and no other: between judging and removing, others may have removed it too and
 * a new lock may have taken its place. Returns false when there was nothing to do, or somebody else is doing it. `before`
 * is called when the lock is about to go; where it throws, the lock stays. What it is given tells whether the lock is
 * there still, and nobody else did all this while we stood still.
 *
 * 1. A guard file, named after this very lock, lets in one remover at a time. Inside, the lock under the name is either
 *    still the judged one, which nobody else may remove now, or it is not.
 * 2. Programs that know no guard could still come between: so the lock is renamed away, looked at again, and put back
 *    if it was a live one.
 */
export function removeStale(
  lock: string,
  judged: SeenLock,
  rule: StaleRule,
  before: (isThereStill: () => boolean) => void = () => undefined,
): boolean {
  const guard = guardOf(lock, judged)
  if (!enterGuard(guard, rule)) return false
  try {
    const isThereStill = (): boolean => isUntouched(inspectLock(lock), judged)
    if (!isThereStill()) return false
    before(isThereStill)
    const aside = temporaryBeside(lock)
    unlessGone(() => {
      renameSync(lock, aside)
    })
    // Its holder may have released it; or it was renamed, and the answer got lost.
    const moved = inspectLock(aside)
    if (moved === undefined) return false
    const wasStale = isUntouched(moved, judged)
    if (!wasStale) putBack(aside, lock)
    unlessGone(() => {
      unlinkSync(aside)
    })
    return wasStale
  } finally {
    unlessGone(() => {
      unlinkSync(guard)
    })
  }
}

/** Somebody may have a new lock meanwhile. */
function putBack(aside: string, lock: string): void {
  try {
    linkSync(aside, lock)
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error
  }
}

function guardOf(lock: string, judged: SeenLock): string {
  const identity = `${path.basename(lock)}\n${judged.dev} ${judged.ino} ${judged.mtimeNs}\n${judged.content}`
  return path.join(path.dirname(lock), `.lk-guard-${createHash('sha256').update(identity).digest('hex').slice(0, 32)}`)
}

function enterGuard(guard: string, rule: StaleRule): boolean {
  try {
    closeSync(openSync(guard, 'wx', 0o644))
    return true
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error
  }
  // The guard is held for a few system calls; an old one is what a crash in between left behind.
  const left = inspectLock(guard)
  if (left !== undefined && isStale(guard, left, rule))
    unlessGone(() => {
      unlinkSync(guard)
    })
  return false
}

function isUntouched(now: SeenLock | undefined, judged: SeenLock): boolean {
  return now !== undefined && isSameLock(now, judged) && now.mtimeNs === judged.mtimeNs
}
