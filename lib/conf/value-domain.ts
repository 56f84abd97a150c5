import { parseIp } from './ip-list.js'
import { parseAliasTable, parsePath } from './value-plain.js'
import { readDomain, splitDomain } from './value-mail.js'
import {
  bad,
  good,
  splitWords,
  type DomainPath,
  type GatewayRule,
  type HostPort,
  type Parsed,
  type ValueContext,
  type ValueParser,
  type VirtualDomain,
} from './value.js'

const SMTP_PORT = 25

/** `alt_drop_path <domain> <directory>`. */
export const parseDomainPath: ValueParser<DomainPath> = (text, context) =>
  parsePair(text, context, readDomain, 'a domain', parsePath)

/** `alias_file_domain <domain> <file or redis:NAME>`; manual: the domain may be `*`, every local domain. */
export const parseAnyDomainPath: ValueParser<DomainPath> = (text, context) =>
  parsePair(text, context, (domain) => (domain === '*' ? '*' : readDomain(domain)), 'a domain or *', parseAliasTable)

function parsePair(
  text: string,
  context: ValueContext,
  read: (domain: string) => string | undefined,
  what: string,
  parsePlace: ValueParser<string>,
): Parsed<DomainPath> {
  const { domain: written, rest, offset } = splitDomain(text)
  const domain = read(written)
  if (domain === undefined) return bad(`"${written}" is not ${what}`, `write "${context.name} domain path"`)
  if (rest === '') return bad(`${context.name} has no path`, `write "${context.name} ${written} path"`)
  const path = parsePlace(rest, context)
  return path.ok ? good({ domain, path: path.value }) : { ...path, offset: path.offset + offset }
}

/** `vdomain <prefix> <@suffix | ip> <domain> <drop_path>` (authtabl.htm); the path may have blanks. */
export const parseVirtualDomain: ValueParser<VirtualDomain> = (text, context) => {
  const [prefix, login, written, path] = splitWords(text)
  const usage = 'write "vdomain prefix @suffix domain drop_path"'
  if (!prefix || !login || !written || !path) return bad('vdomain needs four values', usage)
  // The prefix becomes part of a file name (semantics 4), so U8 holds for it.
  if (!/^[^./\\\0-][^/\\\0]*$/.test(prefix.text)) {
    return bad(`"${prefix.text}" cannot be part of a file name`, 'choose a prefix of letters and digits', prefix.offset)
  }
  const domain = readDomain(written.text)
  if (domain === undefined) return bad(`"${written.text}" is not a domain`, usage, written.offset)
  const mapped = parsePath(text.slice(path.offset), context)
  if (!mapped.ok) return { ...mapped, offset: mapped.offset + path.offset }
  const value = { prefix: prefix.text, login: login.text, domain, path: mapped.value }
  if (login.text.startsWith('@') || parseIp(login.text) !== undefined) return good(value)
  return good(value, {
    message: `"${login.text}" is neither a login suffix (@name) nor an IP address`,
    hint: 'it has no effect on delivery; only the POP server used it',
    offset: login.offset,
  })
}

/** `gateway <domain> <host>[:port]` (A3): an exact domain, `*.domain` or `*`; an IP, a host name or `[v6]`. */
export const parseGateway: ValueParser<GatewayRule> = (text) => {
  const [first, second, more] = splitWords(text)
  const usage = 'write "gateway domain host", the host as 10.1.2.3, mx.domain1.com or [2001:db8::1], a port as :2525'
  if (!first || !second) return bad('gateway needs a domain and a host', usage)
  if (more !== undefined) return bad(`"${more.text}" is one value too many`, usage, more.offset)
  const domain = readGatewayDomain(first.text)
  if (domain === undefined) {
    return bad(`"${first.text}" is not a domain`, 'a gateway is for domain1.com, for *.domain1.com or for *')
  }
  const target = readHostPort(second.text)
  if (target === undefined) return bad(`"${second.text}" is not a host`, usage, second.offset)
  return good({ domain, ...target })
}

/** `ras_host`: a host with an optional port (Q8). */
export const parseHostPort: ValueParser<HostPort> = (text) => {
  const target = readHostPort(text)
  return target === undefined
    ? bad(`"${text}" is not a host`, 'write 10.1.2.3, mx.domain1.com or [2001:db8::1], a port as :2525')
    : good(target)
}

function readGatewayDomain(text: string): string | undefined {
  if (text === '*') return text
  const domain = readDomain(text.startsWith('*.') ? text.slice(2) : text)
  return domain !== undefined && text.startsWith('*.') ? `*.${domain}` : domain
}

function readHostPort(text: string): HostPort | undefined {
  if (parseIp(text) !== undefined) return { host: text.toLowerCase(), port: SMTP_PORT }
  const [, literal, name, digits] = /^(?:\[([^\]]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/.exec(text) ?? []
  const port = digits === undefined ? SMTP_PORT : Number(digits)
  if (port < 1 || port > 65535) return undefined
  if (literal !== undefined) return parseIp(literal) === undefined ? undefined : { host: literal.toLowerCase(), port }
  const host = name === undefined ? undefined : readDomain(name)
  if (host === undefined) return undefined
  // All digits and dots but no address: 10.1.2 is a slip, not a host name (RFC 3696 2).
  return /^[\d.]+$/.test(host) && parseIp(host) === undefined ? undefined : { host, port }
}
