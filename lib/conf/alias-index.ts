import type { AliasKey, Extent } from './alias-entry.js'

/**
 * Where each entry of an alias file lies, by its key. Numbers in typed arrays and one map entry a key: a million
 * entries are some 150 MB, where as many parsed objects would be near a gigabyte.
 */
export interface AliasIndex {
  /** Remembers an entry; the extent of the first one with this key where there was one before. */
  add(key: AliasKey, extent: Extent): Extent | undefined
  /** The entries of a key, in file order. */
  get(key: AliasKey): readonly Extent[]
  /** The longest prefix there is, in UTF-16 units; -1 without prefix keys. */
  longestPrefix(): number
  size(): number
  keys(): Generator<AliasKey>
}

/** Many more would be more than a Map can hold. */
export const MAX_KEYS = 10_000_000

export function aliasIndex(): AliasIndex {
  let extents = new Uint32Array(3 * 1024)
  let count = 0
  // Four maps: a key without a domain may hold an @ of its own when it was quoted.
  const maps = { exact: new Map<string, number>(), exactAt: new Map<string, number>() }
  const prefixMaps = { exact: new Map<string, number>(), exactAt: new Map<string, number>() }
  const joined = new Map<number, number[]>()
  let longest = -1

  const mapOf = ({ isPrefix, hasDomain }: AliasKey): Map<string, number> => {
    const pair = isPrefix ? prefixMaps : maps
    return hasDomain ? pair.exactAt : pair.exact
  }
  const extentAt = (index: number): Extent => ({
    start: extents[3 * index] ?? 0,
    end: extents[3 * index + 1] ?? 0,
    line: extents[3 * index + 2] ?? 0,
  })

  return {
    add: (key, { start, end, line }) => {
      if (3 * count + 3 > extents.length) {
        const larger = new Uint32Array(2 * extents.length)
        larger.set(extents)
        extents = larger
      }
      extents.set([start, end, line], 3 * count)
      const index = count++
      const map = mapOf(key)
      const first = map.get(key.text)
      if (first === undefined) {
        map.set(key.text, index)
        if (key.isPrefix) longest = Math.max(longest, prefixLength(key))
        return undefined
      }
      const more = joined.get(first)
      if (more === undefined) joined.set(first, [index])
      else more.push(index)
      return extentAt(first)
    },
    get: (key) => {
      const first = mapOf(key).get(key.text)
      return first === undefined ? [] : [first, ...(joined.get(first) ?? [])].map(extentAt)
    },
    longestPrefix: () => longest,
    size: () => maps.exact.size + maps.exactAt.size + prefixMaps.exact.size + prefixMaps.exactAt.size,
    *keys() {
      for (const [pair, isPrefix] of [
        [maps, false],
        [prefixMaps, true],
      ] as const) {
        for (const text of pair.exact.keys()) yield { text, hasDomain: false, isPrefix }
        for (const text of pair.exactAt.keys()) yield { text, hasDomain: true, isPrefix }
      }
    },
  }
}

/** Length of the local part, which is the prefix; a domain has no @. */
function prefixLength({ text, hasDomain }: AliasKey): number {
  return hasDomain ? text.lastIndexOf('@') : text.length
}

/** A key as an alias file writes it, folded. */
export function formatKey(key: AliasKey): string {
  if (!key.isPrefix) return key.text
  const end = prefixLength(key)
  return `${key.text.slice(0, end)}*${key.text.slice(end)}`
}
