/** Text as the body of a message. */
export interface EncodedText {
  readonly charset: 'us-ascii' | 'utf-8'
  readonly encoding: '7bit' | 'quoted-printable' | 'base64'
  /** ASCII; lines end with CRLF, the last one too. */
  readonly content: string
}

/** RFC 2045 6.7. */
const LINE = 76
/** RFC 5322 2.1.1 wants no longer lines than 78. */
const SHORT = 78

/**
 * As it is where it is ASCII with short lines, else quoted-printable, or base64 where most of it would be escapes. Lines of `text`
 * end with LF.
 */
export function encodeText(text: string): EncodedText {
  const whole = text.endsWith('\n') ? text : `${text}\n`
  if (/^[\t\n -~]*$/.test(whole) && whole.split('\n').every((line) => line.length <= SHORT && !/[ \t]$/.test(line))) {
    return { charset: 'us-ascii', encoding: '7bit', content: whole.replaceAll('\n', '\r\n') }
  }
  const charset = 'utf-8'
  const bytes = Buffer.from(whole)
  const escapes = bytes.reduce((count, byte) => count + (byte > 0x7e ? 1 : 0), 0)
  if (escapes * 6 <= bytes.length) return { charset, encoding: 'quoted-printable', content: quotedPrintable(whole) }
  const lines = Buffer.from(whole.replaceAll('\n', '\r\n'))
    .toString('base64')
    .replace(/.{1,76}/g, '$&\r\n')
  return { charset, encoding: 'base64', content: lines }
}

function quotedPrintable(text: string): string {
  return text
    .slice(0, -1)
    .split('\n')
    .map((line) => `${quotedLine(Buffer.from(line))}\r\n`)
    .join('')
}

function quotedLine(bytes: Buffer): string {
  let done = ''
  let line = ''
  bytes.forEach((byte, at) => {
    const isLast = at === bytes.length - 1
    const isBlank = byte === 0x20 || byte === 0x09
    const plain = isBlank ? !isLast : byte > 0x20 && byte < 0x7f && byte !== 0x3d
    const piece = plain ? String.fromCharCode(byte) : `=${byte.toString(16).toUpperCase().padStart(2, '0')}`
    // Room for the `=` of a soft line end.
    if (line.length + piece.length > LINE - 1) {
      done += `${line}=\r\n`
      line = ''
    }
    line += piece
  })
  return done + line
}
