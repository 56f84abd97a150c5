/* Encoded words (RFC 2047): other characters than ASCII in header fields. */

/** Enough of a field's value for an answer; decoding takes time. */
const MAX_VALUE = 10_000

// RFC 2231 5 has a language behind the charset.
const WORD = /=\?([^\s?*=]+)(?:\*[^\s?]*)?\?([bq])\?([^?]*)\?=/giy
const BLANKS = /[ \t\r\n]*/y

interface Piece {
  readonly charset: string
  readonly bytes: Buffer
  /** As it stood there. */
  readonly raw: string
}

/**
 * The value of a field as a person reads it, on one line. Words of a charset that is not known stay as they are. Neighbours of one
 * charset are decoded together: many a program cuts a character in two.
 */
export function decodeWords(value: string): string {
  const text = value.slice(0, MAX_VALUE)
  let decoded = ''
  let pending: Piece | undefined
  let at = 0
  while (at < text.length) {
    WORD.lastIndex = at
    const match = WORD.exec(text)
    if (match === null) {
      decoded += decodePiece(pending)
      pending = undefined
      const next = text.indexOf('=?', at + 1)
      decoded += text.slice(at, next < 0 ? undefined : next)
      at = next < 0 ? text.length : next
      continue
    }
    const piece = pieceOf(match)
    at += match[0].length
    if (pending?.charset === piece.charset) {
      pending = { ...piece, bytes: Buffer.concat([pending.bytes, piece.bytes]), raw: `${pending.raw} ${piece.raw}` }
    } else {
      decoded += decodePiece(pending)
      pending = piece
    }
    // RFC 2047 6.2: blanks between two encoded words are none.
    BLANKS.lastIndex = at
    const behind = at + (BLANKS.exec(text)?.[0].length ?? 0)
    WORD.lastIndex = behind
    if (behind > at && WORD.test(text)) at = behind
  }
  return oneLine(decoded + decodePiece(pending))
}

function pieceOf([raw, charset = '', encoding = '', content = '']: RegExpExecArray): Piece {
  const bytes =
    encoding.toLowerCase() === 'b'
      ? Buffer.from(content, 'base64')
      : Buffer.from(
          content
            .replaceAll('_', ' ')
            .replace(/=([0-9a-f]{2})/gi, (_all, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
          'latin1',
        )
  return { charset: charset.toLowerCase(), bytes, raw }
}

function decodePiece(piece: Piece | undefined): string {
  if (piece === undefined) return ''
  try {
    const decoder = new TextDecoder(piece.charset)
    const text = decoder.decode(piece.bytes)
    // Node takes windows-1252, as which ISO-8859-1 counts on the web, for Latin-1.
    return decoder.encoding === 'windows-1252' ? text.replace(/[\x80-\x9f]/g, windows1252) : text
  } catch {
    return piece.raw
  }
}

/** What windows-1252 has where Latin-1 has control characters; a full stop where it has nothing either. */
const FROM_80 = '€.‚ƒ„…†‡ˆ‰Š‹Œ.Ž..‘’“”•–—˜™š›œ.žŸ'

function windows1252(character: string): string {
  return FROM_80.charAt(character.charCodeAt(0) - 0x80)
}

/** Text on one line, without control characters and what reorders a line. */
export function oneLine(text: string): string {
  return text
    .replace(/[\s\p{Cc}\u2028\u2029]+/gu, ' ')
    .replace(/[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/g, '')
    .trim()
}

/** RFC 5322 2.1.1 and RFC 2047 2. */
const LINE = 76
/** Longer words may be folded nowhere; lines may have 998 characters. */
const MAX_WORD = 500
const OPEN = '=?UTF-8?B?'
const CLOSE = '?='

/** A field whose value is text (RFC 5322 unstructured), folded; ASCII whatever the text is. No line end behind it. */
export function textField(name: string, text: string): string {
  const start = `${name}: `
  const clean = oneLine(text)
  const words = clean.split(' ')
  const first = words.findIndex((word) => !isPlain(word))
  const plain = first < 0 ? words : words.slice(0, first)
  const lines: string[] = []
  let line = start
  plain.forEach((word, at) => {
    const before = at === 0 ? '' : ' '
    if (at > 0 && line.length + 1 + word.length > LINE) {
      lines.push(line)
      line = ` ${word}`
    } else {
      line += `${before}${word}`
    }
  })
  if (first < 0) return [...lines, line].join('\r\n')
  // From the first word that needs it to the end: a blank between two encoded words would be lost.
  if (first > 0) line += ' '
  return [...lines, encodedFrom(line, words.slice(first).join(' '))].join('\r\n')
}

/** A display name (RFC 5322 phrase) as it stands in a field; several lines where it is long. */
export function phrase(name: string, column: number): string {
  const clean = oneLine(name)
  if (clean.length <= LINE && isPlain(clean)) {
    return /^[\w!#$%&'*+/=?^`{|}~ -]+$/.test(clean) ? clean : `"${clean.replace(/(["\\])/g, '\\$1')}"`
  }
  return encodedFrom(' '.repeat(column), clean).slice(column)
}

/** Can stand in a field as it is, and is not taken for an encoded word. */
function isPlain(text: string): boolean {
  return text.length <= MAX_WORD && /^[ -~]*$/.test(text) && !text.includes('=?')
}

/** Encoded words, a line each, the first one behind `line`. Characters stay whole (RFC 2047 5). */
function encodedFrom(line: string, text: string): string {
  const done: string[] = []
  let start = line.length + OPEN.length + CLOSE.length + 4 > LINE ? ' ' : line
  if (start !== line) done.push(line.trimEnd())
  let bytes = Buffer.alloc(0)
  const room = (): number => Math.floor((LINE - start.length - OPEN.length - CLOSE.length) / 4) * 3
  for (const character of text) {
    const more = Buffer.from(character)
    if (bytes.length > 0 && bytes.length + more.length > room()) {
      done.push(`${start}${OPEN}${bytes.toString('base64')}${CLOSE}`)
      start = ' '
      bytes = Buffer.alloc(0)
    }
    bytes = Buffer.concat([bytes, more])
  }
  return [...done, `${start}${OPEN}${bytes.toString('base64')}${CLOSE}`].join('\r\n')
}
