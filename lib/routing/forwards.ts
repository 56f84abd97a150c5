import { foldDomain, foldLocal, type Address } from '../address.js'
import type { AliasEntry } from '../conf/alias-file.js'
import type { At } from '../conf/problem.js'
import { compileWildcard, hasWildcard, type Matcher } from '../conf/wildcard.js'
import type { Written } from '../conf/destination.js'
import type { Maybe } from '../maybe.js'
import type { Doubt } from './tables.js'

/** A `forward` or `forward_cc` line. */
export interface ForwardRule {
  readonly pattern: string
  readonly keepsOriginal: boolean
  readonly destination: Written
  readonly at: At
}

/** All forward rules; `match` gives every rule that fits, in file order (manual: all matches are applied). */
export interface ForwardTable {
  match(address: Address, doubt: Doubt): Maybe<readonly ForwardRule[]>
}

/** Those of dmail.conf, which are there at once. */
export interface ForwardLines extends ForwardTable {
  match(address: Address): readonly ForwardRule[]
}

/** A forward_table: one entry at most, whose destinations all count. Rejects with Unavailable where nothing is known. */
export interface ForwardLookup {
  find(address: Address, doubt: Doubt): Maybe<AliasEntry | undefined>
}

interface Ordered {
  readonly order: number
  readonly rule: ForwardRule
}

/** Exact left sides are found by one look-up, however many there are; wildcards are compiled here, once. */
export function forwardTable(rules: readonly ForwardRule[]): ForwardLines {
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

/** The lines of dmail.conf and after them the tables, in the order of their lines: what any of them says is applied. */
export function withForwardTables(lines: ForwardLines, tables: readonly ForwardLookup[]): ForwardTable {
  if (tables.length === 0) return lines
  return {
    match(address, doubt) {
      const first = lines.match(address)
      const found = tables.map((table) => table.find(address, doubt))
      const known: ForwardRule[] = []
      for (const entry of found) {
        if (entry instanceof Promise) return allOf(first, found)
        known.push(...rulesOf(entry))
      }
      return known.length === 0 ? first : [...first, ...known]
    },
  }
}

async function allOf(
  first: readonly ForwardRule[],
  found: readonly Maybe<AliasEntry | undefined>[],
): Promise<readonly ForwardRule[]> {
  const entries = await Promise.all(found.map((entry) => Promise.resolve(entry)))
  return [...first, ...entries.flatMap(rulesOf)]
}

/** `$user` among the destinations keeps the original, as in any rule (R1). */
function rulesOf(entry: AliasEntry | undefined): ForwardRule[] {
  if (entry === undefined) return []
  return entry.items.map(({ written, at }) => ({
    pattern: entry.key,
    keepsOriginal: false,
    destination: written,
    at: { file: at.file, line: at.line },
  }))
}

function foldPattern(pattern: string): string {
  const at = pattern.lastIndexOf('@')
  const domain = pattern.slice(at + 1)
  return `${foldLocal(pattern.slice(0, at))}@${hasWildcard(domain) ? domain.toLowerCase() : foldDomain(domain)}`
}
