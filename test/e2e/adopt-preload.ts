import { existsSync } from 'node:fs'
import fs from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { STAGING } from '../../lib/adopt/marks.js'

/*
 * Loaded by `node --require` before the program: where it takes over a queue, it stands still in the middle of it while there is the file
 * that a variable names.
 */

export const HOLD_VARIABLE = 'DMAIL_TEST_HOLD_ADOPTION'
/** Messages that it takes before: more than enter its own queue at once. */
export const TAKEN_BEFORE = 300

const hold = process.env[HOLD_VARIABLE]
if (hold !== undefined) holdWhile(hold)

function holdWhile(file: string): void {
  const { rename } = fs
  let taken = 0
  fs.rename = async (from, to) => {
    if (String(to).split(path.sep).includes(STAGING)) {
      taken++
      while (taken > TAKEN_BEFORE && existsSync(file)) await pause(20)
    }
    await rename(from, to)
  }
}
