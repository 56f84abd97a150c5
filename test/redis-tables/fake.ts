import { RedisAway } from '../../lib/cluster/connection.js'
import { pathMapper } from '../../lib/conf/paths.js'
import { NoTable, type TableStore } from '../../lib/redis-tables/store.js'
import { createRedisTables, type RedisTables } from '../../lib/redis-tables/tables.js'

/** A Redis that is a map: keys of hashes, and what is in them. */
export interface FakeStore extends TableStore {
  readonly hashes: Map<string, Map<string, string>>
  /** Every question, and how many fields it asked for. */
  readonly questions: { readonly key: string; readonly fields: readonly string[] }[]
  /** Rejects everything, like a Redis that is not there. */
  away: boolean
}

export function fakeStore(hashes: Readonly<Record<string, Readonly<Record<string, string>>>> = {}): FakeStore {
  const store: FakeStore = {
    hashes: new Map(Object.entries(hashes).map(([key, fields]) => [key, new Map(Object.entries(fields))])),
    questions: [],
    away: false,
    values: async (key, fields) => {
      store.questions.push({ key, fields })
      await answering()
      const hash = store.hashes.get(key)
      if (hash === undefined) throw new NoTable(`there is no table ${key} in Redis`)
      return fields.map((field) => hash.get(field) ?? null)
    },
    async *scan(key) {
      await answering()
      yield [...(store.hashes.get(key) ?? [])]
    },
    size: async (key) => {
      await answering()
      return store.hashes.get(key)?.size ?? 0
    },
    run: () => Promise.reject(new Error('nothing is written here')),
    close: () => undefined,
  }
  function answering(): Promise<void> {
    return store.away ? Promise.reject(new RedisAway('Redis is away: it was shot')) : Promise.resolve()
  }
  return store
}

export const mapPath = pathMapper(new Map(), '/srv/haraka')

/** Tables of a configuration, `redis:NAME` -> field -> value. */
export function fakeTables(tables: Readonly<Record<string, Readonly<Record<string, string>>>>): RedisTables {
  const hashes = Object.entries(tables).map(([table, fields]) => [table.replace(/^redis:/, 'dmail:'), fields] as const)
  return createRedisTables(fakeStore(Object.fromEntries(hashes)), {
    prefix: 'dmail',
    mapPath,
    freshMs: 5_000,
    keepMs: 60_000,
  })
}
