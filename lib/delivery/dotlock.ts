import { closeSync, unlinkSync, writeSync } from 'node:fs'
import { errorCode } from '../error.js'
import { createLock, inspectLock, isSameLock, type OpenLock } from './lock-file.js'
import { appendLine, describeHolder, lockContent, readAppend, type AppendRange } from './lock-holder.js'
import { isStale, removeStale, type StaleRule } from './stale-lock.js'

export interface HeldLock {
  /** Says in the lock what is about to be appended, in place of what was said before. */
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
 *
 * `mend` is called before the lock of a dead holder goes that had begun to append: what it left may be torn (D4). While it
 * runs, nobody else gets the lock, and where it throws, the lock stays for the next one who tries.
 */
export function tryLock(
  file: string,
  rule: StaleRule,
  mend: (interrupted: AppendRange) => void = () => undefined,
): HeldLock | BusyLock {
  const lock = `${file}.lock`
  let holder = 'an unknown program'
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const own = createLock(lock, lockContent(rule.lockId))
    if (own !== undefined) return hold(lock, own, rule)
    const other = inspectLock(lock)
    if (other === undefined) continue
    holder = describeHolder(other)
    if (!isStale(lock, other, rule)) break
    removeStale(lock, other, rule, () => {
      const interrupted = readAppend(other.content)
      if (interrupted !== undefined) mend(interrupted)
    })
  }
  return { busy: true, holder }
}

function hold(lock: string, own: OpenLock, { staleMs }: StaleRule): HeldLock {
  const taken = performance.now()
  const end = Buffer.byteLength(own.content)
  return {
    announce(range) {
      writeSync(own.fd, appendLine(range), end)
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
