import { makeAddress, parseAddress, type Address } from '../address.js'
import { compilePatternList, hasWildcard, splitPatternList } from '../conf/wildcard.js'
import type { Moment } from '../conf/moment.js'

/** A date as it was written. */
export interface WrittenMoment extends Moment {
  readonly text: string
}

/** Who a reply is from. */
export interface Author {
  /** The name beside the address; '' for none. */
  readonly name: string
  readonly address: Address
}

/** How the answers of one user are made. */
export interface ReplySettings {
  readonly author: Author
  /** With %-fields. */
  readonly subject: string
  /** With %-fields. Lines end with LF. */
  readonly body: string
  /** Whether an address is one of the user's, patterns of his left out: what comes from it he sent himself. */
  readonly isSelf: (address: Address) => boolean
  /** Whether mail to an address is mail to the user. */
  readonly isAddressed: (address: Address) => boolean
  /** No answer before it. */
  readonly start: WrittenMoment | undefined
  /** No answer after it; a day counts to its end. */
  readonly end: WrittenMoment | undefined
  /** Each sender is answered once in so many milliseconds. */
  readonly everyMs: number
}

/** RFC 3834 2: a week is what it proposes. */
export const DEFAULT_EVERY = '7d'
/** RFC 3834 4.2, with the subject of the message behind it. */
export const DEFAULT_SUBJECT = 'Auto: %subject'

const HOUR = 3_600_000
/** An answer to each message would make a loop of two programs that know nothing of each other a fast one. */
export const MIN_EVERY_MS = HOUR
export const MAX_EVERY_MS = 366 * 24 * HOUR

/** The user's addresses: his own, and comma lists of more, patterns as in C4 among them. */
export function ownAddresses(user: Address, lists: readonly string[]): Pick<ReplySettings, 'isSelf' | 'isAddressed'> {
  const keys = new Set([user.key])
  const patterns: string[] = []
  for (const { text, negated } of lists.flatMap(splitPatternList)) {
    const exact = hasWildcard(text) || negated ? undefined : parseAddress(text)
    if (exact === undefined) patterns.push(`${negated ? '!' : ''}${text}`)
    else keys.add(exact.key)
  }
  const matches = compilePatternList(patterns.join(','))
  const isSelf = ({ key }: Address): boolean => keys.has(key)
  return { isSelf, isAddressed: (address) => isSelf(address) || matches(address.key) }
}

/** `bob@domain1.com`, `Bob Smith <bob@domain1.com>`; undefined for other text. */
export function parseAuthor(text: string): Author | undefined {
  const [, name = '', bracketed, bare] = /^(?:([^<>]*)<([^<>]+)>|([^<>\s]+))$/.exec(text.trim()) ?? []
  const written = bracketed ?? bare ?? ''
  const address = /\p{Cc}/u.test(written) ? undefined : parseAddress(written.trim())
  if (address === undefined) return undefined
  const quoted = /^"(.*)"$/.exec(name.trim())?.[1]?.replace(/\\(.)/g, '$1')
  return { name: quoted ?? name.trim(), address }
}

/** The address a header field shows: as it was given, quoted where it must be. */
export function shownAddress({ local, text, domain }: Address): string {
  const at = text.lastIndexOf('@')
  return makeAddress(local, at < 0 ? domain : text.slice(at + 1)).text
}
