import type { Report, ReportedRecipient, Returned } from './report.js'
import { isAscii } from '../ascii.js'
import { formatDate } from '../mail-date.js'
import { clean, statusFields } from './status-fields.js'
import { ACTIONS, MIXED_SUBJECT, splitText, type Action, type TextName, type Texts } from './texts.js'

/** Room for what a robot said: 2 KiB of it (D9). */
const MAX_REASON = 2500

/** What makes a report's MIME boundary; it must not occur in the message that is returned. */
export type MakeBoundary = () => string

/**
 * Composes a report (RFC 3464, N1, N2): multipart/report of a text for a person, the fields for a program, and the message or its
 * header section. Lines end with CRLF; nothing is dot-stuffed. It is sent with the null sender.
 */
export function composeReport(report: Report, texts: Texts, makeBoundary: MakeBoundary): Buffer {
  // RFC 6533: a sender whose own address needs SMTPUTF8 can read it; for all others everything is ASCII.
  const utf8 = !isAscii(report.to)
  const boundary = boundaryFor(report.returned.content, makeBoundary)
  const status = statusFields(report, utf8)
  const head = [
    `From: ${report.from}`,
    `To: ${report.to}`,
    `Subject: ${subjectOf(report, texts)}`,
    `Date: ${formatDate(report.dateMs)}`,
    `Message-ID: <${report.messageId}>`,
    ...(report.originalMessageId === undefined ? [] : [`In-Reply-To: ${clean(report.originalMessageId, false)}`]),
    // RFC 3834: whoever answers mail by itself does not answer this.
    'Auto-Submitted: auto-replied',
    'MIME-Version: 1.0',
    // RFC 2045 6.4: what holds 8-bit parts says so itself.
    ...(is8bit(report.returned.content) || !isAscii(status) ? ['Content-Transfer-Encoding: 8bit'] : []),
    `Content-Type: multipart/report; report-type=${utf8 ? 'global-delivery-status' : 'delivery-status'};`,
    ` boundary="${boundary}"`,
  ]
  const parts = [
    textPart(personText(report, texts)),
    part(
      [`Content-Type: message/${utf8 ? 'global-delivery-status' : 'delivery-status'}`, ...encodingOf(status)],
      Buffer.from(status),
    ),
    returnedPart(report.returned, utf8),
  ]
  const between = Buffer.from(`--${boundary}\r\n`)
  return Buffer.concat([
    Buffer.from(`${head.join('\r\n')}\r\n\r\n`),
    ...parts.flatMap((one) => [between, one]),
    Buffer.from(`--${boundary}--\r\n`),
  ])
}

function subjectOf({ kind, recipients }: Report, texts: Texts): string {
  const [first, ...more] = new Set(recipients.map(({ action }) => action))
  return first === undefined || more.length > 0 ? MIXED_SUBJECT : splitText(texts[textName(kind, first)]).subject
}

function textName(kind: Report['kind'], action: Action): TextName {
  return kind === 'double bounce' ? 'double-bounce' : action
}

function personText(report: Report, texts: Texts): string {
  const about = [
    `This is a report of the mail server ${report.reportingMta} about ${report.kind === 'report' ? 'your' : 'a'} message`,
    ...(report.subject === undefined ? [] : [`    Subject: ${clean(report.subject, true).slice(0, 500)}`]),
    `    of ${formatDate(report.arrivalMs)}`,
    '',
  ]
  const groups = ACTIONS.flatMap((action) => {
    const those = report.recipients.filter((recipient) => recipient.action === action)
    return those.length === 0 ? [] : [fill(splitText(texts[textName(report.kind, action)]).body, those, report)]
  })
  const cut = report.returned.cut ? ['The copy of your message below is not whole: its end was left off.\n'] : []
  return [about.join('\n'), ...groups, ...cut].join('\n')
}

function fill(body: string, recipients: readonly ReportedRecipient[], report: Report): string {
  const until = recipients.find(({ willRetryUntilMs }) => willRetryUntilMs !== undefined)?.willRetryUntilMs
  const values: Readonly<Record<string, string>> = {
    host: report.reportingMta,
    sysadmin: report.from,
    until: until === undefined ? 'later' : formatDate(until),
    recipients: recipients.map(describe).join('\n'),
  }
  // Once over the text, so that a reason that holds {until} is not filled in too.
  return body.replace(/\{(host|sysadmin|until|recipients)\}/g, (all, name: string) => values[name] ?? all)
}

function describe({ address, reason, remoteMta }: ReportedRecipient): string {
  const who = remoteMta === undefined ? '' : ` (${clean(remoteMta, true)})`
  const why = reason === '' ? '' : `\n        ${clean(reason, true).slice(0, MAX_REASON)}${who}`
  return `    ${clean(address, true)}${why}`
}

function textPart(text: string): Buffer {
  const lines = text.replace(/\r?\n/g, '\r\n')
  const type = `Content-Type: text/plain; charset=${isAscii(lines) ? 'us-ascii' : 'utf-8'}`
  const tooLong = lines.split('\r\n').some((line) => line.length > 990)
  if (isAscii(lines) && !tooLong) return part([type, 'Content-Transfer-Encoding: 7bit'], Buffer.from(lines))
  const base64 = Buffer.from(lines)
    .toString('base64')
    .replace(/.{1,76}/g, '$&\r\n')
  return part([type, 'Content-Transfer-Encoding: base64'], Buffer.from(base64))
}

/** The names of RFC 3462 2 and RFC 6533 4. */
function returnedPart({ kind, content }: Returned, utf8: boolean): Buffer {
  const eight = is8bit(content)
  const type = {
    headers: utf8 && eight ? 'message/global-headers' : 'text/rfc822-headers',
    message: utf8 && eight ? 'message/global' : 'message/rfc822',
  }[kind]
  return part([`Content-Type: ${type}`, `Content-Transfer-Encoding: ${eight ? '8bit' : '7bit'}`], content)
}

function is8bit(content: Buffer): boolean {
  return content.some((byte) => byte > 0x7f)
}

function encodingOf(content: string): string[] {
  return isAscii(content) ? [] : ['Content-Transfer-Encoding: 8bit']
}

/** The line end before a boundary belongs to the boundary (RFC 2046 5.1.1), so the content has its own. */
function part(headers: readonly string[], content: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${headers.join('\r\n')}\r\n\r\n`), content, Buffer.from('\r\n')])
}

function boundaryFor(content: Buffer, make: MakeBoundary): string {
  for (;;) {
    const boundary = make()
    if (!content.includes(boundary)) return boundary
  }
}
