import { closeSync, ftruncateSync, unlinkSync } from 'node:fs'
import { errorText } from '../error.js'
import type { HeldLock } from './dotlock.js'
import type { Failure } from './failure.js'
import type { OpenFile } from './open.js'

/** What became of a failed append. */
export interface CutBack {
  readonly failure: Failure
  /** Whether the file is as it was. */
  readonly done: boolean
}

/**
 * D4: what failed is cut off again. A file that was created goes altogether, so that the next try begins as this one. Where
 * the lock went to somebody else nothing is cut: what stands there may be theirs, and they repaired what was torn.
 *
 * `reopen` for a file that is closed already.
 */
export function cutBack(
  file: string,
  lock: HeldLock,
  opened: OpenFile,
  failure: Failure,
  reopen?: () => OpenFile,
): CutBack {
  const { length, created } = opened
  try {
    if (!lock.isOurs()) return { failure, done: true }
    const again = reopen?.()
    try {
      if (again === undefined || again.length > length) ftruncateSync((again ?? opened).fd, length)
    } finally {
      if (again !== undefined) closeSync(again.fd)
    }
    if (created) unlinkSync(file)
    return { failure, done: true }
  } catch (error) {
    const left = `and what was written could not be cut off at byte ${length}: ${errorText(error)}`
    return { failure: { ...failure, detail: `${failure.detail}, ${left}` }, done: false }
  }
}
