import type { Attempt, HopAnswer } from '../../lib/dsn/attempt-news.js'
import { addressText } from './address.js'
import type { HarakaHmail, QueuedRecipient } from './outbound-types.js'

/** Reasons of Haraka's own, without an answer of a next hop, that a sender may read; others tell of this server. */
const FOR_SENDERS =
  /^(?:No Such Domain: |Domain \S+ sends and receives no email|Nowhere to deliver mail to for domain: )/

/** What an attempt came to for one recipient, from what Haraka or the runner left on it. */
export function attemptOf(recipient: QueuedRecipient, { bounce_error: error }: HarakaHmail): Attempt {
  const address = addressText(recipient)
  const answer = hopAnswer(recipient)
  const { dsn_status: status, reason } = recipient
  const haraka = error?.message !== undefined && FOR_SENDERS.test(error.message) ? error.message : undefined
  // A reason without an answer is what the runner wrote for the sender. A status without either is Haraka's guess.
  const text = answer === undefined ? (textOf(reason) ?? haraka) : undefined
  return { address, answer, status: text === undefined ? undefined : textOf(status), text }
}

/** What a next hop that took the message answered; `parameters` are those of the delivered hook. */
export function acceptanceOf(recipient: QueuedRecipient, parameters: readonly unknown[]): Attempt {
  const [host, , text] = parameters
  const answer = { code: '250', status: undefined, text: textOf(text) ?? '', host: textOf(host) }
  return { address: addressText(recipient), answer, status: undefined, text: undefined }
}

/** What Haraka adds to a recipient during an attempt. */
export function isAnswer(name: string): boolean {
  return name === 'reason' || name.startsWith('dsn_')
}

/** Before an attempt: what was answered to the one before is no reason for how this one ends. */
export function forgetAnswers({ todo }: HarakaHmail): void {
  // The header may not be read yet.
  for (const recipient of (todo as HarakaHmail['todo'] | null)?.rcpt_to ?? []) {
    for (const name of Object.keys(recipient).filter(isAnswer)) Reflect.deleteProperty(recipient, name)
  }
}

/** What the next hop answered to this recipient; undefined where it said nothing. */
export function hopAnswer(recipient: QueuedRecipient): HopAnswer | undefined {
  const { dsn_smtp_code: code, dsn_smtp_extc: status, dsn_smtp_response: text, dsn_remote_mta: host } = recipient
  if (typeof code !== 'string' && typeof code !== 'number') return undefined
  return { code: String(code), host: textOf(host), ...withStatus(textOf(status), textOf(text) ?? '') }
}

/** Haraka takes a status for text when one of its numbers has more than one digit (RFC 3463 2: up to three). */
function withStatus(status: string | undefined, text: string): Pick<HopAnswer, 'status' | 'text'> {
  const inText = status === undefined ? /^[245]\.\d{1,3}\.\d{1,3}(?= |$)/.exec(text)?.[0] : undefined
  if (inText === undefined) return { status, text }
  // Each line of a reply has it.
  const words = text.split(' ').filter((word) => word !== inText)
  return { status: inText, text: words.join(' ') }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}
