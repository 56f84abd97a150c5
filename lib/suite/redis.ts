import { readRedisSettings } from '../cluster/settings.js'
import { redisTables } from '../conf/redis-tables.js'
import type { Log } from '../log.js'
import { openStore } from '../redis-tables/store.js'
import { createRedisTables, type RedisTables } from '../redis-tables/tables.js'
import type { Loaded } from './loaded.js'

/** What the tables in Redis were opened with, as text; undefined where there is nothing to open. */
export async function tablesKey({ configuration }: Loaded, harakaDir: string): Promise<string | undefined> {
  const { conf, ini } = configuration
  if (!ini.cluster.redis || redisTables(conf).length === 0) return undefined
  const { prefix, tableCache, tableKeep } = ini.cluster
  return JSON.stringify([await readRedisSettings(harakaDir), prefix, tableCache, tableKeep, [...ini.paths]])
}

/** The tables in Redis that the configuration names; they connect when they are first asked. Close them. */
export function openTables({ configuration }: Pick<Loaded, 'configuration'>, harakaDir: string, log: Log): RedisTables {
  const { ini, mapPath } = configuration
  const { prefix, tableCache, tableKeep } = ini.cluster
  return createRedisTables(openStore(harakaDir, log), { prefix, mapPath, freshMs: tableCache, keepMs: tableKeep })
}

/** The same for a command that asks and ends; undefined where there is nothing to open. */
export async function tablesFor(loaded: Loaded, harakaDir: string, log: Log): Promise<RedisTables | undefined> {
  return (await tablesKey(loaded, harakaDir)) === undefined ? undefined : openTables(loaded, harakaDir, log)
}
