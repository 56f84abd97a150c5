import { foldDomain, parseAddress, unquoteLocal, type Address } from '../address.js'
import { parseDestination } from './destination.js'
import { compileIpList, IpPatternError, parseIp } from './ip-list.js'
import {
  bad,
  good,
  quotable,
  splitWords,
  unquote,
  type ForwardRule,
  type PatternList,
  type ValueParser,
} from './value.js'
import { compilePatternList, hasWildcard, splitPatternList } from './wildcard.js'

/**
 * A domain in the form it is compared in, or undefined where the text is none: a name of RFC 5321 4.1.2 (underscores
 * are taken, IDN becomes A-labels) or an address literal.
 */
export function readDomain(text: string): string | undefined {
  const folded = foldDomain(text)
  if (/^\[(?:ipv6:)?[^\]]+\]$/.test(folded)) {
    return parseIp(folded.slice(1, -1).replace(/^ipv6:/, '')) === undefined ? undefined : folded
  }
  return folded.length <= 253 && /^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/.test(folded) ? folded : undefined
}

export const parseDomain: ValueParser<string> = quotable((text, { name }) => {
  const domain = readDomain(text)
  return domain === undefined
    ? bad(`"${text}" is not a domain`, `${name} takes one domain without wildcards; write one line for each`)
    : good(domain)
})

export const parseMailAddress: ValueParser<Address> = quotable((text, { name }) => {
  const address = parseAddress(text)
  return address === undefined || hasWildcard(text)
    ? bad(`"${text}" is not a mail address`, `write "${name} user@domain"`)
    : good(address)
})

export const parseIps: ValueParser<PatternList> = quotable((text) => {
  try {
    return good({ text, matches: compileIpList(text) })
  } catch (error) {
    if (!(error instanceof IpPatternError)) throw error
    const hint = 'use 10.1.2.3, 10.1.2.*, 10.1.2.0/24 or 10.1.2.3-10.1.2.9, with commas between several'
    return bad(error.message, hint, error.offset)
  }
})

export const parsePatterns: ValueParser<PatternList> = quotable((text) => {
  const split = splitPatternList(text).find((entry) => /[ \t]/.test(entry.text))
  if (split !== undefined)
    return bad(`"${split.text}" has a blank`, 'put commas between several patterns', split.offset)
  return good({ text, matches: compilePatternList(text) })
})

export const parseDomainPatterns: ValueParser<PatternList> = quotable((text) => {
  const folded: string[] = []
  for (const entry of splitPatternList(text)) {
    const domain = readDomainPattern(entry.text)
    if (domain === undefined) {
      const hint = 'use domain1.com, *.domain1.com or *, with commas between several'
      return bad(`"${entry.text}" is not a domain`, hint, entry.offset)
    }
    folded.push(entry.negated ? `!${domain}` : domain)
  }
  return good({ text, matches: compilePatternList(folded.join(',')) })
})

/** The text of a domain list that was read, each of its entries folded. */
export function foldDomainList(text: string): string {
  return splitPatternList(text)
    .map(({ text, negated }) => `${negated ? '!' : ''}${readDomainPattern(text) ?? text}`)
    .join(',')
}

/** A domain with wildcards; the part that has none is folded to A-labels where it stands alone (R21). */
export function readDomainPattern(text: string): string | undefined {
  if (!hasWildcard(text)) return readDomain(text)
  const rest = text.startsWith('*.') ? text.slice(2) : ''
  if (rest !== '' && !hasWildcard(rest)) {
    const domain = readDomain(rest)
    return domain === undefined ? undefined : `*.${domain}`
  }
  return /[\s@/\\"<>,;:()]/.test(text) ? undefined : text.toLowerCase()
}

/**
 * `forward <address> <destination>`: wildcards on the left only (R4), a user and a domain on the left
 * (forward.htm: "both sides must be full addresses"), anything a redirection may name on the right.
 */
export const parseForward: ValueParser<ForwardRule> = (text, { name, mapPath }) => {
  const left = /^(?:"(?:[^"\\]|\\.)*"[^ \t]*|[^ \t]+)/.exec(text)?.[0] ?? ''
  const rest = text.slice(left.length)
  const right = rest.trimStart()
  const rightOffset = text.length - right.length
  const pattern = readForwardPattern(left)
  if (pattern === undefined) {
    return bad(`"${left}" is not user@domain`, 'the left side needs a user and a domain; both may have wildcards')
  }
  if (right === '') return bad(`${name} has no destination`, `write "${name} ${left} destination"`)
  const piece = unquote(right) ?? { text: right, offset: 0 }
  const written = parseDestination(piece.text, 'forward', mapPath)
  if (written.kind === 'bad') return bad(written.message, written.hint, rightOffset + piece.offset)
  if (written.kind !== 'user') return good({ pattern, destination: written, bareDomain: false })
  return good(
    { pattern, destination: written, bareDomain: true },
    {
      message: `the destination "${written.local}" has no domain: it is taken as a user of the main domain`,
      hint: `write "${written.local}@domain"`,
      offset: rightOffset + piece.offset,
    },
  )
}

/** The left side as it is matched against Address.key. */
function readForwardPattern(written: string): string | undefined {
  const bare = /^"[^"\\]+@[^"\\]+"$/.test(written) ? written.slice(1, -1) : written
  const at = bare.lastIndexOf('@')
  if (at < 1 || at === bare.length - 1) return undefined
  const domain = readDomainPattern(bare.slice(at + 1))
  const local = unquoteLocal(bare.slice(0, at))
  // An @ in front of the last one is only possible in a quoted local part (RFC 5321 4.1.2).
  if (domain === undefined || local === '' || (local.includes('@') && !bare.startsWith('"'))) return undefined
  return `${local}@${domain}`
}

/** The domain and the rest of `<setting> <domain> <rest>`, for settings that begin with a domain. */
export function splitDomain(text: string): { readonly domain: string; readonly rest: string; readonly offset: number } {
  const [first] = splitWords(text)
  const domain = first?.text ?? ''
  const rest = text.slice(domain.length).trimStart()
  return { domain, rest, offset: text.length - rest.length }
}
