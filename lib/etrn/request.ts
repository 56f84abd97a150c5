import { readDomain } from '../conf/value-mail.js'
import type { ReplyName } from '../reply.js'

/** What a client asks for: the mail of a domain (folded), with `below` that of its sub-domains too. */
export interface EtrnNode {
  readonly domain: string
  readonly below: boolean
}

export type EtrnRequest =
  | ({ readonly kind: 'node' } & EtrnNode)
  | { readonly kind: 'refused'; readonly reply: Extract<ReplyName, `etrn${string}`> }

/**
 * The argument of an ETRN line, '' where there is none; undefined for any other command. `params` is what Haraka gives a hook
 * for commands it does not know: the first word and the rest, or the whole line where that has control characters.
 */
export function etrnArgument(params: readonly string[]): string | undefined {
  const [, argument] = /^ETRN(?=\s|$)([^]*)$/i.exec(params.join(' ')) ?? []
  // RFC 5321 4.1.1: blanks at the end are tolerated.
  return argument?.replace(/^ +|[ \t]+$/g, '')
}

/** No line end, quote, blank or control character, nor anything that IDNA or a URL would take for more than a name. */
const CHARACTERS = /^[A-Za-z0-9._\u0080-\u{10ffff}-]+$/u

/**
 * Reads the argument (Q4): `node` is exactly that domain, `@node` its sub-domains too; a `#queue` is nothing we have. Anything
 * that is no domain name is a syntax error, address literals included: mail for one is not looked for by name.
 */
export function readEtrn(argument: string): EtrnRequest {
  if (argument === '') return { kind: 'refused', reply: 'etrnNoArgument' }
  const [, option = '', name = ''] = /^([@#]?)([^]*)$/.exec(argument) ?? []
  if (name.length > 1000 || !CHARACTERS.test(name)) return { kind: 'refused', reply: 'etrnBadArgument' }
  if (option === '#') return { kind: 'refused', reply: 'etrnNoQueues' }
  const domain = readDomain(name)
  if (domain === undefined || !isHostName(domain)) return { kind: 'refused', reply: 'etrnBadArgument' }
  return { kind: 'node', domain, below: option === '@' }
}

/** RFC 1035 2.3.4: labels of at most 63 bytes. A last label of digits is an IP address (RFC 3696 2). */
function isHostName(domain: string): boolean {
  const labels = domain.split('.')
  return labels.every(({ length }) => length <= 63) && !/^\d+$/.test(labels.at(-1) ?? '')
}

/** The node as the replies name it. */
export function nodeText({ domain, below }: EtrnNode): string {
  return below ? `@${domain}` : domain
}
