import { isUtf8 } from 'node:buffer'
import { decodeXtext, fromUtf8AddressXtext } from './xtext.js'

/** What reports a sender wants of one recipient (RFC 3461 4.1). `never` alone, or any of the three. */
export type NotifyOn = 'success' | 'failure' | 'delay'
export type Notify = 'never' | readonly NotifyOn[]

/** ORCPT (RFC 3461 4.2). */
export interface OriginalRecipient {
  /** `rfc822`, `utf-8` or another type, as it was given. */
  readonly type: string
  /** As it came over the wire, for handing on. */
  readonly encoded: string
  /** Decoded, for a report. */
  readonly address: string
}

/** Parameters of MAIL (RFC 3461 4.3, 4.4). Absent members were not given. */
export interface MessageDsn {
  readonly ret?: 'FULL' | 'HDRS'
  /** ENVID as it came over the wire: xtext. */
  readonly envid?: string
}

/** Parameters of RCPT. */
export interface RecipientDsn {
  readonly notify?: Notify
  readonly orcpt?: OriginalRecipient
}

/** `bad` tells the client what is wrong, for a reply 501 5.5.4 (N2). */
export type Parsed<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly bad: string }

/** Name, in upper case, and value of each ESMTP parameter, in order; null where there was no `=`. */
export type EsmtpParameters = readonly (readonly [name: string, value: string | null])[]

// RFC 3461 4.1 to 4.4: esmtp-values have these limits, in characters, without the keyword.
const MAX_NOTIFY = 28
export const MAX_ORCPT = 500
const MAX_ENVID = 100

/**
 * Cuts the parameters out of a MAIL or RCPT line, as it was sent. Haraka hands its plugins an object, in which a parameter
 * given twice is seen once.
 */
export function splitParameters(line: string): EsmtpParameters {
  const afterPath = /^[^<]*<(?:"(?:[^"\\]|\\.)*"|[^">])*>(.*)$/s.exec(line)?.[1] ?? ''
  return afterPath
    .split(' ')
    .filter((word) => word !== '')
    .map((word) => {
      const equals = word.indexOf('=')
      return equals < 0 ? [word.toUpperCase(), null] : [word.slice(0, equals).toUpperCase(), word.slice(equals + 1)]
    })
}

/** RET and ENVID of a MAIL command. Other parameters are not looked at. */
export function parseMessageDsn(parameters: EsmtpParameters): Parsed<MessageDsn> {
  const ret = only(parameters, 'RET')
  if (!ret.ok) return ret
  const envid = only(parameters, 'ENVID')
  if (!envid.ok) return envid
  const kind = ret.value?.toUpperCase()
  if (kind !== undefined && kind !== 'FULL' && kind !== 'HDRS') return bad('RET is FULL or HDRS')
  const id = envid.value
  if (id !== undefined && (id.length > MAX_ENVID || decodeXtext(id) === undefined)) {
    return bad(`ENVID is at most ${MAX_ENVID} characters of xtext`)
  }
  return good({ ...(kind === undefined ? {} : { ret: kind }), ...(id === undefined ? {} : { envid: id }) })
}

/** NOTIFY and ORCPT of a RCPT command. */
export function parseRecipientDsn(parameters: EsmtpParameters): Parsed<RecipientDsn> {
  const notify = only(parameters, 'NOTIFY')
  if (!notify.ok) return notify
  const orcpt = only(parameters, 'ORCPT')
  if (!orcpt.ok) return orcpt
  const wanted = notify.value === undefined ? good(undefined) : parseNotify(notify.value)
  if (!wanted.ok) return wanted
  const original = orcpt.value === undefined ? good(undefined) : parseOrcpt(orcpt.value)
  if (!original.ok) return original
  return good({
    ...(wanted.value === undefined ? {} : { notify: wanted.value }),
    ...(original.value === undefined ? {} : { orcpt: original.value }),
  })
}

function parseNotify(text: string): Parsed<Notify> {
  const words = text.toLowerCase().split(',')
  if (text.length <= MAX_NOTIFY) {
    if (words.length === 1 && words[0] === 'never') return good('never')
    if (words.every(isNotifyOn) && new Set(words).size === words.length) return good(words)
  }
  return bad('NOTIFY is NEVER, or a list of SUCCESS, FAILURE and DELAY')
}

function isNotifyOn(word: string): word is NotifyOn {
  return word === 'success' || word === 'failure' || word === 'delay'
}

function parseOrcpt(text: string): Parsed<OriginalRecipient> {
  const [, type, encoded] = /^([!-:<-~]+);(.+)$/.exec(text) ?? []
  const wrong = bad(`ORCPT is a type, a semicolon and an address of at most ${MAX_ORCPT} characters in xtext`)
  if (type === undefined || encoded === undefined || text.length > MAX_ORCPT) return wrong
  if (!/^[A-Za-z0-9-]+$/.test(type)) return wrong
  const address = type.toLowerCase() === 'utf-8' ? decodeUtf8(encoded) : decodeBytes(encoded)
  // A line end in it would end the field of a report.
  if (address === undefined || /[\x00-\x1f\x7f]/.test(address)) return wrong
  return good({ type, encoded, address })
}

/** Postfix gives an address in UTF-8 as the xtext of its bytes, with the type rfc822. */
function decodeBytes(encoded: string): string | undefined {
  const text = decodeXtext(encoded)
  const bytes = Buffer.from(text ?? '', 'latin1')
  return text !== undefined && isUtf8(bytes) ? bytes.toString('utf8') : text
}

/** RFC 6533 3: utf-8-addr-xtext over any channel, UTF-8 as it is where SMTPUTF8 was offered; a `+` stands for itself in neither. */
function decodeUtf8(encoded: string): string | undefined {
  const plain = /^[!-~]*$/.test(encoded) ? decodeXtext(encoded) : encoded
  return plain === undefined ? undefined : fromUtf8AddressXtext(plain)
}

/** The value of a parameter that may be given once and needs a value. */
function only(parameters: EsmtpParameters, name: string): Parsed<string | undefined> {
  const given = parameters.filter(([each]) => each === name)
  if (given.length > 1) return bad(`${name} is given twice`)
  const [first] = given
  if (first === undefined) return good(undefined)
  const [, value] = first
  return value === null || value === '' ? bad(`${name} needs a value`) : good(value)
}

function good<T>(value: T): { readonly ok: true; readonly value: T } {
  return { ok: true, value }
}

function bad(text: string): { readonly ok: false; readonly bad: string } {
  return { ok: false, bad: text }
}
