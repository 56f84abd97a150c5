import { closeSync, lstatSync } from 'node:fs'
import type { AppendTarget } from './append-job.js'
import type { AppendRange } from './lock-holder.js'
import { openDropFile, type OpenFile, type Refused } from './open.js'
import { repairTail } from './torn-tail.js'

/** Opens a drop file, or creates it as the target says. Throws the error of the file system. */
export function openTarget({ file, mode, owner }: AppendTarget): OpenFile | Refused {
  return openDropFile(file, { mode, ...(owner === undefined ? {} : { owner }) })
}

/**
 * Repairs what a dead holder of the lock left (D4). It may have got no further than its lock: then there is no file, and none
 * is made. `isThereStill` tells whether its lock still stands, which is what keeps everybody else out.
 */
export function mend(
  target: AppendTarget,
  interrupted: AppendRange,
  isThereStill: () => boolean,
  warnings: string[],
): void {
  if (lstatSync(target.file, { throwIfNoEntry: false }) === undefined) return
  const opened = openTarget(target)
  if ('refused' in opened) return
  try {
    const aside = repairTail(target.file, opened.fd, opened.length, interrupted, isThereStill)
    if (aside !== undefined) {
      warnings.push(`a crash left ${target.file} with half a message: it was moved to ${aside}`)
    }
  } finally {
    closeSync(opened.fd)
  }
}
