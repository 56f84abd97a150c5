/*
 * `npm run bench:tables`: one alias in a file and in Redis, found and missed, remembered and asked for; round after round in one
 * process, so that the ratios hold on a busy machine.
 *
 *     node dist/bench/tables.js [ALIASES [ROUNDS]]
 */
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { loadAliasFile } from '../lib/conf/alias-file.js'
import { pathMapper } from '../lib/conf/paths.js'
import { importFile } from '../lib/redis-tables/import.js'
import { openStore } from '../lib/redis-tables/store.js'
import { createRedisTables } from '../lib/redis-tables/tables.js'
import type { AliasLookup } from '../lib/routing/tables.js'
import { tempDir } from '../test/support/cleanup.js'
import { writeInto } from '../test/support/haraka-dir.js'
import { startRedis } from '../test/support/redis.js'
import { redisUse } from './redis-use.js'
import { spreadOf, table } from './statistics.js'

const DOMAIN = 'domain1.com'
/** Questions at once where that is said: so many sessions ask in one process. */
const MANY = 50

interface Case {
  readonly name: string
  readonly lookup: AliasLookup
  readonly atOnce: number
  readonly count: number
  readonly ask: (lookup: AliasLookup, n: number) => unknown
  readonly nanoseconds: number[]
  /** CPU of Redis for each look-up. */
  readonly redisNanoseconds: number[]
}

async function main(): Promise<void> {
  const [aliases = 100_000, rounds = 5] = process.argv.slice(2).map(Number)
  const dir = tempDir('bench-tables')
  const redis = await startRedis()
  writeInto(dir, 'config/redis.ini', redis.ini)
  const mapPath = pathMapper(new Map(), dir)
  const store = openStore(dir, () => undefined)
  try {
    const file = path.join(dir, 'aliases')
    const lines = Array.from({ length: aliases }, (_, n) => `user.number${n}: mailbox${n}@domain${n % 100}.com\n`)
    writeFileSync(file, `${lines.join('')}sales-*: bob\n`)
    const loaded = await loadAliasFile(file, 'aliases', mapPath)
    const empty = redisUse(redis).bytesHeld
    await importFile(loaded.table, store, { key: 'dmail:bench', merge: false, mapPath, progress: () => undefined })
    const bytesEach = (redisUse(redis).bytesHeld - empty) / aliases
    const inRedis = (freshMs: number): AliasLookup =>
      createRedisTables(store, { prefix: 'dmail', mapPath, freshMs, keepMs: freshMs }).aliases('redis:bench')
    const [kept, asked] = [inRedis(3_600_000), inRedis(0)]

    const spread = (n: number): string => `user.number${(n * 7919) % aliases}`
    const hit = (lookup: AliasLookup, n: number): unknown => lookup.find(spread(n), DOMAIN, () => undefined)
    const miss = (lookup: AliasLookup, n: number): unknown => lookup.find(`no-${n}`, DOMAIN, () => undefined)
    const remembered = (lookup: AliasLookup, n: number): unknown => hit(lookup, n % 1000)
    const caught = (lookup: AliasLookup, n: number): unknown =>
      lookup.findPrefix(`sales-region-${n}`, DOMAIN, () => undefined)
    const row = (name: string, lookup: AliasLookup, ask: Case['ask'], count: number, atOnce = 1): Case => {
      return { name, lookup, ask, count, atOnce, nanoseconds: [], redisNanoseconds: [] }
    }
    const cases = [
      row('file, found', loaded.table, hit, 200_000),
      row('file, missed', loaded.table, miss, 200_000),
      row('file, catch-all', loaded.table, caught, 200_000),
      row('Redis, remembered', kept, remembered, 200_000),
      row('Redis, asked, one by one', asked, hit, 5_000),
      row(`Redis, asked, ${MANY} at once`, asked, hit, 50_000, MANY),
      row(`Redis, missed, ${MANY} at once`, asked, miss, 50_000, MANY),
      row(`Redis, catch-all, ${MANY} at once`, asked, caught, 10_000, MANY),
    ]
    // The first time fills memory and lets code be compiled.
    for (let round = 0; round <= rounds; round++) {
      for (const one of cases) {
        const before = redisUse(redis).cpuSeconds
        const took = await measure(one)
        if (round === 0) continue
        one.nanoseconds.push(took)
        one.redisNanoseconds.push(((redisUse(redis).cpuSeconds - before) * 1e9) / one.count)
      }
    }
    print(cases, aliases, rounds)
    process.stdout.write(`Redis needs ${bytesEach.toFixed(0)} bytes for each alias\n`)
  } finally {
    store.close()
    await redis.kill()
  }
}

/** Nanoseconds for each look-up. Answers that are there at once are not waited for, as in the ladder. */
async function measure({ lookup, ask, count, atOnce }: Case): Promise<number> {
  let next = 0
  const asking = async (): Promise<void> => {
    while (next < count) {
      const answer = ask(lookup, next++)
      if (answer instanceof Promise) await answer
    }
  }
  const began = process.hrtime.bigint()
  await Promise.all(Array.from({ length: atOnce }, asking))
  return Number(process.hrtime.bigint() - began) / count
}

function print(cases: readonly Case[], aliases: number, rounds: number): void {
  const [first] = cases
  const rows = cases.map(({ name, nanoseconds, redisNanoseconds }) => {
    const time = spreadOf(nanoseconds)
    const ratio = spreadOf(nanoseconds.map((took, round) => took / (first?.nanoseconds[round] ?? Number.NaN)))
    const microseconds = [time.median, time.least, time.most].map((each) => (each / 1000).toFixed(2))
    return [
      name,
      `${microseconds[0] ?? ''} (${microseconds[1] ?? ''}-${microseconds[2] ?? ''})`,
      (1e9 / time.median).toFixed(0),
      ratio.median.toFixed(1),
      name.startsWith('Redis, ') ? (spreadOf(redisNanoseconds).median / 1000).toFixed(2) : '',
    ]
  })
  process.stdout.write(`${aliases} aliases, ${rounds} rounds: median (least-most)\n`)
  process.stdout.write(`${table(['look-up', 'microseconds', 'per second', 'of a file', 'Redis cpu us'], rows)}\n`)
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
  process.exitCode = 1
})
