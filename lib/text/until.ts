import { parseDuration } from '../conf/forms.js'
import { parseMoment } from '../conf/moment.js'

export type Until = { readonly untilMs: number } | { readonly error: string }

/** The end of the year 9999: later times have no date with a year of four digits. */
const LAST_MS = 253_402_300_799_000

/**
 * The end of a suspension (`--until`): a duration from now (`2h`, `3d`), a day (`2026-12-24`, its first moment) or a time
 * (`2026-12-24T18:00`), both in local time. The error is a sentence for the operator.
 */
export function parseUntil(text: string, nowMs: number): Until {
  const untilMs = momentOf(text, nowMs)
  if (untilMs === undefined) {
    return { error: `"${text}" is no time: give a date (2026-12-24), a time (2026-12-24T18:00) or a duration (2h, 3d)` }
  }
  if (untilMs <= nowMs) return { error: `"${text}" is in the past` }
  return untilMs > LAST_MS ? { error: `"${text}" is too far away: leave --until out for no end` } : { untilMs }
}

function momentOf(text: string, nowMs: number): number | undefined {
  const duration = parseDuration(text)
  return duration === undefined ? parseMoment(text)?.ms : nowMs + duration
}
