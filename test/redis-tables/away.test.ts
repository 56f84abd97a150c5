import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createRedisTables } from '../../lib/redis-tables/tables.js'
import { route } from '../../lib/routing/route.js'
import type { Tables } from '../../lib/routing/tables.js'
import { forwardTable, withForwardTables } from '../../lib/routing/forwards.js'
import { people, withSite, type Site } from '../routing/site.js'
import { fakeStore, mapPath, type FakeStore } from './fake.js'

const FRESH_MS = 5_000
const KEEP_MS = 60_000

interface Scene {
  readonly store: FakeStore
  /** The reply to RCPT, and where the mail goes. */
  readonly rcpt: (address: string) => Promise<string>
  readonly later: (ms: number) => void
}

const SITE: Site = { people: people('bob', 'fred', 'mary'), conf: 'vdomain dom2 @dom2 domain2.com {dir}/in' }

/** domain1.com has a table of aliases and one of forwards in a Redis that can go away. */
function withRedis(use: (scene: Scene) => Promise<void>): () => Promise<void> {
  return () =>
    withSite(SITE, async ({ snapshot }) => {
      let nowMs = 0
      const store = fakeStore({
        'dmail:aliases': { sales: 'fred', 'help-*': 'bob' },
        'dmail:forwards': { 'info@domain1.com': 'bob@domain1.com' },
      })
      const now = (): number => nowMs
      const redis = createRedisTables(store, { prefix: 'dmail', mapPath, freshMs: FRESH_MS, keepMs: KEEP_MS, now })
      const tables: Tables = {
        ...snapshot.tables,
        forwards: withForwardTables(forwardTable([]), [redis.forwards('redis:forwards')]),
        aliases: new Map([
          ['domain1.com', [{ label: 'redis:aliases', readable: true, table: redis.aliases('redis:aliases') }]],
        ]),
      }
      await use({
        store,
        rcpt: async (address) => {
          const client = { ip: undefined, sender: undefined, trusted: true }
          const { reply, destinations } = await route(tables, snapshot.world, address, client)
          const users = destinations.map(({ destination: one }) => (one.kind === 'mailbox' ? one.user : one.kind))
          return [reply.code, ...users].join(' ')
        },
        later: (ms) => {
          nowMs += ms
        },
      })
    })
}

describe('while Redis is away', () => {
  const known = ['sales@domain1.com', 'help-me@domain1.com', 'info@domain1.com', 'bob@domain1.com', 'ghost@domain1.com']

  /** Everybody gets mail once, then Redis is gone and nothing in memory is fresh. */
  const afterMail = (use: (scene: Scene) => Promise<void>): (() => Promise<void>) =>
    withRedis(async (scene) => {
      for (const address of known) await scene.rcpt(address)
      scene.store.away = true
      scene.later(FRESH_MS)
      await use(scene)
    })

  const rows: Readonly<Record<string, readonly [address: string, answer: string]>> = {
    'an alias that is known goes on': ['sales@domain1.com', '250 fred'],
    'a catch-all that is known goes on': ['help-me@domain1.com', '250 bob'],
    'a forward that is known goes on': ['info@domain1.com', '250 bob'],
    'a user of whom it is known that there is no alias goes on': ['bob@domain1.com', '250 bob'],
    'who was nobody before may be somebody by now': ['ghost@domain1.com', '451'],
    'a user nothing is known of is deferred': ['mary@domain1.com', '451'],
    'an unknown name is deferred': ['stranger@domain1.com', '451'],
    'a name that no user may have is deferred': ['"front desk"@domain1.com', '451'],
    'so is postmaster, who is never refused': ['postmaster@domain1.com', '451'],
    'a domain that has a forward_table only is deferred where nothing is known': ['bob@domain2.com', '451'],
  }
  for (const [sentence, [address, answer]] of Object.entries(rows)) {
    it(
      sentence,
      afterMail(async ({ rcpt }) => {
        assert.equal(await rcpt(address), answer)
      }),
    )
  }

  it(
    'a Redis that lost the tables is one that is away',
    afterMail(async ({ rcpt, store }) => {
      store.away = false
      store.hashes.clear()
      for (const [address, answer] of Object.values(rows)) assert.equal(await rcpt(address), answer, address)
    }),
  )

  it(
    'what is known is forgotten in the end, and then all are deferred',
    afterMail(async ({ rcpt, later }) => {
      later(KEEP_MS)
      for (const address of known) assert.equal(await rcpt(address), '451', address)
    }),
  )

  it(
    'nobody was ever asked for: all are deferred',
    withRedis(async ({ rcpt, store }) => {
      store.away = true
      for (const address of known) assert.equal(await rcpt(address), '451', address)
    }),
  )

  it(
    'and when it is back all is as before, with what changed meanwhile',
    afterMail(async ({ rcpt, store }) => {
      store.away = false
      store.hashes.get('dmail:aliases')?.set('ghost', 'bob').delete('sales')
      assert.equal(await rcpt('ghost@domain1.com'), '250 bob')
      assert.equal(await rcpt('sales@domain1.com'), '550')
      assert.equal(await rcpt('stranger@domain1.com'), '550')
    }),
  )
})

describe('questions to Redis', () => {
  it(
    'an alias costs one, a user who has none costs one, a forward_table one more',
    withRedis(async ({ rcpt, store }) => {
      await rcpt('sales@domain1.com')
      assert.deepEqual(
        store.questions.map(({ key }) => key),
        ['dmail:forwards', 'dmail:aliases', 'dmail:forwards', 'dmail:aliases'],
        'of sales@ and of fred@, whom it names',
      )
    }),
  )

  it(
    'all prefixes are asked for in one, and no more than 64 characters of them',
    withRedis(async ({ rcpt, store }) => {
      await rcpt(`${'x'.repeat(64)}@domain1.com`)
      const last = store.questions.at(-1)
      assert.equal(last?.fields.length, 2 * 65)
      assert.equal(last.fields.at(-1), '*')
      await rcpt('abc@domain1.com')
      assert.deepEqual(store.questions.at(-1)?.fields, [
        ...['abc*@domain1.com', 'abc*', 'ab*@domain1.com', 'ab*', 'a*@domain1.com', 'a*', '*@domain1.com', '*'],
      ])
    }),
  )

  it(
    'a second message within the time costs none',
    withRedis(async ({ rcpt, store, later }) => {
      await rcpt('sales@domain1.com')
      await rcpt('ghost@domain1.com')
      const asked = store.questions.length
      later(FRESH_MS - 1)
      await rcpt('sales@domain1.com')
      await rcpt('ghost@domain1.com')
      assert.equal(store.questions.length, asked)
    }),
  )

  it(
    'a change in Redis counts after that time',
    withRedis(async ({ rcpt, store, later }) => {
      assert.equal(await rcpt('ghost@domain1.com'), '550')
      store.hashes.get('dmail:aliases')?.set('ghost', 'bob')
      assert.equal(await rcpt('ghost@domain1.com'), '550')
      later(FRESH_MS)
      assert.equal(await rcpt('ghost@domain1.com'), '250 bob')
    }),
  )
})
