/** When waiting mail is tried again, and when it is given up (Q1). */
export interface Schedule {
  /** `[outbound] retry_interval`, milliseconds. */
  readonly retryMs: number
  /** max_retrytime, milliseconds since arrival. */
  readonly maxAgeMs: number
  /** `[outbound] suspend_max_hours`, milliseconds since arrival; Infinity = suspended mail never expires (Q2). */
  readonly suspendMaxMs: number
}

export type NextTry = { readonly kind: 'retry'; readonly inMs: number } | { readonly kind: 'give up' }

const FIRST_LOCAL_RETRY_MS = 5_000

/**
 * After the `failures`-th failed attempt: mail for other servers is tried again `retryMs` later; local work, whose trouble
 * (a lock, a busy program) is usually short, sooner at first. Mail is given up by its age, not by the number of tries
 * (manual: "up to the number of hours set by the max_retrytime setting").
 */
export function afterFailure(
  schedule: Schedule,
  kind: 'remote' | 'local',
  failures: number,
  arrivedMs: number,
  nowMs: number,
): NextTry {
  const left = arrivedMs + schedule.maxAgeMs - nowMs
  if (left <= 0) return { kind: 'give up' }
  const pause =
    kind === 'remote' ? schedule.retryMs : Math.min(schedule.retryMs, FIRST_LOCAL_RETRY_MS * 2 ** (failures - 1))
  // The last try comes when time is up, not up to one interval before.
  return { kind: 'retry', inMs: Math.min(pause, left) }
}
