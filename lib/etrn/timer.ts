import { errorText } from '../error.js'
import type { RasStatus } from './ras-status.js'
import type { Clock } from '../clock.js'
import type { Asked } from './client.js'
import { targetText, type RasSettings } from './settings.js'

/** Rounds of asking the provider, one after the other. */
export interface RasTimer {
  /** Settings from now on, undefined for none. The same ones again change nothing; a round under way keeps its own. */
  configure(ras: RasSettings | undefined): void
  readonly status: () => RasStatus | undefined
  /** No more rounds; one under way is cut short. */
  close(): void
}

export interface TimerOptions {
  readonly clock: Clock
  /** Milliseconds since 1970. */
  readonly wallNow: () => number
  /** One round; resolves when it is over. `answered` is told what the provider said. */
  readonly run: (ras: RasSettings, answered: (asked: Asked) => void, signal: AbortSignal) => Promise<void>
  /** Told of rounds that are left out, and of a round that failed by a fault of ours. */
  readonly log: (level: 'info' | 'error', text: string) => void
}

/** Longest single wait: a timer of Node counts to 2^31 ms only, less than a month. */
const MAX_WAIT_MS = 86_400_000

/**
 * A round every `ras_timer` minutes, the first one `[etrn] first_round` after the settings came (Q8). Rounds never overlap: one that is due while
 * the one before waits for mail, say, is left out.
 */
export function createRasTimer({ clock, wallNow, run, log }: TimerOptions): RasTimer {
  let ras: RasSettings | undefined
  let last: RasStatus['last']
  let dueMs = 0
  let startedMs = -Infinity
  let isRunning = false
  let cancel: () => void = () => undefined
  const end = new AbortController()

  function arm(due: number): void {
    cancel()
    dueMs = due
    cancel = clock.after(Math.min(Math.max(due - clock.now(), 0), MAX_WAIT_MS), wake, false)
  }

  function wake(): void {
    if (ras === undefined) return
    if (clock.now() < dueMs) {
      arm(dueMs)
      return
    }
    arm(clock.now() + ras.everyMs)
    if (isRunning) log('info', 'ETRN: the round before is not over, this one is left out')
    else begin(ras)
  }

  function begin(settings: RasSettings): void {
    isRunning = true
    startedMs = clock.now()
    run(
      settings,
      ({ replies }) => {
        const ok = replies.every((reply) => reply.ok)
        last = { atMs: wallNow(), ok, replies: replies.map(({ domain, ok, text }) => ({ domain, ok, text })) }
      },
      end.signal,
    )
      .catch((error: unknown) => {
        log('error', `ETRN: the round failed: ${errorText(error)}`)
      })
      .finally(() => {
        isRunning = false
      })
  }

  return {
    configure(next) {
      const before = ras
      if (end.signal.aborted || JSON.stringify(before) === JSON.stringify(next)) return
      ras = next
      cancel()
      if (next === undefined) {
        last = undefined
        return
      }
      const soon = clock.now() + next.firstMs
      // Who mends a line that did not work wants to see it work; who only changes the interval does not want a call now.
      arm(before !== undefined && asksTheSame(before, next) ? Math.max(startedMs + next.everyMs, soon) : soon)
    },
    status() {
      if (ras === undefined) return undefined
      const nextMs = wallNow() + Math.max(dueMs - clock.now(), 0)
      return {
        host: targetText(ras),
        everyMinutes: ras.everyMs / 60_000,
        nextMs,
        ...(last === undefined ? {} : { last }),
      }
    },
    close() {
      cancel()
      end.abort()
    },
  }
}

function asksTheSame(before: RasSettings, next: RasSettings): boolean {
  const { everyMs, hangupAfterMs, firstMs } = next
  return JSON.stringify({ ...before, everyMs, hangupAfterMs, firstMs }) === JSON.stringify(next)
}
