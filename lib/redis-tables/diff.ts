import { parseKey } from '../conf/alias-entry.js'
import type { AliasFileTable, AliasItem } from '../conf/alias-file.js'
import type { MapPath } from '../conf/paths.js'
import { formatWritten } from '../conf/destination.js'
import { fieldOf } from './fields.js'
import type { TableStore } from './store.js'
import { readValue, sameDestinations } from './value.js'

const AT_ONCE = 1000

/** A key that a file and a table do not agree on; null: it is not there. */
export interface Difference {
  readonly key: string
  readonly file: string | null
  readonly redis: string | null
}

interface Asked {
  readonly field: string
  readonly items: readonly AliasItem[]
}

/** Where a file and a table differ by what they mean: first in the order of the file, then what only the table has. */
export async function* differences(
  table: AliasFileTable,
  store: Pick<TableStore, 'values' | 'scan'>,
  key: string,
  mapPath: MapPath,
): AsyncGenerator<Difference> {
  let some: Asked[] = []
  for (const { key: name, items } of table.entries()) {
    const field = fieldOf(name)
    if (field === undefined) yield { key: name.text, file: textOf(items), redis: null }
    else some.push({ field, items })
    if (some.length < AT_ONCE) continue
    yield* compare(some, await valuesOf(some, store, key), mapPath)
    some = []
  }
  yield* compare(some, await valuesOf(some, store, key), mapPath)
  yield* onlyInRedis(table, store, key)
}

function valuesOf(some: readonly Asked[], store: Pick<TableStore, 'values'>, key: string) {
  const fields = some.map(({ field }) => field)
  return fields.length === 0 ? [] : store.values(key, fields)
}

function* compare(some: readonly Asked[], values: readonly (string | null)[], mapPath: MapPath): Generator<Difference> {
  for (const [at, { field, items }] of some.entries()) {
    const value = values[at] ?? null
    const read = value === null ? undefined : readValue('', field, value, mapPath)
    if (read?.ok === true && sameDestinations(items, read.entry.items)) continue
    yield { key: field, file: textOf(items), redis: value }
  }
}

async function* onlyInRedis(
  table: AliasFileTable,
  store: Pick<TableStore, 'scan'>,
  key: string,
): AsyncGenerator<Difference> {
  // A scan may show one twice.
  const told = new Set<string>()
  for await (const some of store.scan(key)) {
    for (const [field, value] of some) {
      const name = parseKey(field)
      const isInFile = typeof name !== 'string' && table.has(name) && fieldOf(name) === field
      if (isInFile || told.has(field)) continue
      told.add(field)
      yield { key: field, file: null, redis: value }
    }
  }
}

function textOf(items: readonly AliasItem[]): string {
  return items.map(({ written }) => formatWritten(written)).join(', ')
}

/** The lines of a table as an alias file, each key once. */
export async function* linesOf(store: Pick<TableStore, 'scan'>, key: string): AsyncGenerator<string> {
  const told = new Set<string>()
  for await (const some of store.scan(key)) {
    for (const [field, value] of some) {
      if (told.has(field)) continue
      told.add(field)
      yield `${field}: ${value.replace(/[\r\n]+/g, ' ')}\n`
    }
  }
}
