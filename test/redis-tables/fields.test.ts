import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, it, before, after } from 'node:test'
import fc from 'fast-check'
import { foldLocal } from '../../lib/address.js'
import { aliasKey, parseKey } from '../../lib/conf/alias-entry.js'
import { loadAliasFile, type AliasEntry, type LoadedAliases } from '../../lib/conf/alias-file.js'
import { formatWritten } from '../../lib/conf/destination.js'
import { fieldOf } from '../../lib/redis-tables/fields.js'
import { importFile, judgeFile } from '../../lib/redis-tables/import.js'
import { linesOf } from '../../lib/redis-tables/diff.js'
import { openStore, type TableStore } from '../../lib/redis-tables/store.js'
import { createRedisTables } from '../../lib/redis-tables/tables.js'
import { dirWith } from '../conf/helpers.js'
import { tempDir } from '../support/cleanup.js'
import { writeInto } from '../support/haraka-dir.js'
import { startRedis, withoutRedis, type TestRedis } from '../support/redis.js'
import { mapPath } from './fake.js'

/** A local part of any shape, folded; most of the characters mean something somewhere. */
const name = fc
  .array(fc.constantFrom('a', 'b', '.', '-', ' ', '@', '"', '\\', ':', '#', ',', '|', '\u00fc', '\u{1f4e7}', '$'), {
    minLength: 1,
    maxLength: 6,
  })
  .map((chars) => foldLocal(chars.join('')))
const domain = fc.constantFrom('domain1.com', 'domain2.com', 'xn--bcher-kva.example')

describe('the fields of a table', () => {
  it('are one for each key, and are read as that key', () => {
    fc.assert(
      fc.property(name, fc.option(domain, { nil: undefined }), fc.boolean(), (local, at, isPrefix) => {
        const key = aliasKey(local, at, isPrefix)
        const field = fieldOf(key)
        // A prefix cannot stand in quotes, so some have none.
        if (field === undefined) {
          assert.ok(isPrefix)
          return
        }
        // Nor can one without a domain have an @: it would be that address.
        if (isPrefix && at === undefined && local.includes('@')) return
        assert.deepEqual(parseKey(field), key)
      }),
      { numRuns: 5_000 },
    )
  })
})

/** A key of an alias file as people write it. */
const word = fc.stringMatching(/^[a-c]{1,3}$/)
const anyKey = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.tuple(word, fc.constantFrom('', '@domain1.com', '@domain2.com')).map((parts) => parts.join('')),
  },
  {
    weight: 3,
    arbitrary: fc
      .tuple(fc.oneof(word, fc.constant('')), fc.constantFrom('*', '*@domain1.com', '*@Domain2.com'))
      .map((parts) => parts.join('')),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '"a b"',
      '"a@b"@domain1.com',
      '"A\\@b"',
      'B\u00fc',
      '"a:b"',
      '"#a"',
      'a@b*@domain1.com',
      '\u{1f4e7}a*',
    ),
  },
)
const anyDestination = fc.oneof(
  { weight: 4, arbitrary: word },
  fc.constantFrom(
    ...[
      'Bob@Domain1.com',
      '$user',
      '|prog',
      '"|/opt/x "two, words" a"',
      '/var/mail/x',
      '"/var/my mail/a, b"',
      '/dev/null',
    ],
    ...['"a b"@domain1.com', 'b\u00fcro@b\u00fccher.example', '"|prog \'x\' """'],
  ),
)
const anyFile = fc.array(fc.tuple(anyKey, fc.array(anyDestination, { minLength: 1, maxLength: 4 })), {
  minLength: 1,
  maxLength: 30,
})
const anyName = fc.oneof(
  { weight: 5, arbitrary: fc.stringMatching(/^[a-cA-C]{1,4}$/) },
  fc.constantFrom('a b', 'a@b', 'a@bc', 'b\u00dc', 'a:b', '#a', '\u{1f4e7}ab', '*', 'a*'),
)

function brief(entry: AliasEntry | undefined): unknown {
  return entry === undefined ? undefined : entry.items.map(({ written }) => formatWritten(written))
}

describe('a table in Redis and the file it came from', { skip: withoutRedis() }, () => {
  let redis: TestRedis
  let store: TableStore
  let round = 0
  before(async () => {
    redis = await startRedis()
    const dir = tempDir('redis-tables')
    writeInto(dir, 'config/redis.ini', redis.ini)
    store = openStore(dir, () => undefined)
  })
  after(async () => {
    store.close()
    await redis.kill()
  })

  async function imported(text: string, dir: string): Promise<{ loaded: LoadedAliases; name: string }> {
    const file = path.join(dir, 'aliases')
    writeFileSync(file, text)
    const loaded = await loadAliasFile(file, 'aliases', mapPath)
    const problems = await judgeFile(loaded, 'aliases', 'aliases', mapPath)
    // Some lists mean something else when they stand in another order.
    fc.pre(!problems.some(({ severity }) => severity === 'error'))
    const table = `redis:t${++round}`
    await importFile(loaded.table, store, { key: `dmail:t${round}`, merge: false, mapPath, progress: () => undefined })
    return { loaded, name: table }
  }

  const textOf = (entries: readonly (readonly [string, readonly string[]])[]): string =>
    entries.map(([key, list]) => `${key}: ${list.join(', ')}\n`).join('')

  it('find the same for every name', async (t) => {
    const dir = dirWith(t, {})
    let found = 0
    await fc.assert(
      fc.asyncProperty(anyFile, fc.array(anyName, { minLength: 5, maxLength: 10 }), async (entries, names) => {
        const { loaded, name: table } = await imported(textOf(entries), dir)
        const tables = createRedisTables(store, { prefix: 'dmail', mapPath, freshMs: 0, keepMs: 0 })
        const inRedis = tables.aliases(table)
        const never = (): void => assert.fail('there was an answer')
        for (const local of names) {
          for (const at of ['domain1.com', 'DOMAIN2.com', 'elsewhere.com']) {
            for (const how of ['find', 'findPrefix'] as const) {
              const expected = brief(loaded.table[how](local, at))
              if (expected !== undefined) found++
              assert.deepEqual(brief(await inRedis[how](local, at, never)), expected, `${how} ${local}@${at}`)
            }
          }
        }
      }),
      { numRuns: 150 },
    )
    assert.ok(found > 500, `only ${found} names were found at all`)
  })

  it('and what is exported is the same file', async (t) => {
    const dir = dirWith(t, {})
    await fc.assert(
      fc.asyncProperty(anyFile, async (entries) => {
        const { loaded, name: table } = await imported(textOf(entries), dir)
        const lines: string[] = []
        for await (const line of linesOf(store, table.replace('redis:', 'dmail:'))) lines.push(line)
        const file = path.join(dir, 'exported')
        writeFileSync(file, lines.join(''))
        const again = await loadAliasFile(file, 'exported', mapPath)
        assert.deepEqual(again.problems, [])
        assert.deepEqual(contentOf(again), contentOf(loaded))
      }),
      { numRuns: 150 },
    )
  })
})

function contentOf({ table }: LoadedAliases): unknown[] {
  return Array.from(table.entries(), ({ key, items }) => [key, items.map(({ written }) => formatWritten(written))])
    .map((row) => JSON.stringify(row))
    .sort()
}
