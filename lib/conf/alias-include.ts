import { isUtf8 } from 'node:buffer'
import { parseListLine, type AliasItem, type AliasSource } from './alias-entry.js'
import { LF, lineKind } from './alias-scan.js'
import type { MapPath } from './paths.js'
import type { ProblemLog } from './problem-log.js'
import type { At } from './problem.js'
import { readRegularFile } from './read-file.js'

const MAX_LIST_BYTES = 16 * 1024 * 1024
/** R6 takes the limit of C3. */
const MAX_LEVELS = 16
const MAX_LISTS = 1024

/** Lists named with `:include:`, by path; items may name further lists. */
export type IncludedLists = ReadonlyMap<string, readonly AliasItem[]>

interface List {
  readonly items: readonly AliasItem[]
  /** Levels of lists from this one down; 1 where it includes none. */
  readonly height: number
}

interface Loading {
  readonly mapPath: MapPath
  readonly log: ProblemLog
  readonly lists: Map<string, List>
  readonly files: Set<string>
}

/** Reads every list that the items name, and the lists those name. Errors go to `log`, at the place of the naming. */
export async function loadIncludes(
  items: readonly AliasItem[],
  mapPath: MapPath,
  log: ProblemLog,
): Promise<{ readonly lists: IncludedLists; readonly files: readonly string[] }> {
  const loading: Loading = { mapPath, log, lists: new Map(), files: new Set() }
  for (const { written, at } of items) {
    if (written.kind === 'include') await loadList(loading, written.path, at, [])
  }
  const lists = new Map(Array.from(loading.lists, ([path, list]) => [path, list.items]))
  return { lists, files: [...loading.files] }
}

/** The list, or undefined where the naming of it is an error. */
async function loadList(loading: Loading, path: string, at: At, chain: readonly string[]): Promise<List | undefined> {
  const report = (message: string, hint: string): void => {
    loading.log.add({ severity: 'error', at, message, hint })
  }
  if (chain.includes(path)) {
    const names = [...chain.slice(chain.indexOf(path)), path]
    report(`:include: goes in a circle: ${names.join(' -> ')}`, 'remove one of these lines')
    return undefined
  }
  const known = loading.lists.get(path)
  if (chain.length + (known?.height ?? 1) > MAX_LEVELS) {
    report(`:include: goes deeper than ${MAX_LEVELS} levels`, 'include the list from a higher one')
    return undefined
  }
  if (known !== undefined) return known
  if (loading.files.size >= MAX_LISTS) {
    report(`more than ${MAX_LISTS} lists are included`, 'join some of them')
    return undefined
  }
  loading.files.add(path)
  const content = await readRegularFile(path, MAX_LIST_BYTES)
  if (!content.ok) {
    report(content.message, content.hint)
    return undefined
  }

  const source: AliasSource = { ...sourceOf(content.data), label: path, mapPath: loading.mapPath }
  const items: AliasItem[] = []
  let height = 1
  for (const item of parseItems(source, loading.log)) {
    const { written } = item
    if (written.kind === 'include') {
      const inner = await loadList(loading, written.path, item.at, [...chain, path])
      if (inner === undefined) continue
      height = Math.max(height, inner.height + 1)
    }
    items.push(item)
  }
  if (items.length === 0) {
    loading.log.add({ severity: 'warning', at, message: `"${path}" names no destination`, hint: 'the list is empty' })
  }
  const list = { items, height }
  loading.lists.set(path, list)
  return list
}

/** The bytes after a byte order mark, and their encoding (C2). */
export function sourceOf(data: Buffer): Pick<AliasSource, 'data' | 'encoding'> {
  const bom = data.length >= 3 && data.readUIntBE(0, 3) === 0xefbbbf
  return { data: bom ? data.subarray(3) : data, encoding: isUtf8(data) ? 'utf8' : 'latin1' }
}

function parseItems(source: AliasSource, log: ProblemLog): AliasItem[] {
  const { data } = source
  const items: AliasItem[] = []
  let start = 0
  for (let line = 1; start < data.length; line++) {
    const found = data.indexOf(LF, start)
    const end = found < 0 ? data.length : found
    if (lineKind(data, start, end) !== 'none') {
      const parsed = parseListLine(source, { start, end, line })
      for (const item of parsed.items) items.push(item)
      parsed.problems.forEach(log.add)
    }
    start = end + 1
  }
  return items
}

/** Destinations with lists in the place of their names; `missing` names a list that could not be read. */
export interface Expanded {
  readonly items: readonly AliasItem[]
  readonly missing: string | undefined
}

/** Puts lists in the place of their names. A list named twice counts once: its destinations are the same (R3). */
export function expandItems(items: readonly AliasItem[], lists: IncludedLists): Expanded {
  if (!items.some(({ written }) => written.kind === 'include')) return { items, missing: undefined }
  let missing: string | undefined
  const expanded: AliasItem[] = []
  const done = new Set<string>()
  // The depth is bounded by MAX_LEVELS when the lists are loaded.
  const append = (from: readonly AliasItem[]): void => {
    for (const item of from) {
      if (item.written.kind !== 'include') {
        expanded.push(item)
      } else if (!done.has(item.written.path)) {
        done.add(item.written.path)
        const list = lists.get(item.written.path)
        if (list === undefined) missing = item.written.path
        else append(list)
      }
    }
  }
  append(items)
  return { items: expanded, missing }
}
