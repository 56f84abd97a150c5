import { parseDuration } from '../conf/forms.js'

export type Until = { readonly untilMs: number } | { readonly error: string }

const FORM = /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2}))?)?$/

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
  if (duration !== undefined) return nowMs + duration
  const parts = FORM.exec(text)?.slice(1) as (string | undefined)[] | undefined
  if (parts === undefined) return undefined
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts.map((part) => Number(part ?? 0))
  const date = new Date(year, month - 1, day, hour, minute, second)
  // A Date takes the 31st of February for a day of March.
  const isDay = month >= 1 && month <= 12 && day >= 1 && new Date(year, month, 0).getDate() >= day
  return isDay && hour < 24 && minute < 60 && second < 60 ? date.getTime() : undefined
}
