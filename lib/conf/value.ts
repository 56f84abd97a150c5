import type { Address } from '../address.js'
import type { Written } from './destination.js'
import type { MapPath } from './paths.js'
import type { Matcher } from './wildcard.js'

/** A comma list of patterns (C4), as written and ready to use. */
export interface PatternList {
  readonly text: string
  readonly matches: Matcher
}

/** Value of `forward` and `forward_cc`. */
export interface ForwardRule {
  /** Left side: `user@domain` unquoted, wildcards anywhere, a domain without wildcards as A-label. */
  readonly pattern: string
  readonly destination: Written
  /** The destination has no `@`: it is a user of the main domain (R5). */
  readonly bareDomain: boolean
}

/** Value of `vdomain`: `vdomain <prefix> <@suffix | ip> <domain> <drop_path>` (semantics 4). */
export interface VirtualDomain {
  readonly prefix: string
  /** Field 2: the login suffix or local IP by which DPOP told its users apart. */
  readonly login: string
  readonly domain: string
  readonly path: string
}

/** Value of `alias_file_domain` and `alt_drop_path`; `domain` may be `*` in the former. */
export interface DomainPath {
  readonly domain: string
  readonly path: string
}

/** A server to connect to. */
export interface HostPort {
  /** Host name or IP, an IPv6 address without brackets. */
  readonly host: string
  readonly port: number
}

/** Value of `gateway` (A3). */
export interface GatewayRule extends HostPort {
  /** A domain, `*.domain` for its sub-domains, or `*`. */
  readonly domain: string
}

/** The typed value of each kind of setting. */
export interface ValueByKind {
  bool: boolean
  int: number
  /** One word. */
  word: string
  /** The rest of the line. */
  text: string
  /** A path of this machine (C10). */
  path: string
  /** A domain as A-label in lower case. */
  domain: string
  address: Address
  ips: PatternList
  /** Patterns over addresses. */
  patterns: PatternList
  /** Patterns over domains; match A-labels in lower case. */
  domains: PatternList
  forward: ForwardRule
  vdomain: VirtualDomain
  'domain-path': DomainPath
  'any-domain-path': DomainPath
  gateway: GatewayRule
  'host-port': HostPort
  /** Argument vector; the program is a path of this machine or a bare name. */
  command: readonly [string, ...string[]]
  'authent-method': 'unix_user' | 'external'
  'hash-spool': 0 | 1 | 2 | 'scan'
}

export type Kind = keyof ValueByKind

/** Something to say about a value; `offset` counts characters from the value's start. */
export interface Remark {
  readonly message: string
  readonly hint: string
  readonly offset: number
}

export type Parsed<T> =
  { readonly ok: true; readonly value: T; readonly warnings: readonly Remark[] } | ({ readonly ok: false } & Remark)

/** What a value is judged by beside its text. */
export interface ValueContext {
  readonly name: string
  readonly mapPath: MapPath
  readonly min?: number | undefined
  readonly max?: number | undefined
}

/** Reads the value of one kind; the text has no blanks at its ends and is not empty. */
export type ValueParser<T> = (text: string, context: ValueContext) => Parsed<T>

export function good<T>(value: T, ...warnings: readonly Remark[]): Parsed<T> {
  return { ok: true, value, warnings }
}

export function bad(message: string, hint: string, offset = 0): { readonly ok: false } & Remark {
  return { ok: false, message, hint, offset }
}

/** A piece of a value and where it starts. */
export interface Piece {
  readonly text: string
  readonly offset: number
}

/** The words of a value, cut at blanks. */
export function splitWords(text: string): Piece[] {
  return Array.from(text.matchAll(/[^ \t]+/g), (match) => ({ text: match[0], offset: match.index }))
}

/**
 * Takes the quotes off a value quoted as a whole. The closing quote is the last one of the line, inner quotes stay
 * (C9). Undefined where the text starts with a quote and does not end with another.
 */
export function unquote(text: string): Piece | undefined {
  if (!text.startsWith('"')) return { text, offset: 0 }
  if (text.length < 2 || !text.endsWith('"')) return undefined
  const inner = text.slice(1, -1)
  return { text: inner.trim(), offset: 1 + inner.length - inner.trimStart().length }
}

/** Makes a parser of a whole value accept it in quotes as well, and refuse an empty one. */
export function quotable<T>(parse: ValueParser<T>): ValueParser<T> {
  return (text, context) => {
    const piece = unquote(text)
    if (piece === undefined)
      return bad('the closing quote is missing', 'the last character of a quoted value is its quote')
    if (piece.text === '') return bad('the value is empty', `remove the line or give ${context.name} a value`)
    const parsed = parse(piece.text, context)
    const { offset } = piece
    if (!parsed.ok) return { ...parsed, offset: parsed.offset + offset }
    return good(parsed.value, ...parsed.warnings.map((remark) => ({ ...remark, offset: remark.offset + offset })))
  }
}
