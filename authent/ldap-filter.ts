import { hasWildcard } from '../lib/conf/wildcard.js'

/** A value as it stands in a filter (RFC 4515 section 3): what means something there becomes `\hh`. */
export function escapeFilterValue(value: string): string {
  return value.replace(/[\\*()\0]/g, (character) => `\\${character.charCodeAt(0).toString(16).padStart(2, '0')}`)
}

/** `%s` in a filter is the name, `%u` what stands before its last @, `%d` what stands behind it, `%%` a per cent sign. */
export function lookupFilter(template: string, name: string): string {
  return fill(template, name, escapeFilterValue, '')
}

/**
 * The filter that finds at least what a search pattern means: `?` has no counterpart and becomes `*`. A text without wildcards
 * may stand anywhere.
 */
export function searchFilter(template: string, pattern: string): string {
  const wild = hasWildcard(pattern) ? pattern.replace(/[*?]+/g, '*') : `*${pattern}*`
  return fill(template, wild, (part) => part.split('*').map(escapeFilterValue).join('*'), '*')
}

function fill(template: string, name: string, escape: (part: string) => string, noDomain: string): string {
  const at = name.lastIndexOf('@')
  const parts: Readonly<Record<string, string>> = {
    s: escape(name),
    u: escape(at < 0 ? name : name.slice(0, at)),
    d: at < 0 ? noDomain : escape(name.slice(at + 1)),
    '%': '%',
  }
  return template.replace(/%([sud%])/g, (_, key: string) => parts[key] ?? '')
}
