import { domainToUnicode } from 'node:url'
import { foldDomain, unquoteLocal } from '../address.js'

/** Stands for what a sender is not to see. */
const HIDDEN = '(hidden)'

/**
 * A next hop's words about `target`, for a sender who wrote to `given` and does not know of the target: its address, its
 * local part, its domain, hosts below that domain and `host`, the next hop, are left out. The reply code and what else was said
 * stays.
 */
export function hideTarget(words: string, target: string, given: string, host = ''): string {
  const at = target.lastIndexOf('@')
  if (at < 1) return words
  const local = target.slice(0, at)
  const domain = target.slice(at + 1)
  const secrets = [
    `[^\\s<>()"':;,]*${anyOf(domain, foldDomain(domain), domainToUnicode(domain))}`,
    ...(host === '' ? [] : [escaped(host)]),
    // As a word: not in the middle of another one, but a sentence may end with it.
    `(?<!\\w|\\w[.+-])${anyOf(local, unquoteLocal(local))}(?!\\w|[.+-]\\w)`,
  ].map((secret) => new RegExp(secret, 'gi'))
  // The address the sender used may have parts in common with the target, and stays readable.
  return words
    .split(new RegExp(anyOf(target, given), 'gi'))
    .map((piece) => secrets.reduce((text, secret) => text.replace(secret, HIDDEN), piece))
    .join(given)
}

/** Matches each of these texts as it is; not the empty one, into which no text that is no domain can be changed. */
function anyOf(...texts: string[]): string {
  return `(?:${texts
    .filter((text) => text !== '')
    .map(escaped)
    .join('|')})`
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')
}
