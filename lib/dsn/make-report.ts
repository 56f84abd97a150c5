import { randomBytes, randomUUID } from 'node:crypto'
import type { Matcher } from '../conf/wildcard.js'
import type { MessageSource } from '../delivery/types.js'
import { composeReport } from './compose.js'
import type { News, Telling } from './news.js'
import type { MessageDsn } from './params.js'
import type { ReportedRecipient } from './report.js'
import { fieldOf, readReturned } from './returned.js'
import type { Texts } from './texts.js'
import { decodeXtext } from './xtext.js'

/** How reports are made, as the operator has it. */
export interface DsnSettings {
  /** bounce_body: the message itself goes back with a failure, also where the sender did not ask for it (N2). */
  readonly wholeMessage: boolean
  /** bounce_maxlen, bytes. */
  readonly maxBytes: number
  readonly texts: Texts
  /** Clients that get reports of success; others get the same as if they had not asked. */
  readonly successFrom: Matcher
  /** Whether `sysadmin` hears of double bounces (N6). */
  readonly doubleBounces: boolean
  /** From of all reports (N1), and who hears of double bounces. */
  readonly sysadmin: string
}

/** The message that is reported on. */
export interface Reported extends MessageDsn {
  /** '' for the null sender. */
  readonly sender: string
  readonly arrivalMs: number
  readonly source: MessageSource
}

/** A report as it goes into the queue: with the null sender, to `to`; lines end with CRLF, not dot-stuffed. */
export interface MadeReport {
  readonly to: string
  readonly content: Buffer
}

/**
 * Makes one report (N1, N2). RET counts for failures only (RFC 3461 4.3). `host` is the name this server goes by. Rejects when the
 * message cannot be read.
 */
export async function makeReport(
  { kind, news }: Telling,
  message: Reported,
  { wholeMessage, maxBytes, texts, sysadmin }: DsnSettings,
  host: string,
  nowMs: number,
): Promise<MadeReport> {
  const failed = news.some(({ event }) => event === 'failed')
  const whole = failed && (message.ret === undefined ? wholeMessage : message.ret === 'FULL')
  const returned = await readReturned(message.source, whole, maxBytes)
  const to = kind === 'report' ? message.sender : sysadmin
  const content = composeReport(
    {
      kind,
      messageId: `${randomUUID()}@${host}`,
      dateMs: nowMs,
      reportingMta: host,
      from: sysadmin,
      to,
      envelopeId: message.envid === undefined ? undefined : decodeXtext(message.envid),
      arrivalMs: message.arrivalMs,
      subject: fieldOf(returned.content, 'subject'),
      originalMessageId: fieldOf(returned.content, 'message-id'),
      recipients: news.flatMap((one) => reportedOf(one, nowMs)),
      returned,
    },
    texts,
    () => `report-${randomBytes(12).toString('hex')}`,
  )
  return { to, content }
}

function reportedOf({ party, event, ...rest }: News, nowMs: number): ReportedRecipient[] {
  // Nothing is ever told of these.
  if (event === 'handed on' || event === 'discarded') return []
  const { status, reason, diagnostic, remoteMta, willRetryUntilMs } = rest
  return [
    {
      action: event,
      address: party.given,
      original: party.orcpt,
      status,
      reason,
      diagnostic,
      remoteMta,
      lastAttemptMs: event === 'failed' || event === 'delayed' ? nowMs : undefined,
      willRetryUntilMs,
    },
  ]
}
