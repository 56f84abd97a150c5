import assert from 'node:assert/strict'
import path from 'node:path'
import type { Clock } from '../../lib/clock.js'
import type { Log } from '../../lib/log.js'
import type { DropFileRules } from '../../lib/directory/protocol.js'
import type { LookupResult, UserRecord } from '../../lib/directory/types.js'

export interface ManualClock extends Clock {
  /** Moves time on and runs what became due, in order. */
  advance(ms: number): void
}

/** A clock that stands still until it is moved. A timer with `hold` keeps the process alive, as the real one does. */
export function manualClock(): ManualClock {
  let time = 0
  const timers = new Set<{ due: number; fire: () => void }>()
  return {
    now: () => time,
    after(ms, run, hold) {
      const keeper = hold ? setInterval(() => undefined, 60_000) : undefined
      const cancel = () => {
        clearInterval(keeper)
        timers.delete(timer)
      }
      const timer = {
        due: time + ms,
        fire: () => {
          cancel()
          run()
        },
      }
      timers.add(timer)
      return cancel
    },
    advance(ms) {
      const end = time + ms
      for (;;) {
        const next = [...timers].filter((timer) => timer.due <= end).sort((a, b) => a.due - b.due)[0]
        if (next === undefined) break
        time = next.due
        next.fire()
      }
      time = end
    },
  }
}

export interface RecordedLog {
  readonly log: Log
  readonly lines: readonly string[]
  /** Resolves once a line matches, also one written before; holds the process meanwhile. */
  until(pattern: RegExp): Promise<string>
}

export function recordedLog(): RecordedLog {
  const lines: string[] = []
  const watchers = new Set<() => void>()
  return {
    lines,
    log(level, text) {
      lines.push(`${level}: ${text}`)
      for (const watch of watchers) watch()
    },
    until(pattern) {
      return new Promise((resolve) => {
        const keeper = setInterval(() => undefined, 60_000)
        const watch = () => {
          const line = lines.find((each) => pattern.test(each))
          if (line === undefined) return
          watchers.delete(watch)
          clearInterval(keeper)
          resolve(line)
        }
        watchers.add(watch)
        watch()
      })
    },
  }
}

/** argv of one of the fixture programs. */
export function fixture(name: string): [string, string] {
  return [process.execPath, path.join(__dirname, 'fixtures', `${name}.js`)]
}

/** Paths as written; drop files under /var/mail only. */
export const rules: DropFileRules = {
  mapPath: (written) => ({ ok: true, path: written }),
  allowedDropFile: (file) => file.startsWith('/var/mail/'),
}

export function found(result: LookupResult): UserRecord {
  assert.ok(result.kind === 'found', JSON.stringify(result))
  return result.user
}

export function detail(result: LookupResult): string {
  assert.ok(result.kind === 'unavailable', JSON.stringify(result))
  return result.detail
}
