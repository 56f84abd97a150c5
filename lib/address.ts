import { domainToASCII } from 'node:url'
import { Address as Rfc2821Address } from 'address-rfc2821'

/**
 * One mail address (RFC 5321 Mailbox), compared by `key`.
 *
 * `local` is the local part as given, without quoting; `domain` is the A-label form in lower case
 * (decision R21: A-label and U-label are the same domain); `text` is the address as the client or the
 * operator wrote it; `key` is what two addresses are compared by (local part without regard to case, R18).
 */
export interface Address {
  readonly local: string
  readonly domain: string
  readonly text: string
  readonly key: string
}

const ASCII = /^[ -~]*$/

/** Local part in the form it is compared in: NFC, lower case (R18). */
export function foldLocal(local: string): string {
  if (ASCII.test(local)) return local.toLowerCase()
  // Lower case can take a composed letter apart: U+03AA U+0301 and U+0390 are one name.
  return local.normalize('NFC').toLowerCase().normalize('NFC')
}

/**
 * Domain in the form it is compared in: A-label, lower case, no final dot.
 * Returns '' for text that is no domain name at all.
 */
export function foldDomain(domain: string): string {
  const bare = withoutFinalDot(domain)
  if (bare.startsWith('[')) return bare.toLowerCase()
  // The usual case needs no IDNA processing.
  if (/^[a-z0-9._-]+$/.test(bare)) return bare
  return /^[A-Za-z0-9._-]+$/.test(bare) ? bare.toLowerCase() : withoutFinalDot(domainToASCII(bare.normalize('NFC')))
}

/** IDNA has other dots too (U+3002), which become one only when the labels are folded. */
function withoutFinalDot(domain: string): string {
  return domain.endsWith('.') ? domain.slice(0, -1) : domain
}

/** Removes the quoting of an RFC 5321 Quoted-string local part; other text is returned as it is. */
export function unquoteLocal(local: string): string {
  if (local.length < 2 || !local.startsWith('"') || !local.endsWith('"')) return local
  return local.slice(1, -1).replace(/\\(.)/gs, '$1')
}

const ATOM = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~\u0080-\u{10ffff}-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~\u0080-\u{10ffff}-]+)*$/u

/** Quotes a local part where RFC 5321 4.1.2 asks for it. */
export function quoteLocal(local: string): string {
  return ATOM.test(local) ? local : `"${local.replace(/(["\\])/g, '\\$1')}"`
}

/** An address from its two parts, local part unquoted. The parts are taken as valid. */
export function makeAddress(local: string, domain: string, text?: string): Address {
  const folded = foldDomain(domain)
  return {
    local,
    domain: folded,
    text: text ?? (domain === '' ? quoteLocal(local) : `${quoteLocal(local)}@${domain}`),
    key: `${foldLocal(local)}@${folded}`,
  }
}

// The usual shape is taken apart here; RFC 5321's whole grammar costs 60 microseconds an address.
const PLAIN =
  /^([A-Za-z0-9_'+=-]+(?:\.[A-Za-z0-9_'+=-]+)*)@([A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*)$/

/**
 * Reads `user@domain`, with or without angle brackets (RFC 5321 4.1.2, SMTPUTF8 as RFC 6531).
 * Returns undefined for anything else, source routes included (R21).
 */
export function parseAddress(text: string): Address | undefined {
  const bare = text.startsWith('<') && text.endsWith('>') ? text.slice(1, -1) : text
  if (bare.length > 254) return undefined
  const plain = PLAIN.exec(bare)
  if (plain?.[1] !== undefined && plain[2] !== undefined && plain[1].length <= 64) {
    return makeAddress(plain[1], plain[2], bare)
  }
  if (bare.startsWith('@')) return undefined
  try {
    const parsed = new Rfc2821Address(`<${bare}>`)
    const { user, host } = parsed
    if (!user || !host) return undefined
    const domain = foldDomain(parsed.original_host ?? host)
    if (domain === '') return undefined
    const local = unquoteLocal(user)
    return { local, domain, text: bare, key: `${foldLocal(local)}@${domain}` }
  } catch {
    return undefined
  }
}
