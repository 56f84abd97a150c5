import type { Address } from '../address.js'
import { isAscii } from '../ascii.js'
import { formatDate } from '../mail-date.js'
import { addressesIn, withoutComments } from './address-list.js'
import { fillFields, type FieldValues } from './fill.js'
import type { MessageHead } from './head.js'
import { shownAddress, type Author, type ReplySettings } from './settings.js'
import { encodeText } from './transfer.js'
import { decodeWords, oneLine, phrase, textField } from './words.js'

/** An answer, ready to be sent with the null sender. */
export interface Reply {
  /** Envelope recipient. */
  readonly to: string
  /** Lines end with CRLF; not dot-stuffed. ASCII, but for addresses. */
  readonly content: string
  /** One of its addresses needs SMTPUTF8 (RFC 6531). */
  readonly utf8: boolean
}

/** What an answer is made of. */
export interface ReplyMakings {
  readonly head: MessageHead
  readonly sender: Address
  /** The address of the user that the message came to. */
  readonly recipient: Address
  readonly settings: ReplySettings
  readonly nowMs: number
  /** Of the answer: `unique@host`. */
  readonly messageId: string
}

/** A stranger's words in an answer: as many as a person reads. */
const MAX_VALUE = 300
const MAX_NAME = 100
/** RFC 5322 3.6.4 has no limit; readers sort a thread by its beginning and its end. */
const MAX_REFERENCES = 20
const MAX_ID = 250

/** Composes an answer (RFC 3834 3 and 4). */
export function composeReply(makings: ReplyMakings): Reply {
  const { head, sender, settings, nowMs, messageId } = makings
  const values = fieldValues(makings)
  const text = encodeText(fillFields(settings.body, values))
  const to = shownAddress(sender)
  const [original] = idsIn(head.all('message-id'))
  const fields = [
    fromField(settings.author),
    `To: ${to}`,
    textField('Subject', fillFields(settings.subject, values)),
    `Date: ${formatDate(nowMs)}`,
    `Message-ID: <${messageId}>`,
    // RFC 3834 3.1.5: so that who wrote finds it beside what was written.
    ...(original === undefined ? [] : [`In-Reply-To: ${original}`, `References: ${references(head, original)}`]),
    // RFC 3834 3.1.7: nobody answers this by itself.
    'Auto-Submitted: auto-replied',
    'MIME-Version: 1.0',
    `Content-Type: text/plain; charset=${text.charset}`,
    `Content-Transfer-Encoding: ${text.encoding}`,
  ]
  const content = `${fields.join('\r\n')}\r\n\r\n${text.content}`
  return { to, content, utf8: !isAscii(content) }
}

function fromField({ name, address }: Author): string {
  const shown = shownAddress(address)
  if (name === '') return `From: ${shown}`
  const start = `From: ${phrase(shortened(name, MAX_NAME), 'From: '.length)}`
  return start.length + shown.length > 70 ? `${start}\r\n <${shown}>` : `${start} <${shown}>`
}

function references(head: MessageHead, original: string): string {
  // RFC 5322 3.6.4: where there is no References, In-Reply-To stands for it if it has one id.
  const replied = idsIn(head.all('in-reply-to'))
  const before = idsIn(head.all('references'))
  const thread = before.length > 0 ? before : replied.length === 1 ? replied : []
  const earlier = [...new Set(thread)].filter((id) => id !== original)
  const kept =
    earlier.length < MAX_REFERENCES ? earlier : [...earlier.slice(0, 1), ...earlier.slice(2 - MAX_REFERENCES)]
  return [...kept, original].join('\r\n ')
}

/** The message ids in fields; what is none, or longer than any, is left out. */
function idsIn(values: readonly string[]): string[] {
  const ids =
    values
      .join(' ')
      .slice(0, 100_000)
      .match(/<[!-;=?-~]+>/g) ?? []
  return ids.filter((id) => id.length <= MAX_ID)
}

function fieldValues({ head, sender, recipient, settings, nowMs }: ReplyMakings): FieldValues {
  const shown = shownAddress(recipient)
  const at = shown.lastIndexOf('@')
  const subject = shortened(decodeWords(head.all('subject')[0] ?? ''), MAX_VALUE)
  return {
    sender: shownAddress(sender),
    from: shortened(nameOf(head) ?? shownAddress(sender), MAX_NAME),
    subject: subject === '' ? '(no subject)' : subject,
    date: shortened(oneLine(head.all('date')[0] ?? ''), MAX_NAME) || formatDate(nowMs),
    recipient: shown,
    user: shown.slice(0, at),
    domain: shown.slice(at + 1),
    start: settings.start?.text ?? '',
    end: settings.end?.text ?? '',
  }
}

/** The name in From, `Ann Smith <ann@example.com>` or `ann@example.com (Ann Smith)`. */
function nameOf(head: MessageHead): string | undefined {
  const value = head.all('from')[0] ?? ''
  const [first] = addressesIn(value)
  if (first === undefined) return undefined
  const before = withoutComments(value.split('<')[0] ?? '').trim()
  const name = value.includes('<')
    ? before.replace(/^"(.*)"$/s, '$1').replace(/\\(.)/g, '$1')
    : /\(([^()]+)\)/.exec(value)?.[1]
  return name === undefined || name === '' ? undefined : decodeWords(name)
}

/** At most `length` characters; none is cut in two. */
function shortened(text: string, length: number): string {
  const characters = Array.from(oneLine(text))
  return characters.length <= length ? characters.join('') : `${characters.slice(0, length).join('').trimEnd()}...`
}
