import { parseKey } from '../conf/alias-entry.js'
import type { TableCount } from '../conf/check.js'
import type { Configuration } from '../conf/load.js'
import { misnamed, type OtherNames } from '../conf/other-names.js'
import type { MapPath } from '../conf/paths.js'
import { problemLog } from '../conf/problem-log.js'
import type { Problem } from '../conf/problem.js'
import { redisTables, type NamedTable } from '../conf/redis-tables.js'
import { errorText } from '../error.js'
import { fieldOf, isForwardKey } from './fields.js'
import type { RedisTables } from './tables.js'
import { placeIn, readValue } from './value.js'

/** Entries of a table that are looked at; a check must end on a site with a million, too. */
const MAX_ENTRIES = 10_000

export interface CheckedTables {
  readonly problems: readonly Problem[]
  readonly counts: readonly TableCount[]
}

/** Counts the tables in Redis and looks at what is in them, or at some of it. One that cannot be asked is a warning. */
export async function checkTables(
  { conf, mapPath }: Configuration,
  names: OtherNames,
  redis: RedisTables,
): Promise<CheckedTables> {
  const problems: Problem[] = []
  const counts = new Map<string, number>()
  for (const named of redisTables(conf)) {
    const { table, at } = named
    const key = redis.keyOf(table)
    try {
      const entries = await redis.store.size(key)
      counts.set(table, entries)
      problems.push(...(await lookAtSome(named, key, redis, mapPath, names)))
      if (entries > 0) continue
      const hint = `fill it, as with "dmail tables import FILE ${table}"`
      problems.push({
        severity: 'warning',
        at,
        message: `there is no hash ${key} in Redis: mail that may concern it gets 451`,
        hint,
      })
    } catch (error) {
      const message = `${table} cannot be looked into: ${errorText(error)}`
      const hint = 'mail for names that are not known from before gets 451 meanwhile'
      problems.push({ severity: 'warning', at, message, hint })
    }
  }
  return { problems, counts: Array.from(counts, ([table, entries]) => ({ table, entries })) }
}

async function lookAtSome(
  named: NamedTable,
  key: string,
  redis: RedisTables,
  mapPath: MapPath,
  names: OtherNames,
): Promise<Problem[]> {
  const log = problemLog(named.table)
  let seen = 0
  for await (const some of redis.store.scan(key)) {
    for (const [field, value] of some)
      for (const problem of judge(named, field, value, mapPath, names)) log.add(problem)
    seen += some.length
    if (seen >= MAX_ENTRIES) break
  }
  return log.problems()
}

/** What is wrong with one entry: an error where mail is deferred for it, a warning where it is never met. */
function judge(
  { table, holds }: NamedTable,
  field: string,
  value: string,
  mapPath: MapPath,
  names: OtherNames,
): Problem[] {
  const at = placeIn(table, field)
  const key = parseKey(field)
  if (typeof key === 'string') {
    return [
      { severity: 'warning', at, message: `no look-up asks for it: it ${key}`, hint: 'write it as in an alias file' },
    ]
  }
  const asked = fieldOf(key)
  if (asked !== field) {
    const hint = asked === undefined ? 'remove it' : `write it as ${asked}`
    return [{ severity: 'warning', at, message: 'no look-up asks for it', hint }]
  }
  if (holds === 'forwards' && !isForwardKey(key)) {
    const hint = 'the keys of a forward_table are user@domain, *@domain and *'
    return [{ severity: 'warning', at, message: 'no forward asks for it', hint }]
  }
  const wrong = holds === 'aliases' ? misnamed(key, names) : undefined
  if (wrong !== undefined) return [{ severity: 'warning', at, message: `it ${wrong.message}`, hint: wrong.hint }]
  const read = readValue(table, field, value, mapPath)
  return read.ok ? [] : [{ severity: 'error', at, message: read.message, hint: read.hint }]
}
