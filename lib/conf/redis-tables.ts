import type { DmailConf } from './dmail-conf.js'
import type { DmailIni } from './ini-keys.js'
import type { At, Problem } from './problem.js'
import { isRedisTable } from './redis-table.js'

/** A table in Redis and the first line that names it. */
export interface NamedTable {
  /** `redis:NAME`. */
  readonly table: string
  readonly holds: 'aliases' | 'forwards'
  readonly at: At
}

/** Every table in Redis that a line names, each once for what it holds. */
export function redisTables(conf: DmailConf): NamedTable[] {
  const named = new Map<string, NamedTable>()
  const add = (table: string, holds: NamedTable['holds'], at: At): void => {
    const key = `${holds} ${table}`
    if (isRedisTable(table) && !named.has(key)) named.set(key, { table, holds, at })
  }
  for (const { value, valueAt } of conf.all('forward_table')) add(value, 'forwards', valueAt)
  for (const { value, valueAt } of conf.all('alias_file_domain')) add(value.path, 'aliases', valueAt)
  const global = conf.setting('alias_file')
  if (global !== undefined) add(global.value, 'aliases', global.valueAt)
  return [...named.values()]
}

/** Tables that cannot be looked into for want of Redis: their mail would be deferred. */
export function checkRedisTables(conf: DmailConf, { cluster }: DmailIni): Problem[] {
  if (cluster.redis) return []
  return redisTables(conf).map(({ table, at }) => ({
    severity: 'error',
    at,
    message: `${table} is a table in Redis, and Redis is not used`,
    hint: 'set redis=true in section [cluster] of dmail.ini, and say where it is in redis.ini; until then such mail gets 451',
  }))
}
