import type { Entry, Wait } from './entry.js'
import type { Suspension } from './suspensions.js'

export type Decision =
  | { readonly kind: 'try' }
  | { readonly kind: 'wait'; readonly why: Exclude<Wait, 'retry'>; readonly forMs: number }
  /** The suspension has lasted longer than `[outbound] suspend_max_hours`. */
  | { readonly kind: 'give up'; readonly text: string }
  /** An operator has it removed. */
  | { readonly kind: 'drop' }

/** Without an end of its own a pause is looked at again after this long; what lifts it does not wait for that. */
const LONG_MS = 30 * 24 * 3_600_000

export interface Circumstances {
  /** An operator holds this message. */
  readonly held: boolean
  readonly suspension: Suspension | undefined
  /** `[outbound] suspend_max_hours` in milliseconds; Infinity = suspended mail never expires (Q2). */
  readonly suspendMaxMs: number
  readonly nowMs: number
}

/**
 * Whether an attempt that is due is made (Q2): nothing is tried while its domain is suspended, not even for the first time, unless
 * ETRN or an operator asked for it; what an operator holds stays held even then.
 */
export function decideAttempt(
  { asked, arrivedMs }: Pick<Entry, 'asked' | 'arrivedMs'>,
  { held, suspension, suspendMaxMs, nowMs }: Circumstances,
): Decision {
  if (held) return { kind: 'wait', why: 'held', forMs: LONG_MS }
  if (suspension === undefined || asked) return { kind: 'try' }
  const expiresMs = arrivedMs + suspendMaxMs
  if (nowMs >= expiresMs) {
    return { kind: 'give up', text: 'Mail for this domain was not fetched in time by the server it waits for' }
  }
  const endsMs = Math.min(suspension.untilMs ?? Infinity, expiresMs, nowMs + LONG_MS)
  return { kind: 'wait', why: 'suspended', forMs: Math.max(endsMs - nowMs, 1000) }
}
