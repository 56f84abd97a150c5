import type { EntryHeader } from '../lib/queue/entry.js'
import type { Suspension } from '../lib/queue/suspensions.js'
import { afterFailure, type Schedule } from '../lib/spool/schedule.js'
import type { Live } from '../lib/suite/live.js'
import { headerOf } from './haraka/header.js'
import type { HarakaHmail } from './haraka/outbound-types.js'
import type { HarakaPluginsModule } from './haraka/types.js'

/** When a message is tried again, and when it is given up (Q1, Q2). */
export interface Retries {
  /** An attempt failed for now: the next one gets its time, or there is none. */
  afterAttempt(hmail: HarakaHmail, reason: string, extra: object | undefined): void
  /** Gives a message up for its age: it fails for good. `text` is for its sender. */
  giveUp(hmail: HarakaHmail, text: string): void
  /** True for a message that is given up for its age. */
  isGivenUp(hmail: HarakaHmail): boolean
  /** When a message is given up for its age, milliseconds since 1970; undefined = never, as far as is known. */
  expiryOf(hmail: HarakaHmail): number | undefined
  /** Makes a message wait whose attempt has ended in another way than Haraka knows. */
  waitAgain(hmail: HarakaHmail, seconds: number, reason: string): void
}

/** What is known of a queue file's domain. */
export interface DomainRules {
  /** Its mail is done on this machine. */
  isLocal(header: EntryHeader): boolean
  suspensionOf(header: EntryHeader): Suspension | undefined
}

/** Seconds until the next try where nothing tells how long to wait. */
const RETRY_ANYWAY_S = 60

/**
 * Haraka gives a message up after a number of tries (`temp_fail_intervals`), DMail by its age (Q1). Haraka's `deferred` hooks run
 * with our delay.
 */
export function scheduleRetries(plugins: HarakaPluginsModule, live: Live, domains: DomainRules): Retries {
  const tooOld = new WeakSet<HarakaHmail>()

  function known(hmail: HarakaHmail): { readonly header: EntryHeader; readonly schedule: Schedule } | undefined {
    const schedule = live.loaded()?.schedule
    const header = headerOf(hmail)
    if (schedule === undefined || header === undefined) return undefined
    // An attempt that ETRN asked for: without it the message would wait on, however old it is (Q2).
    const suspended = domains.suspensionOf(header) !== undefined
    return { header, schedule: suspended ? { ...schedule, maxAgeMs: schedule.suspendMaxMs } : schedule }
  }

  function wait(hmail: HarakaHmail, seconds: number, reason: string, extra?: object): void {
    plugins.run_hooks('deferred', hmail, { delay: seconds, err: reason, ...extra })
  }

  function fail(hmail: HarakaHmail, text: string, extra?: object): void {
    tooOld.add(hmail)
    hmail.convert_temp_failed_to_bounce(text, extra)
  }

  return {
    afterAttempt(hmail, reason, extra) {
      hmail.num_failures++
      const rules = known(hmail)
      if (rules === undefined) {
        wait(hmail, RETRY_ANYWAY_S, reason, extra)
        return
      }
      const kind = domains.isLocal(rules.header) ? 'local' : 'remote'
      const next = afterFailure(rules.schedule, kind, hmail.num_failures, hmail.todo.queue_time, Date.now())
      if (next.kind === 'give up') fail(hmail, `Not delivered in time (${reason})`, extra)
      else wait(hmail, next.inMs / 1000, reason, extra)
    },
    giveUp(hmail, text) {
      for (const recipient of hmail.todo.rcpt_to) recipient['reason'] = text
      fail(hmail, text)
    },
    isGivenUp: (hmail) => tooOld.has(hmail),
    expiryOf(hmail) {
      const expiresMs = hmail.todo.queue_time + (known(hmail)?.schedule.maxAgeMs ?? Infinity)
      return Number.isFinite(expiresMs) ? expiresMs : undefined
    },
    waitAgain: wait,
  }
}
