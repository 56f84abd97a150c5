import type { AliasEntry } from '../conf/alias-file.js'
import type { MapPath } from '../conf/paths.js'
import { redisKey } from '../conf/redis-table.js'
import type { ForwardLookup } from '../routing/forwards.js'
import { Unavailable } from '../routing/run.js'
import type { AliasLookup } from '../routing/tables.js'
import { aliasLookup, forwardLookup } from './lookup.js'
import { createMemory } from './memory.js'
import type { TableStore } from './store.js'

/** The tables in Redis that a configuration names, with one memory for all. Tables are called `redis:NAME`. */
export interface RedisTables {
  aliases(table: string): AliasLookup
  forwards(table: string): ForwardLookup
  readonly store: TableStore
  /** The key of a table's hash. */
  keyOf(table: string): string
  /** Asks for everything again. */
  expire(): void
  close(): void
}

export interface RedisTablesOptions {
  /** `[cluster] prefix`. */
  readonly prefix: string
  readonly mapPath: MapPath
  readonly freshMs: number
  readonly keepMs: number
  /** Answers kept. */
  readonly max?: number
  readonly now?: () => number
}

/** In each process; an answer is some hundred bytes, a long list more. */
const MAX_ANSWERS = 20_000

export function createRedisTables(store: TableStore, options: RedisTablesOptions): RedisTables {
  const { prefix, mapPath, freshMs, keepMs, max = MAX_ANSWERS, now = () => performance.now() } = options
  const memory = createMemory<AliasEntry | undefined>({ freshMs, keepMs, max, now })
  const optionsOf = (table: string): Parameters<typeof aliasLookup>[0] => ({
    table,
    key: redisKey(prefix, table),
    store,
    memory,
    mapPath,
  })
  return {
    aliases: (table) => aliasLookup(optionsOf(table)),
    forwards: (table) => forwardLookup(optionsOf(table)),
    store,
    keyOf: (table) => redisKey(prefix, table),
    expire: () => {
      memory.expire()
    },
    close: () => {
      store.close()
    },
  }
}

/** Stands for a table where Redis is not used: what is in it is not known. */
export function unusedAliases(table: string): AliasLookup {
  return {
    find: () => unused(table),
    findPrefix: () => unused(table),
    async *keys() {
      await unused(table)
      yield* []
    },
  }
}

export function unusedForwards(table: string): ForwardLookup {
  return { find: () => unused(table) }
}

function unused(table: string): Promise<never> {
  return Promise.reject(new Unavailable(`${table}: [cluster] redis is not set`))
}
