import type { Clock } from './clock.js'

export type LogLevel = 'error' | 'warn' | 'info' | 'debug'

/** Where a directory reports what happens to its processes; one line of printable text per call. */
export type Log = (level: LogLevel, text: string) => void

const SHOWN = 200

/** `text` on one line, without control characters, cut to 200 characters: fit for a log. */
export function printable(text: string): string {
  const clean = text.replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, '?')
  return clean.length > SHOWN ? `${clean.slice(0, SHOWN)}...` : clean
}

const WINDOW_MS = 10_000
const LINES_PER_WINDOW = 20

/**
 * A log for what a child writes on stderr: at most 20 lines in 10 seconds, so that a module that loops over an error
 * cannot fill the disk. What was left out is counted and told with the next line that passes.
 */
export function boundedLog(log: Log, clock: Clock): Log {
  let windowStart = clock.now()
  let inWindow = 0
  let dropped = 0
  return (level, text) => {
    const now = clock.now()
    if (now - windowStart >= WINDOW_MS) {
      windowStart = now
      inWindow = 0
    }
    if (inWindow >= LINES_PER_WINDOW) {
      dropped++
      return
    }
    inWindow++
    log(level, dropped === 0 ? text : `${text} (${dropped} earlier lines left out)`)
    dropped = 0
  }
}
