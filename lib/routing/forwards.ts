import { foldDomain, foldLocal, type Address } from '../address.js'
import type { At } from '../conf/problem.js'
import { compileWildcard, hasWildcard, type Matcher } from '../conf/wildcard.js'
import type { Written } from '../conf/destination.js'

/** A `forward` or `forward_cc` line. */
export interface ForwardRule {
  readonly pattern: string
  readonly keepsOriginal: boolean
  readonly destination: Written
  readonly at: At
}

/** All forward rules; `match` gives every rule that fits, in file order (manual: all matches are applied). */
export interface ForwardTable {
  match(address: Address): readonly ForwardRule[]
}

interface Ordered {
  readonly order: number
  readonly rule: ForwardRule
}

/** Exact left sides are found by one look-up, however many there are; wildcards are compiled here, once. */
export function forwardTable(rules: readonly ForwardRule[]): ForwardTable {
  const exact = new Map<string, Ordered[]>()
  const wild: (Ordered & { readonly matches: Matcher })[] = []
  rules.forEach((rule, order) => {
    const key = foldPattern(rule.pattern)
    if (hasWildcard(key)) {
      wild.push({ order, rule, matches: compileWildcard(key) })
    } else {
      const same = exact.get(key)
      if (same) same.push({ order, rule })
      else exact.set(key, [{ order, rule }])
    }
  })
  return {
    match({ key }) {
      const found = exact.get(key) ?? []
      const fitting = wild.filter(({ matches }) => matches(key))
      if (fitting.length === 0) return found.map(({ rule }) => rule)
      return [...found, ...fitting].sort((a, b) => a.order - b.order).map(({ rule }) => rule)
    },
  }
}

function foldPattern(pattern: string): string {
  const at = pattern.lastIndexOf('@')
  const domain = pattern.slice(at + 1)
  return `${foldLocal(pattern.slice(0, at))}@${hasWildcard(domain) ? domain.toLowerCase() : foldDomain(domain)}`
}
