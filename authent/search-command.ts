import type { SearchRange } from './source.js'

const MAX_FOUND = 1_000

/** The arguments of `search text [-from n] [-max m]`; at most 1000 users are told at once. */
export function parseSearch(
  args: readonly string[],
): { readonly pattern: string; readonly range: SearchRange } | undefined {
  const [pattern, ...options] = args
  if (pattern === undefined || options.length % 2 !== 0) return undefined
  const range = { from: 0, max: MAX_FOUND }
  for (let at = 0; at < options.length; at += 2) {
    const number = /^\d{1,7}$/.test(options[at + 1] ?? '') ? Number(options[at + 1]) : undefined
    if (number === undefined) return undefined
    if (options[at] === '-from') range.from = number
    else if (options[at] === '-max') range.max = Math.min(number, MAX_FOUND)
    else return undefined
  }
  return { pattern, range }
}
