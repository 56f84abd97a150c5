import { isAscii } from '../ascii.js'

/** Says whether a text is meant by a pattern or a list of patterns. */
export type Matcher = (text: string) => boolean

/** True where `*` or `?` makes a text a pattern (C4). */
export function hasWildcard(text: string): boolean {
  return /[*?]/.test(text)
}

/**
 * Compiles a wildcard pattern of C4: `*` any run of characters, `?` one code point, without regard to case.
 *
 * The segments between the stars are looked for from left to right, each at its first place: with `*` on both sides
 * the first place is as good as any later one, so nothing is ever tried twice and the cost is linear in the text.
 */
export function compileWildcard(pattern: string): Matcher {
  const segments = foldCase(pattern).split('*')
  const [first = ''] = segments
  if (first.includes('?') || segments.some((segment) => segment.includes('?'))) {
    return questionMatcher(segments.map((segment) => Array.from(segment)))
  }
  if (segments.length === 1) return (text) => foldCase(text) === first
  if (segments.every((segment) => segment === '')) return () => true
  return segmentMatcher(segments)
}

function segmentMatcher(segments: readonly string[]): Matcher {
  const head = segments[0] ?? ''
  const tail = segments[segments.length - 1] ?? ''
  const middle = segments.slice(1, -1).filter((segment) => segment !== '')
  return (given) => {
    const text = foldCase(given)
    const end = text.length - tail.length
    if (end < head.length || !text.startsWith(head) || !text.endsWith(tail)) return false
    let at = head.length
    for (const segment of middle) {
      const found = text.indexOf(segment, at)
      if (found < 0) return false
      at = found + segment.length
    }
    return at <= end
  }
}

type CodePoints = readonly string[]

function questionMatcher(segments: readonly CodePoints[]): Matcher {
  const head = segments[0] ?? []
  if (segments.length === 1) {
    return (given) => {
      const text = Array.from(foldCase(given))
      return text.length === head.length && standsAt(text, head, 0)
    }
  }
  const tail = segments[segments.length - 1] ?? []
  const middle = segments.slice(1, -1)
  return (given) => {
    const text = Array.from(foldCase(given))
    const end = text.length - tail.length
    if (end < head.length || !standsAt(text, head, 0) || !standsAt(text, tail, end)) return false
    let at = head.length
    for (const segment of middle) {
      while (at + segment.length <= end && !standsAt(text, segment, at)) at++
      at += segment.length
      if (at > end) return false
    }
    return true
  }
}

function standsAt(text: CodePoints, segment: CodePoints, at: number): boolean {
  for (let i = 0; i < segment.length; i++) {
    if (segment[i] !== '?' && segment[i] !== text[at + i]) return false
  }
  return true
}

/**
 * Lower case code point by code point: `toLowerCase` on a whole text looks at the neighbours (a final sigma) and may
 * make one code point two, after which a pattern and the text it was made from would differ.
 */
function foldCase(text: string): string {
  if (isAscii(text)) return text.toLowerCase()
  let folded = ''
  for (const char of text.normalize('NFC')) {
    const lower = char.toLowerCase()
    folded += lower.length === char.length ? lower : char
  }
  return folded
}

/** One entry of a comma list; `offset` counts characters from the start of the list, `!` not included in `text`. */
export interface ListEntry {
  readonly text: string
  readonly negated: boolean
  readonly offset: number
}

/** Cuts a comma list (C4). Blanks around an entry and empty entries are ignored. */
export function splitPatternList(list: string): ListEntry[] {
  const entries: ListEntry[] = []
  let start = 0
  for (const piece of list.split(',')) {
    const trimmed = piece.trim()
    const offset = start + piece.length - piece.trimStart().length
    if (trimmed.startsWith('!')) entries.push({ text: trimmed.slice(1).trim(), negated: true, offset })
    else if (trimmed !== '') entries.push({ text: trimmed, negated: false, offset })
    start += piece.length + 1
  }
  return entries
}

/**
 * Compiles a comma list of wildcard patterns. The list is evaluated from left to right and the last entry that matches
 * decides, `!` meaning no (C4): `!*,127.*` is "nothing but 127.*". Where no entry matches the answer is no.
 */
export function compilePatternList(list: string): Matcher {
  return lastMatchWins(
    splitPatternList(list).map(({ text, negated }) => ({ matches: compileWildcard(text), value: !negated })),
  )
}

/** The shared rule of pattern and IP lists: read from the right, the first match is the last one of the list. */
export function lastMatchWins<T>(
  entries: readonly { readonly matches: (subject: T) => boolean; readonly value: boolean }[],
): (subject: T) => boolean {
  const [only] = entries
  if (entries.length === 1 && only?.value === true) return only.matches
  const fromRight = entries.toReversed()
  return (subject) => fromRight.find((entry) => entry.matches(subject))?.value ?? false
}
