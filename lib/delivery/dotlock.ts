import { closeSync, unlinkSync, writeSync } from 'node:fs'
import { errorCode } from './failure.js'
import { createLock, inspectLock, isSameLock, type OpenLock } from './lock-file.js'
import { appendLine, describeHolder, lockContent, readAppend, type AppendRange } from './lock-holder.js'
import { isStale, removeStale, type StaleRule } from './stale-lock.js'

export interface HeldLock {
  /** The append that a dead holder of a lock before ours had begun: what it left may be torn (D4). */
  readonly interrupted: AppendRange | undefined
  /** Says in the lock what is about to be appended. */
  announce(range: AppendRange): void
  /** Removes the lock if it is still ours. Throws the error of the file system. */
  release(): void
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
 */
export function tryLock(file: string, rule: StaleRule): HeldLock | BusyLock {
  const lock = `${file}.lock`
  let holder = 'an unknown program'
  let interrupted: AppendRange | undefined
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const own = createLock(lock, lockContent(rule.lockId), rule.lockId !== '')
    if (own !== undefined) return hold(lock, own, rule, interrupted)
    const other = inspectLock(lock)
    if (other === undefined) continue
    holder = describeHolder(other)
    if (!isStale(lock, other, rule)) break
    if (removeStale(lock, other, rule)) interrupted = readAppend(other.content)
  }
  return { busy: true, holder }
}

function hold(lock: string, own: OpenLock, { staleMs }: StaleRule, interrupted: AppendRange | undefined): HeldLock {
  const taken = performance.now()
  return {
    interrupted,
    announce(range) {
      writeSync(own.fd, appendLine(range))
    },
    release() {
      closeSync(own.fd)
      try {
        // Nobody may take a lock so young from us; one that a stalled disk let grow old is looked at first.
        if (performance.now() - taken > staleMs / 2) {
          const now = inspectLock(lock)
          if (now === undefined || !isSameLock(now, own)) return
        }
        unlinkSync(lock)
      } catch (error) {
        if (errorCode(error) !== 'ENOENT') throw error
      }
    },
  }
}
