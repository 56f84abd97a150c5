import { createRewriter, rewriteAll } from './rewrite.js'
import type { Envelope } from './types.js'

/** `[drop] mbox`: mboxrd can be undone, mboxo is the legacy quoting (D1). */
export type Dialect = 'mboxrd' | 'mboxo'

/**
 * The line that begins a message in an mbox file, with its LF:
 * `From <sender> Www Mmm DD HH:MM:SS YYYY`, local time, zero padded day, no zone (D1; semantics 7, disk.htm).
 *
 * The line is split at blanks by every reader and decoded as ASCII by some, so any other character in the sender
 * becomes `-`; the true sender stands in Return-Path.
 */
export function fromLine(sender: string, at: Date): string {
  const name = sender === '' ? 'MAILER-DAEMON' : sender.replace(/[^!-~]/gu, '-')
  const day = 'SunMonTueWedThuFriSat'.slice(3 * at.getDay(), 3 * at.getDay() + 3)
  const month = 'JanFebMarAprMayJunJulAugSepOctNovDec'.slice(3 * at.getMonth(), 3 * at.getMonth() + 3)
  const time = [at.getHours(), at.getMinutes(), at.getSeconds()].map(twoDigits).join(':')
  return `From ${name} ${day} ${month} ${twoDigits(at.getDate())} ${time} ${at.getFullYear()}\n`
}

/** `Return-Path: <sender>`, with its LF (RFC 5321 4.4). */
export function returnPathLine(sender: string): string {
  return `Return-Path: <${oneLine(sender)}>\n`
}

/** `Delivered-To: recipient`, with its LF (R15). */
export function deliveredToLine(recipient: string): string {
  return `Delivered-To: ${oneLine(recipient)}\n`
}

/** Everything that stands before the message in a drop file (D1). `at` is the moment of delivery. */
export function mboxHead({ sender, recipient }: Envelope, at: Date): string {
  return fromLine(sender, at) + returnPathLine(sender) + deliveredToLine(recipient)
}

/** A message in memory (CRLF) as it stands in an mbox file: LF, quoted, closed by an empty line. */
export function toMbox(message: Buffer, dialect: Dialect): Buffer {
  return rewriteAll(createRewriter(dialect, true), message)
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0')
}

/** An address that came from elsewhere must not begin a new header line. */
function oneLine(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f]/g, '')
}
