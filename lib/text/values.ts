/*
 * Values as a terminal shows them. What comes from mail (senders, headers, the words of remote servers) may hold sequences that
 * rewrite the screen or answer for the operator: `visible` comes before everything that is printed.
 */

/** Control characters (C0, DEL, C1), what reorders or breaks lines, and halves of characters. */
const UNSAFE = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]/u
const EACH_UNSAFE = new RegExp(UNSAFE, 'gu')

/** One line of text without control characters: `\x1b` or `\u202e` stands for each. */
export function visible(text: string): string {
  return UNSAFE.test(text) ? text.replace(EACH_UNSAFE, escaped) : text
}

/** Several lines: their ends and tabs stay. */
export function visibleLines(text: string): string {
  return text
    .split(/\r?\n/)
    .map((line) => line.split('\t').map(visible).join('\t'))
    .join('\n')
}

/** JSON of which no character is a control character, but for line ends between the values. */
export function visibleJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, null, indent).replace(/[\u007f-\u{10ffff}]/gu, (character) =>
    UNSAFE.test(character) ? unicode(character) : character,
  )
}

function escaped(character: string): string {
  const code = character.charCodeAt(0)
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : unicode(character)
}

function unicode(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** `45s`, `12m`, `30h`, `3d`: whole units, rounded down, hours up to two days. Never negative. */
export function spanText(ms: number): string {
  const whole = Math.max(ms, 0)
  if (whole < MINUTE) return `${Math.floor(whole / SECOND)}s`
  if (whole < HOUR) return `${Math.floor(whole / MINUTE)}m`
  return whole < 2 * DAY ? `${Math.floor(whole / HOUR)}h` : `${Math.floor(whole / DAY)}d`
}

/** `812`, `4.1k`, `12k`, `3.4m`, `1.2g`: the units of dmail.ini, of 1024. */
export function sizeText(bytes: number): string {
  let value = bytes
  for (const unit of ['', 'k', 'm', 'g']) {
    // 9.96 would become 10.0, and 1023.7 would become 1024.
    if (unit !== '' && value < 9.95) return `${value.toFixed(1)}${unit}`
    if (value < 1023.5 || unit === 'g') return `${Math.round(value)}${unit}`
    value /= 1024
  }
  return String(bytes)
}

/** `2026-12-24 18:00`, local time. */
export function timeText(ms: number): string {
  const date = new Date(ms)
  const two = (part: number): string => String(part).padStart(2, '0')
  const day = `${String(date.getFullYear()).padStart(4, '0')}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}`
}

/** `1 message`, `12 messages`. */
export function counted(count: number, noun: string): string {
  return count === 1 ? `1 ${noun}` : `${count} ${noun}s`
}

/** `in 12m`, or `now` where the time has come. */
export function inText(atMs: number, nowMs: number): string {
  return atMs <= nowMs ? 'now' : `in ${spanText(atMs - nowMs)}`
}

/** Lines of at most `width` characters that begin with `indent`; a longer word has a line of its own. No width: one line. */
export function wrapped(text: string, indent: number, width: number | undefined): string {
  const margin = ' '.repeat(indent)
  if (width === undefined) return `${margin}${text}`
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && indent + line.length + 1 + word.length > width) {
      lines.push(line)
      line = word
    } else {
      line = line === '' ? word : `${line} ${word}`
    }
  }
  return [...lines, line].map((each) => `${margin}${each}`).join('\n')
}
