import { renameSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { tempDir } from './cleanup.js'
import { READ_EVERY_MS, type CLOCK_VARIABLE } from './clock-preload.js'
import { preloading } from './preload.js'

/** The time of day in every process of a Haraka. Timers of Node go on at their usual pace. */
export interface Clock {
  /** For the environment of Haraka. */
  readonly env: Readonly<Record<string, string>>
  /** Moves it to so many milliseconds after the true time; when it returns every running process sees that. */
  set(offsetMs: number): void
}

export const HOUR_MS = 3_600_000

/** A clock that shows the true time until it is moved. */
export function makeClock(): Clock {
  const file = path.join(tempDir('clock'), 'offset')
  const variable: typeof CLOCK_VARIABLE = 'DMAIL_TEST_CLOCK'
  const clock: Clock = {
    env: { ...preloading(path.join(__dirname, 'clock-preload.js')), [variable]: file },
    set(offsetMs) {
      // Another process may read it at any moment.
      writeFileSync(`${file}.new`, String(offsetMs))
      renameSync(`${file}.new`, file)
      // A process that has just looked does not look again for READ_EVERY_MS.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2 * READ_EVERY_MS)
    },
  }
  clock.set(0)
  return clock
}
