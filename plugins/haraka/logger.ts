import { cont, ok } from 'haraka-constants'
import { createLogTaps, type LogTaps } from '../../lib/control/log-taps.js'
import type { HarakaLogger, HarakaPlugin, Next } from './types.js'

/** Haraka's log in this process: how much of it there is, and those who follow it. */
export interface LogControl {
  /** The names of the levels, the most urgent first. */
  readonly names: readonly string[]
  /** Haraka's number of a level; undefined: there is none of that name. */
  numberOf(name: string): number | undefined
  /** Up to which level lines are written. */
  level(): string
  /** Until the end of the process, or until log.ini is read anew. */
  setLevel(name: string): void
  readonly taps: LogTaps
}

/** A line as Haraka hands it to the log hooks. */
interface LogItem {
  readonly level: string
  readonly data: string
}

/** Takes part in Haraka's log. Whoever follows it at a higher level than it is written sees lines that are not written. */
export function controlLog(plugin: HarakaPlugin): LogControl {
  const logger = plugin.haraka_require('logger') as HarakaLogger
  const names = Object.keys(logger.levels)
    .filter((name) => !name.startsWith('LOG'))
    .sort((one, other) => numberOf(one) - numberOf(other))
  /** What is written, and what Haraka was told while somebody wants more. */
  let written = logger.loglevel
  let told = written
  const taps = createLogTaps(adjust)

  function numberOf(name: string): number {
    return logger.levels[name] ?? 0
  }

  function adjust(): void {
    // Haraka has read log.ini anew.
    if (logger.loglevel !== told) written = logger.loglevel
    told = Math.max(written, taps.level() ?? written)
    logger.loglevel = told
  }

  plugin['dmail_admin_log'] = (next: Next, _logger: unknown, { level: name, data }: LogItem): void => {
    if (!taps.any()) {
      next(cont)
      return
    }
    adjust()
    const level = numberOf(name)
    taps.see({ atMs: Date.now(), pid: process.pid, level: name, text: data }, level)
    next(level > written ? ok : cont)
  }
  // Before those that write.
  plugin.register_hook('log', 'dmail_admin_log', -1000)

  return {
    names,
    numberOf: (name) => (names.includes(name) ? numberOf(name) : undefined),
    level() {
      adjust()
      return names.find((name) => numberOf(name) === written) ?? String(written)
    },
    setLevel(name) {
      written = numberOf(name)
      told = written
      logger.loglevel = written
      adjust()
    },
    taps,
  }
}
