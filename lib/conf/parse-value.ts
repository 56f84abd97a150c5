import { parseAnyDomainPath, parseDomainPath, parseGateway, parseHostPort, parseVirtualDomain } from './value-domain.js'
import {
  parseDomain,
  parseDomainPatterns,
  parseForward,
  parseIps,
  parseMailAddress,
  parsePatterns,
} from './value-mail.js'
import {
  parseAliasTable,
  parseAuthentMethod,
  parseBool,
  parseCommand,
  parseHashSpool,
  parseInt10,
  parsePath,
  parseRedisTable,
  parseText,
  parseWord,
} from './value-plain.js'
import type { Kind, Parsed, ValueByKind, ValueContext, ValueParser } from './value.js'

const PARSERS: { readonly [K in Kind]: ValueParser<ValueByKind[K]> } = {
  bool: parseBool,
  int: parseInt10,
  word: parseWord,
  text: parseText,
  path: parsePath,
  domain: parseDomain,
  address: parseMailAddress,
  ips: parseIps,
  patterns: parsePatterns,
  domains: parseDomainPatterns,
  forward: parseForward,
  vdomain: parseVirtualDomain,
  'domain-path': parseDomainPath,
  'any-domain-path': parseAnyDomainPath,
  'alias-table': parseAliasTable,
  'redis-table': parseRedisTable,
  gateway: parseGateway,
  'host-port': parseHostPort,
  command: parseCommand,
  'authent-method': parseAuthentMethod,
  'hash-spool': parseHashSpool,
}

/** Reads the value of one setting; errors are data (C7), offsets count from the start of `text`. */
export function parseValue<K extends Kind>(kind: K, text: string, context: ValueContext): Parsed<ValueByKind[K]> {
  return PARSERS[kind](text, context)
}
