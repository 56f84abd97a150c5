import ipaddr from 'ipaddr.js'
import { compileWildcard, hasWildcard, lastMatchWins, splitPatternList, type Matcher } from './wildcard.js'

type Ip = ipaddr.IPv4 | ipaddr.IPv6

/** A bad entry of an IP list; `offset` counts characters from the start of the list. */
export class IpPatternError extends Error {
  override readonly name = 'IpPatternError'

  constructor(
    message: string,
    readonly offset: number,
  ) {
    super(message)
  }
}

/**
 * Reads an address in the form it is compared in: an IPv4-mapped IPv6 address is the IPv4 one, a zone is dropped.
 * Undefined for anything else, the short and octal IPv4 forms of inet_aton included.
 */
export function parseIp(text: string): Ip | undefined {
  const [bare = ''] = text.split('%', 1)
  if (ipaddr.IPv4.isValidFourPartDecimal(bare)) return ipaddr.IPv4.parse(bare)
  if (!bare.includes(':') || !ipaddr.IPv6.isValid(bare)) return undefined
  const parsed = ipaddr.IPv6.parse(bare)
  return parsed.isIPv4MappedAddress() ? parsed.toIPv4Address() : parsed
}

// A ban list is many matchers asked about one client in a row.
let lastText = ''
let lastIp: Ip | undefined

function parseClient(text: string): Ip | undefined {
  if (text !== lastText) {
    lastIp = parseIp(text)
    lastText = text
  }
  return lastIp
}

/**
 * Compiles a comma list of IP patterns (C4): addresses, `*` and `?` wildcards, CIDR and `a-b` ranges, `!` negates, the
 * last match wins. IPv4-mapped IPv6 is compared as IPv4; wildcards see the canonical text (RFC 5952). A text that is
 * no address matches nothing.
 *
 * @throws {IpPatternError} for an entry of none of these forms.
 */
export function compileIpList(list: string): Matcher {
  const matches = lastMatchWins(
    splitPatternList(list).map(({ text, negated, offset }) => ({
      matches: compileIp(text, negated ? offset + 1 : offset),
      value: !negated,
    })),
  )
  return (text) => {
    const ip = parseClient(text)
    return ip !== undefined && matches(ip)
  }
}

function compileIp(pattern: string, offset: number): (ip: Ip) => boolean {
  const fail = (why: string): never => {
    throw new IpPatternError(`"${pattern}" ${why}`, offset)
  }
  if (hasWildcard(pattern)) return compileIpWildcard(pattern) ?? fail('is not an IP pattern')
  if (pattern.includes('/')) return compileCidr(pattern) ?? fail('is not an IP network')
  if (pattern.includes('-')) return compileRange(pattern) ?? fail('is not an IP range')
  const wanted = parseIp(pattern)?.toString() ?? fail('is not an IP address')
  return (ip) => ip.toString() === wanted
}

function compileIpWildcard(pattern: string): ((ip: Ip) => boolean) | undefined {
  if (!/^[0-9a-fA-F.:*?]+$/.test(pattern)) return undefined
  const matches = compileWildcard(pattern)
  return (ip) => matches(ip.toString())
}

function compileCidr(pattern: string): ((ip: Ip) => boolean) | undefined {
  const [, address = '', bits = ''] = /^([^/]+)\/(\d{1,3})$/.exec(pattern) ?? []
  const network = parseIp(address)
  if (network === undefined) return undefined
  // ::ffff:1.2.3.0/120 is 1.2.3.0/24.
  const length = Number(bits) - (network.kind() === 'ipv4' && address.includes(':') ? 96 : 0)
  if (length < 0 || length > (network.kind() === 'ipv4' ? 32 : 128)) return undefined
  return (ip) => ip.kind() === network.kind() && ip.match(network, length)
}

function compileRange(pattern: string): ((ip: Ip) => boolean) | undefined {
  const [low = '', high = '', more] = pattern.split('-').map((end) => end.trim())
  const from = parseIp(low)
  const to = parseIp(high)
  if (more !== undefined || from === undefined || to === undefined || from.kind() !== to.kind()) return undefined
  if (compareIp(from, to) > 0) return undefined
  return (ip) => ip.kind() === from.kind() && compareIp(from, ip) <= 0 && compareIp(ip, to) <= 0
}

function compareIp(a: Ip, b: Ip): number {
  return Buffer.compare(Buffer.from(a.toByteArray()), Buffer.from(b.toByteArray()))
}
