import type { Entry } from './entry.js'
import { matchesEntry, matchesHeader, needsHeader, type Filter } from './filter.js'
import type { QueueHeader } from './header.js'
import type { QueueSight } from './sight.js'
import { inSlices } from './slices.js'

/** Entries looked at for one page, and so the most that is on it. */
export const PAGE = 500

/** Open at once; the oldest makes room for another. */
const MAX_OPEN = 32
const FORGET_MS = 60_000

export interface Found {
  readonly entry: Entry
  /** undefined where it was not read, or could not be. */
  readonly header: QueueHeader | undefined
}

export interface Page {
  readonly found: readonly Found[]
  /** Entries that were looked at for it. */
  readonly looked: number
  /** Whether there is another page. */
  readonly more: boolean
}

/** Questions for part of the queue that are answered page by page. */
export interface Queries {
  /** Keeps which entries match now, oldest first; resolves to how many are to be looked at. */
  open(query: string, filter: Filter): Promise<number>
  /** The next page, empty after the last one; undefined for a query that is not open. Headers are read if the filter needs them or `headers` says so. */
  next(query: string, want: { readonly headers: boolean }): Promise<Page | undefined>
  /** The filter of an open query. */
  filterOf(query: string): Filter | undefined
  forget(query: string): void
  close(): void
}

interface Open {
  readonly filter: Filter
  readonly ids: readonly string[]
  at: number
  timer: NodeJS.Timeout
}

/** Queries are forgotten a minute after they were last asked for a page. */
export function createQueries(sight: QueueSight): Queries {
  const queries = new Map<string, Open>()

  function forget(query: string): void {
    clearTimeout(queries.get(query)?.timer)
    queries.delete(query)
  }

  function laterForget(query: string): NodeJS.Timeout {
    return setTimeout(forget, FORGET_MS, query).unref()
  }

  return {
    async open(query, filter) {
      const ids = await matching(sight, filter)
      for (const oldest of queries.keys()) {
        if (queries.size < MAX_OPEN) break
        forget(oldest)
      }
      forget(query)
      queries.set(query, { filter, ids, at: 0, timer: laterForget(query) })
      return ids.length
    },
    async next(query, want) {
      const open = queries.get(query)
      if (open === undefined) return undefined
      const { filter, ids, at } = open
      clearTimeout(open.timer)
      open.timer = laterForget(query)
      open.at = Math.min(at + PAGE, ids.length)
      const more = open.at < ids.length
      const entries = ids.slice(at, open.at).flatMap((id) => sight.index.get(id) ?? [])
      const looked = open.at - at
      if (!want.headers && !needsHeader(filter)) {
        return { found: entries.map((entry) => ({ entry, header: undefined })), looked, more }
      }
      const headers = await headersOf(sight, entries)
      const found = entries
        .map((entry, n) => ({ entry, header: headers[n] }))
        // What came to its end meanwhile is not in the queue any more.
        .filter(({ entry }) => sight.index.get(entry.id) === entry)
        .filter(({ entry, header }) =>
          header === undefined ? !needsHeader(filter) : matchesHeader(filter, entry, header),
        )
      return { found, looked, more }
    },
    filterOf: (query) => queries.get(query)?.filter,
    forget,
    close() {
      for (const query of [...queries.keys()]) forget(query)
    },
  }
}

async function matching(sight: QueueSight, filter: Filter): Promise<string[]> {
  const found: Entry[] = []
  await inSlices(candidates(sight, filter), (entry) => {
    if (matchesEntry(filter, entry)) found.push(entry)
  })
  return found.sort((one, other) => one.arrivedMs - other.arrivedMs).map(({ id }) => id)
}

/** What is asked for a few messages or domains costs nothing of the rest. */
function candidates({ index }: QueueSight, { names, domain }: Filter): Iterable<Entry> {
  if (names !== undefined && names.pattern === undefined && names.uuids.length === 0) {
    return [...names.ids].flatMap((id) => index.get(id) ?? [])
  }
  return domain?.exact?.flatMap((name) => index.forDomain(name, false)) ?? index.all()
}

/** A file that was renamed while its header was to be read has a second chance. */
async function headersOf(sight: QueueSight, entries: readonly Entry[]): Promise<(QueueHeader | undefined)[]> {
  const files = entries.map(({ file }) => file)
  const headers = [...(await sight.readHeaders(files))]
  const renamed = entries.flatMap(({ file }, at) => (headers[at] === undefined && file !== files[at] ? [at] : []))
  if (renamed.length === 0) return headers
  const again = await sight.readHeaders(renamed.flatMap((at) => entries[at]?.file ?? []))
  renamed.forEach((at, n) => {
    headers[at] = again[n]
  })
  return headers
}
