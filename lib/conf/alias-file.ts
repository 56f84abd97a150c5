import { setImmediate as nextTurn } from 'node:timers/promises'
import { foldDomain, foldLocal } from '../address.js'
import { aliasKey, parseEntry, type AliasItem, type AliasKey, type AliasSource, type Extent } from './alias-entry.js'
import { expandItems, loadIncludes, sourceOf, type IncludedLists } from './alias-include.js'
import { aliasIndex, formatKey, MAX_KEYS, type AliasIndex } from './alias-index.js'
import { LF, lineKind, usualColon } from './alias-scan.js'
import { misnamed, type OtherNames } from './other-names.js'
import type { MapPath } from './paths.js'
import { problemLog, type ProblemLog } from './problem-log.js'
import { formatAt, type Problem } from './problem.js'
import { readRegularFile } from './read-file.js'

export type { AliasItem } from './alias-entry.js'

/** The destinations of a key, all entries with that key joined and `:include:` lists in their places. */
export interface AliasEntry {
  /** A list that is named and could not be read: the destinations are not all known then. */
  readonly missing: string | undefined
  /** `sales`, `sales@domain1.com`, `sales*` or `*`, folded. */
  readonly key: string
  readonly items: readonly AliasItem[]
}

/** The aliases of one file; look-ups cost the same whatever the size of the file. */
export interface AliasTable {
  /** The entry of `local@domain`, else that of `local` (R6). */
  find(local: string, domain: string): AliasEntry | undefined
  /** The entry of the longest prefix key that fits, `prefix*@domain` before `prefix*` (R9). */
  findPrefix(local: string, domain: string): AliasEntry | undefined
  /** Number of different keys. */
  readonly size: number
  /** Every key, folded. */
  keys(): Generator<string>
}

/** One key as the file has it, the destinations of all its lines joined and `:include:` not expanded. */
export interface WrittenEntry {
  readonly key: AliasKey
  readonly items: readonly AliasItem[]
  /** Line of the first one. */
  readonly line: number
}

/** The table of a file that is there as a whole. */
export interface AliasFileTable extends AliasTable {
  /** Every entry, parsed as it is come to. */
  entries(): Generator<WrittenEntry>
  has(key: AliasKey): boolean
}

export interface LoadedAliases {
  readonly table: AliasFileTable
  /** False when the file as a whole could not be read: its aliases are not known then. */
  readonly readable: boolean
  readonly problems: readonly Problem[]
  /** Absolute paths of the file and its lists, read or missed, for a watcher. */
  readonly files: readonly string[]
}

const MAX_FILE_BYTES = 256 * 1024 * 1024
/** Some 10 ms of work: a reload must not keep a server that is taking mail from its connections. */
const LINES_PER_TURN = 10_000

/**
 * Loads an alias file (R6, R9). `file` is its full path, `label` what messages call it. A file that cannot be read is
 * an error and an empty table; a bad line is an error and left out (C7). A key at one of `names` is a warning.
 */
export async function loadAliasFile(
  file: string,
  label: string,
  mapPath: MapPath,
  names: OtherNames = new Map(),
): Promise<LoadedAliases> {
  const log = problemLog(label)
  const index = aliasIndex()
  const content = await readRegularFile(file, MAX_FILE_BYTES)
  if (!content.ok) {
    log.add({ severity: 'error', at: { file: label, line: 1 }, message: content.message, hint: content.hint })
  }
  const source: AliasSource = { ...sourceOf(content.ok ? content.data : Buffer.alloc(0)), label, mapPath }
  const included = await indexEntries(source, index, names, log)
  const { lists, files } = await loadIncludes(included, mapPath, log)
  return {
    table: aliasTable(source, index, lists),
    readable: content.ok,
    problems: log.problems(),
    files: [file, ...files],
  }
}

/** Fills the index and returns the `:include:` items met. */
async function indexEntries(
  source: AliasSource,
  index: AliasIndex,
  names: OtherNames,
  log: ProblemLog,
): Promise<AliasItem[]> {
  const { data, label } = source
  const included: AliasItem[] = []
  let entry: Extent | undefined
  // Offset of the colon while the entry is one usual line; -1 once it needs the whole parser.
  let colon = -1
  const finish = (): void => {
    if (entry === undefined) return
    const key = colon < 0 ? parsedKey(source, entry, log, included) : usualKey(source, entry.start, colon)
    if (key === undefined) return
    const earlier = index.add(key, entry)
    const wrong = earlier === undefined ? misnamed(key, names) : givenTwice(earlier, label)
    if (wrong === undefined) return
    const message = `"${formatKey(key)}" ${wrong.message}`
    log.add({ severity: 'warning', at: { file: label, line: entry.line, column: 1 }, message, hint: wrong.hint })
  }

  let start = 0
  for (let line = 1; start < data.length; line++) {
    const found = data.indexOf(LF, start)
    const end = found < 0 ? data.length : found
    const kind = lineKind(data, start, end)
    if (kind === 'key') {
      finish()
      entry = { start, end, line }
      colon = usualColon(data, start, end)
    } else if (kind === 'more' && entry !== undefined) {
      entry = { ...entry, end }
      colon = -1
    } else if (kind === 'more') {
      const message = 'the line begins with a blank and there is no entry to continue'
      log.add({ severity: 'error', at: { file: label, line, column: 1 }, message, hint: 'remove the blank' })
    }
    start = end + 1
    if (line % LINES_PER_TURN === 0) await nextTurn()
    if (index.size() > MAX_KEYS) {
      const message = `the file has more than ${MAX_KEYS} entries`
      log.add({ severity: 'error', at: { file: label, line }, message, hint: 'keep so many users in a user module' })
      return included
    }
  }
  finish()
  return included
}

/** The key of a usual line: ASCII, so that lower case is all the folding there is. */
function usualKey({ data }: AliasSource, start: number, colon: number): AliasKey {
  const text = data.toString('latin1', start, colon).toLowerCase()
  return { text, hasDomain: text.includes('@'), isPrefix: false }
}

/** The key of any other line; undefined where it is ignored as a whole. */
function parsedKey(source: AliasSource, extent: Extent, log: ProblemLog, included: AliasItem[]): AliasKey | undefined {
  const { key, items, problems } = parseEntry(source, extent)
  problems.forEach(log.add)
  // An alias to nowhere would swallow mail.
  if (items.length === 0) return undefined
  for (const item of items) if (item.written.kind === 'include') included.push(item)
  return key
}

function givenTwice({ line }: Extent, file: string): { readonly message: string; readonly hint: string } {
  return {
    message: `is given twice, first at ${formatAt({ file, line })}`,
    hint: 'the destinations of both lines are used; join them in one line',
  }
}

function aliasTable(source: AliasSource, index: AliasIndex, lists: IncludedLists): AliasFileTable {
  const itemsOf = (key: AliasKey): readonly AliasItem[] =>
    index.get(key).flatMap((extent) => parseEntry(source, extent).items)
  const lookUp = (key: AliasKey): AliasEntry | undefined => {
    const { items, missing } = expandItems(itemsOf(key), lists)
    if (items.length === 0 && missing === undefined) return undefined
    return { key: formatKey(key), items, missing }
  }
  const lookUpEither = (local: string, domain: string, isPrefix: boolean): AliasEntry | undefined =>
    lookUp(aliasKey(local, domain, isPrefix)) ?? lookUp(aliasKey(local, undefined, isPrefix))
  return {
    find: (local, domain) => lookUpEither(foldLocal(local), foldDomain(domain), false),
    findPrefix: (local, domain) => {
      const name = foldLocal(local)
      const at = foldDomain(domain)
      for (let length = Math.min(name.length, index.longestPrefix()); length >= 0; length--) {
        const entry = lookUpEither(name.slice(0, length), at, true)
        if (entry !== undefined) return entry
      }
      return undefined
    },
    size: index.size(),
    *keys() {
      for (const key of index.keys()) yield formatKey(key)
    },
    *entries() {
      for (const key of index.keys()) yield { key, items: itemsOf(key), line: index.get(key)[0]?.line ?? 1 }
    },
    has: (key) => index.get(key).length > 0,
  }
}
