import { isAscii } from '../ascii.js'
import { formatDate } from '../mail-date.js'
import type { Report, ReportedRecipient } from './report.js'
import { toUtf8AddressXtext } from './xtext.js'

/** Longest line of a field before it is folded (RFC 5322 2.1.1). */
const FOLD_AT = 76

/** Longest line at all, bytes. */
const MAX_LINE = 990

/**
 * The body of the message/delivery-status part (RFC 3464 2): fields about the message, then a group per recipient. With
 * `utf8` it is that of message/global-delivery-status (RFC 6533), otherwise all of it is ASCII.
 */
export function statusFields(report: Report, utf8: boolean): string {
  const field = (name: string, value: string | undefined): string =>
    value === undefined ? '' : fold(`${name}: ${clean(value, utf8)}`)
  const date = (ms: number | undefined): string | undefined => (ms === undefined ? undefined : formatDate(ms))
  const message = [
    field('Original-Envelope-Id', report.envelopeId),
    field('Reporting-MTA', `dns; ${report.reportingMta}`),
    field('Arrival-Date', date(report.arrivalMs)),
  ]
  const group = (recipient: ReportedRecipient): string =>
    [
      field('Original-Recipient', originalOf(recipient, utf8)),
      field('Final-Recipient', typed(recipient.address, utf8)),
      field('Action', recipient.action),
      field('Status', recipient.status),
      field('Remote-MTA', withType('dns', recipient.remoteMta ?? '', utf8)),
      field('Diagnostic-Code', recipient.diagnostic),
      field('Last-Attempt-Date', date(recipient.lastAttemptMs)),
      field('Will-Retry-Until', date(recipient.willRetryUntilMs)),
    ].join('')
  return [message.join(''), ...report.recipients.map(group)].join('\r\n')
}

function originalOf({ original }: ReportedRecipient, utf8: boolean): string | undefined {
  if (original === undefined) return undefined
  const { address } = original
  // An address of type rfc822 is ASCII (RFC 6533 3).
  const type = original.type.toLowerCase() === 'rfc822' && !isAscii(address) ? 'utf-8' : original.type
  return withType(type, type.toLowerCase() === 'utf-8' && !utf8 ? toUtf8AddressXtext(address) : address, utf8)
}

/** A type with nothing behind it tells nothing: an ORCPT may be a blank. */
function withType(type: string, value: string, utf8: boolean): string | undefined {
  const text = clean(value, utf8)
  return text === '' ? undefined : `${type}; ${text}`
}

/** An address with its type (RFC 3464 2.3.2, RFC 6533 3). */
function typed(address: string, utf8: boolean): string {
  if (isAscii(address)) return `rfc822; ${address}`
  return `utf-8; ${utf8 ? address : toUtf8AddressXtext(address)}`
}

/** A stranger's words must not begin a field or a line of their own. */
export function clean(text: string, utf8: boolean): string {
  const line = text.replace(/[\x00-\x1f\x7f]+/g, ' ').trim()
  return utf8 ? line : line.replace(/[^ -~]/g, '?')
}

/** Folds before words; a word that is longer than a line may be stays whole up to the 998 of RFC 5322. */
function fold(field: string): string {
  let line = ''
  const lines: string[] = []
  for (const word of field.slice(0, 4000).trimEnd().split(' ')) {
    if (line !== '' && line.length + 1 + word.length > FOLD_AT && line.trim() !== '') {
      lines.push(line)
      line = ` ${word}`
    } else {
      line = line === '' ? word : `${line} ${word}`
    }
    while (Buffer.byteLength(line) > MAX_LINE) {
      const head = firstOf(line)
      lines.push(head)
      line = ` ${line.slice(head.length)}`
    }
  }
  return `${[...lines, line].join('\r\n')}\r\n`
}

/** As much of it as a line may hold, whole characters. */
function firstOf(text: string): string {
  let bytes = 0
  let length = 0
  for (const char of text) {
    bytes += Buffer.byteLength(char)
    if (bytes > MAX_LINE) break
    length += char.length
  }
  return text.slice(0, length)
}
