// A million lines at a few microseconds each would be seconds; the usual line is judged byte by byte instead, and only
// the rest is parsed when the file is loaded.

const ALNUM = 1
const ATOM = 2
const CLASS = new Uint8Array(256)
for (let byte = 0; byte < 128; byte++) {
  const char = String.fromCharCode(byte)
  CLASS[byte] = /[A-Za-z0-9]/.test(char) ? ALNUM | ATOM : /[_'+=-]/.test(char) ? ATOM : 0
}

const TAB = 0x09
export const LF = 0x0a
const CR = 0x0d
const SPACE = 0x20
const HASH = 0x23
const DOLLAR = 0x24
const COMMA = 0x2c
const HYPHEN = 0x2d
const DOT = 0x2e
const COLON = 0x3a
const AT = 0x40

/**
 * What a line of an alias file is (R6): `key` begins an entry, `more` begins with white space and continues the entry
 * before, `none` is blank or a comment and may stand anywhere, inside of an entry too.
 */
export function lineKind(data: Buffer, start: number, end: number): 'key' | 'more' | 'none' {
  let at = start
  while (at < end && isBlank(data[at])) at++
  if (at === end || data[at] === HASH) return 'none'
  return at === start ? 'key' : 'more'
}

/** Blank, tab, and the CR of CRLF. */
export function isBlank(byte: number | undefined): boolean {
  return byte === SPACE || byte === TAB || byte === CR
}

/**
 * Recognises the usual line, `key: dest, dest`: key `user` or `user@domain`, destinations `user`, `$user` or
 * `user@domain`, all of plain ASCII. Returns the offset of the colon; -1 says that the line needs the whole parser,
 * not that it is wrong. What is recognised here parseDestination must accept: a property test holds the two together.
 */
export function usualColon(data: Buffer, start: number, lineEnd: number): number {
  let end = lineEnd
  while (end > start && isBlank(data[end - 1])) end--
  const colon = addressEnd(data, start, end)
  if (colon < 0 || data[colon] !== COLON) return -1
  let at = colon + 1
  let destinations = 0
  for (;;) {
    while (at < end && (isBlank(data[at]) || data[at] === COMMA)) at++
    if (at === end) return destinations > 0 ? colon : -1
    at = data[at] === DOLLAR ? dotAtomEnd(data, at + 1, end) : addressEnd(data, at, end)
    if (at < 0) return -1
    destinations++
    while (at < end && isBlank(data[at])) at++
    if (at < end && data[at] !== COMMA) return -1
  }
}

/** End of `user` or `user@domain` (the limits of RFC 5321 4.5.3.1 included), or -1. */
function addressEnd(data: Buffer, start: number, end: number): number {
  const local = dotAtomEnd(data, start, end)
  if (local < 0 || local === end || data[local] !== AT) return local
  const domain = domainEnd(data, local + 1, end)
  return local - start > 64 || domain - start > 254 ? -1 : domain
}

function dotAtomEnd(data: Buffer, start: number, end: number): number {
  let at = start
  for (;;) {
    const atom = at
    while (at < end && (CLASS[data[at] ?? 0] ?? 0) !== 0) at++
    if (at === atom) return -1
    if (at === end || data[at] !== DOT) return at
    at++
  }
}

function domainEnd(data: Buffer, start: number, end: number): number {
  let at = start
  for (;;) {
    const label = at
    while (at < end && (data[at] === HYPHEN || ((CLASS[data[at] ?? 0] ?? 0) & ALNUM) !== 0)) at++
    if (at === label || data[label] === HYPHEN || data[at - 1] === HYPHEN) return -1
    if (at === end || data[at] !== DOT) return at
    at++
  }
}
