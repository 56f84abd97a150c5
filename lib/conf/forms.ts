/** The forms of values in dmail.ini (decisions, introduction). Each reader answers undefined for any other text. */

const MILLISECONDS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }
const BYTES: Readonly<Record<string, number>> = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 }

/** So many events in so many milliseconds. */
export interface Rate {
  readonly count: number
  readonly per: number
}

/** `90s`, `5m`, `2h`, `1d` -> milliseconds. */
export function parseDuration(text: string): number | undefined {
  const [, digits, unit] = /^(\d{1,9})([smhd])$/i.exec(text) ?? []
  const factor = MILLISECONDS[unit?.toLowerCase() ?? '']
  return digits === undefined || factor === undefined ? undefined : Number(digits) * factor
}

/** `500`, `64k`, `10m`, `1g` -> bytes. */
export function parseSize(text: string): number | undefined {
  const [, digits, unit] = /^(\d{1,12})([kmg]?)$/i.exec(text) ?? []
  const factor = BYTES[unit?.toLowerCase() ?? '']
  const bytes = digits === undefined || factor === undefined ? Number.NaN : Number(digits) * factor
  return Number.isSafeInteger(bytes) ? bytes : undefined
}

/** `1/60s`: a count and a duration. */
export function parseRate(text: string): Rate | undefined {
  const [, count, duration] = /^(\d{1,9})\/(\w+)$/.exec(text) ?? []
  const per = duration === undefined ? undefined : parseDuration(duration)
  return count === undefined || per === undefined || per === 0 ? undefined : { count: Number(count), per }
}

/** `true` or `false`, any case. */
export function parseFlag(text: string): boolean | undefined {
  const lower = text.toLowerCase()
  return lower === 'true' ? true : lower === 'false' ? false : undefined
}

/** A whole number. */
export function parseCount(text: string): number | undefined {
  return /^\d{1,9}$/.test(text) ? Number(text) : undefined
}

/** A comma list; empty entries are dropped. */
export function parseList(text: string): string[] {
  return text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '')
}
