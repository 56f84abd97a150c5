const FORM = /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2}))?)?$/

/** A moment as an operator wrote it, in local time. */
export interface Moment {
  readonly ms: number
  /** The first moment of the day behind it where it is a day, else the same as `ms`. */
  readonly endMs: number
}

/** `2026-12-24`, a day, or `2026-12-24T18:00`, a time, both in local time; undefined for anything else. */
export function parseMoment(text: string): Moment | undefined {
  const parts = FORM.exec(text)?.slice(1) as (string | undefined)[] | undefined
  if (parts === undefined) return undefined
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts.map((part) => Number(part ?? 0))
  const date = new Date(year, month - 1, day, hour, minute, second)
  // A Date takes the 31st of February for a day of March.
  const isDay = month >= 1 && month <= 12 && day >= 1 && new Date(year, month, 0).getDate() >= day
  if (!isDay || hour > 23 || minute > 59 || second > 59) return undefined
  const end = parts[3] === undefined ? new Date(year, month - 1, day + 1) : date
  return { ms: date.getTime(), endMs: end.getTime() }
}
