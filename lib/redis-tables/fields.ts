import type { AliasKey } from '../conf/alias-entry.js'

/*
 * The fields of a table's hash: the left side as an alias file writes it, folded, in quotes only where it needs them. So each name
 * has one field, and look-ups and imports agree on it.
 */

/** No prefix key is longer: a local part has no more (RFC 5321 4.5.3.1.1). */
export const MAX_PREFIX = 64

/** What no name of an alias has: wildcards and control characters. */
const NEVER = /[*?\u0000-\u001f\u007f]/
/** A name that stands without quotes. */
const PLAIN = /^(?!#)[^\s:"@<>(),;|\\]+$/
/** Where a prefix key ends at the latest; it cannot be put into quotes. */
const PREFIX_END = /[\s:"<>(),;|*?\u0000-\u001f\u007f]|^#/
const HIGH_HALF = /[\ud800-\udbff]$/

/** The field of a name, folded, at a domain or at any; undefined for one that no alias can have. */
export function nameField(local: string, domain?: string): string | undefined {
  if (local === '' || NEVER.test(local)) return undefined
  const name = PLAIN.test(local) ? local : quoted(local, domain !== undefined)
  return domain === undefined ? name : `${name}@${domain}`
}

function quoted(local: string, hasDomain: boolean): string {
  // "sales@domain1.com" in quotes as a whole would be that address.
  return `"${local.replace(hasDomain ? /["\\]/g : /["\\@]/g, '\\$&')}"`
}

/** The fields of `user@domain` and of `user`, in look-up order (R6). */
export function nameFields(local: string, domain: string): string[] {
  return [nameField(local, domain), nameField(local)].filter((field) => field !== undefined)
}

/** The fields of every prefix key that may fit, longest first, `prefix*@domain` before `prefix*` (R9). */
export function prefixFields(local: string, domain: string): string[] {
  const end = local.search(PREFIX_END)
  const fields: string[] = []
  for (let length = Math.min(end < 0 ? local.length : end, MAX_PREFIX); length >= 0; length--) {
    const prefix = local.slice(0, length)
    // Half a character is in no key.
    if (HIGH_HALF.test(prefix)) continue
    fields.push(`${prefix}*@${domain}`)
    if (!prefix.includes('@')) fields.push(`${prefix}*`)
  }
  return fields
}

/** The fields that a forward_table is asked for: the address, its domain, everything. */
export function forwardFields(local: string, domain: string): string[] {
  return [nameField(local, domain), `*@${domain}`, '*'].filter((field) => field !== undefined)
}

/** True for a key that a forward_table is asked for. */
export function isForwardKey({ text, hasDomain, isPrefix }: AliasKey): boolean {
  if (!isPrefix) return hasDomain
  return hasDomain ? text.startsWith('@') : text === ''
}

/** The field of a key of an alias file; undefined for one that no look-up would ask for. */
export function fieldOf({ text, hasDomain, isPrefix }: AliasKey): string | undefined {
  const at = hasDomain ? text.lastIndexOf('@') : text.length
  const local = text.slice(0, at)
  const domain = hasDomain ? text.slice(at + 1) : undefined
  if (!isPrefix) return nameField(local, domain)
  if (local.length > MAX_PREFIX || PREFIX_END.test(local)) return undefined
  return domain === undefined ? `${local}*` : `${local}*@${domain}`
}
