import { passwordsOf } from './passwords.js'
import type { LookupResult, UserDirectory } from './types.js'

export interface CacheOptions {
  /** authent_cache: entries kept, the least recently used leaves first; 0 turns the cache off. */
  readonly size: number
  /** How long "found" and "unknown" are believed, in milliseconds. */
  readonly positiveMs: number
  readonly negativeMs: number
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number
}

/** Lifetimes of decision U3. */
export const LIFETIMES = { positiveMs: 300_000, negativeMs: 30_000 } as const

/**
 * Remembers the answers of `inner`, with the redirections they hold (semantics 5, decision U3). A failure is
 * never kept: the next look-up asks again.
 */
export function cachedDirectory(inner: UserDirectory, options: CacheOptions): UserDirectory {
  const { size, now } = options
  if (size <= 0) return inner
  const entries = new Map<string, { result: LookupResult; expires: number }>()
  let generation = 0

  function recall(name: string): LookupResult | undefined {
    const entry = entries.get(name)
    if (entry === undefined) return undefined
    entries.delete(name)
    if (entry.expires <= now()) return undefined
    entries.set(name, entry)
    return entry.result
  }

  function keep(name: string, result: LookupResult): void {
    if (result.kind === 'unavailable') return
    entries.delete(name)
    const lifetime = result.kind === 'found' ? options.positiveMs : options.negativeMs
    entries.set(name, { result, expires: now() + lifetime })
    if (entries.size <= size) return
    for (const oldest of entries.keys()) {
      entries.delete(oldest)
      return
    }
  }

  return {
    async lookup(name) {
      const known = recall(name)
      if (known !== undefined) return known
      const asked = generation
      const result = await inner.lookup(name)
      // An answer asked for before clear() may be the old one.
      if (asked === generation) keep(name, result)
      return result
    },
    ...passwordsOf(inner),
    clear() {
      generation++
      entries.clear()
      inner.clear()
    },
    close() {
      inner.close()
    },
  }
}
