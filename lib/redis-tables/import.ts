import { randomUUID } from 'node:crypto'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { runScript, script } from '../cluster/scripts.js'
import type { AliasFileTable, LoadedAliases, WrittenEntry } from '../conf/alias-file.js'
import { formatKey } from '../conf/alias-index.js'
import type { MapPath } from '../conf/paths.js'
import { problemLog } from '../conf/problem-log.js'
import type { At, Problem } from '../conf/problem.js'
import type { NamedTable } from '../conf/redis-tables.js'
import { fieldOf, isForwardKey } from './fields.js'
import type { TableStore } from './store.js'
import { NO_INCLUDE, writeValue } from './value.js'

/** Fields of one command: a server that takes mail is held up for a millisecond. */
const AT_ONCE = 1000
/** An import that was killed leaves nothing for longer. */
const LEFT_SECONDS = 3600

/**
 * KEYS: what was written, the table. ARGV: how many fields. Where memory is short, or the import stood still for an hour, Redis may have
 * removed some of it: half a table would refuse mail. UNLINK frees a large table in the background, where RENAME alone would hold
 * everybody up.
 */
const REPLACE = script(`if redis.call('HLEN', KEYS[1]) ~= tonumber(ARGV[1]) then return 0 end
redis.call('UNLINK', KEYS[2])
redis.call('PERSIST', KEYS[1])
redis.call('RENAME', KEYS[1], KEYS[2])
return 1
`)

/** A file as a table: what would be wrong with it there, on top of what is wrong with it as a file. */
export async function judgeFile(
  { table, problems }: LoadedAliases,
  label: string,
  holds: NamedTable['holds'],
  mapPath: MapPath,
): Promise<Problem[]> {
  const log = problemLog(label)
  let seen = 0
  for (const entry of table.entries()) {
    const wrong = judge(entry, label, holds, mapPath)
    if (wrong !== undefined) log.add({ severity: 'error', ...wrong })
    if (++seen % AT_ONCE === 0) await nextTurn()
  }
  return [...problems, ...log.problems()]
}

function judge(
  { key, items, line }: WrittenEntry,
  label: string,
  holds: NamedTable['holds'],
  mapPath: MapPath,
): { readonly at: At; readonly message: string; readonly hint: string } | undefined {
  const at = items[0]?.at ?? { file: label, line }
  const list = items.find(({ written }) => written.kind === 'include')
  if (list !== undefined) return { at: list.at, ...NO_INCLUDE }
  const name = formatKey(key)
  if (fieldOf(key) === undefined) {
    return { at, message: `"${name}" cannot be a key in Redis`, hint: 'a prefix has at most 64 characters' }
  }
  if (holds === 'forwards' && !isForwardKey(key)) {
    return {
      at,
      message: `no forward asks for "${name}"`,
      hint: 'the keys of a forward_table are user@domain, *@domain and *',
    }
  }
  const written = items.map((item) => item.written)
  if (writeValue(written, mapPath) !== undefined) return undefined
  return {
    at,
    message: `the destinations of "${name}" cannot be written in one line`,
    hint: 'quote them in another way',
  }
}

export interface Progress {
  readonly done: number
  readonly total: number
}

export interface ImportOptions {
  readonly key: string
  /** Adds to what is there, or replaces single entries, instead of taking the place of all at once. */
  readonly merge: boolean
  readonly mapPath: MapPath
  readonly progress: (progress: Progress) => void
}

/** Writes a file that `judgeFile` found good. Until all is there the table stays what it was, unless `merge` is set. */
export async function importFile(
  table: AliasFileTable,
  store: TableStore,
  { key, merge, mapPath, progress }: ImportOptions,
): Promise<void> {
  const kind = await store.run((client) => client.type(key))
  if (kind !== 'none' && kind !== 'hash') throw new Error(`the key ${key} is there and holds no table but a ${kind}`)
  // No name of a table has a tilde.
  const target = merge ? key : `${key}~import-${randomUUID()}`
  try {
    let added = 0
    for await (const some of writeAll(table, store, target, mapPath)) {
      if (!merge && some.done <= AT_ONCE) await store.run((client) => client.expire(target, LEFT_SECONDS))
      added += some.added
      progress({ done: some.done, total: table.size })
    }
    if (merge) return
    const all = await store.run((client) => runScript(client, REPLACE, [target, key], [added]))
    if (all !== 1) throw new Error(`Redis has not kept what was written: the table ${key} stays what it was`)
  } catch (error) {
    if (!merge) await store.run((client) => client.unlink(target)).catch(() => undefined)
    throw error
  }
}

/** After each command how many entries are written, and how many fields that one has added. */
async function* writeAll(
  table: AliasFileTable,
  store: TableStore,
  target: string,
  mapPath: MapPath,
): AsyncGenerator<{ readonly done: number; readonly added: number }> {
  let some: [string, string][] = []
  let done = 0
  const write = async (): Promise<{ done: number; added: number }> => {
    const fields = some
    some = []
    const added = await store.run((client) => client.hSet(target, fields))
    done += fields.length
    return { done, added }
  }
  for (const { key, items } of table.entries()) {
    const field = fieldOf(key)
    const value = writeValue(
      items.map(({ written }) => written),
      mapPath,
    )
    if (field === undefined || value === undefined) continue
    some.push([field, value])
    if (some.length === AT_ONCE) yield await write()
  }
  if (some.length > 0) yield await write()
}
