import assert from 'node:assert/strict'
import test from 'node:test'
import { cachedDirectory, LIFETIMES } from '../../lib/directory/cache.js'
import { sharedLookups } from '../../lib/directory/share.js'
import type { LookupResult, UserDirectory } from '../../lib/directory/types.js'

/** A directory that answers by hand and remembers what it was asked. */
function recorder() {
  const asked: string[] = []
  const open: ((result: LookupResult) => void)[] = []
  let closed = 0
  const directory: UserDirectory = {
    lookup(name) {
      asked.push(name)
      if (name.startsWith('slow')) return new Promise((resolve) => open.push(resolve))
      if (name.startsWith('nobody')) return Promise.resolve({ kind: 'unknown' })
      if (name.startsWith('dead')) return Promise.resolve({ kind: 'unavailable', detail: 'down' })
      return Promise.resolve(user(name))
    },
    clear: () => undefined,
    close: () => {
      closed++
    },
  }
  return { directory, asked, answer: (result: LookupResult) => open.shift()?.(result), closed: () => closed }
}

function user(name: string): LookupResult {
  return { kind: 'found', user: { name, fields: new Map() } }
}

function cacheOf(size: number) {
  const inner = recorder()
  const time = { ms: 0 }
  const cache = cachedDirectory(inner.directory, { size, ...LIFETIMES, now: () => time.ms })
  return { ...inner, cache, time }
}

test('a user is believed for 300 s, an unknown name for 30 s, a failure not at all (U3)', async (t) => {
  for (const [name, lifetime] of [
    ['bob', 300_000],
    ['nobody', 30_000],
    ['dead', 0],
  ] as const) {
    await t.test(name, async () => {
      const { cache, asked, time } = cacheOf(10)
      const first = await cache.lookup(name)
      time.ms = Math.max(0, lifetime - 1)
      assert.deepEqual(await cache.lookup(name), first)
      assert.equal(asked.length, lifetime === 0 ? 2 : 1)
      time.ms = lifetime
      await cache.lookup(name)
      assert.equal(asked.length, lifetime === 0 ? 3 : 2)
    })
  }
})

test('being asked for does not prolong an entry', async () => {
  const { cache, asked, time } = cacheOf(10)
  for (time.ms = 0; time.ms <= 300_000; time.ms += 100_000) await cache.lookup('bob')
  assert.deepEqual(asked, ['bob', 'bob'])
})

test('the least recently used entry leaves first', async () => {
  const { cache, asked } = cacheOf(2)
  for (const name of ['bob', 'fred', 'bob', 'john', 'bob', 'fred']) await cache.lookup(name)
  assert.deepEqual(asked, ['bob', 'fred', 'john', 'fred'])
})

test('size 0 turns the cache off', async () => {
  const { cache, asked } = cacheOf(0)
  await cache.lookup('bob')
  await cache.lookup('bob')
  assert.equal(asked.length, 2)
})

test('clear forgets, and an answer on its way is not kept either', async () => {
  const { cache, asked, answer } = cacheOf(10)
  await cache.lookup('bob')
  const running = cache.lookup('slow')
  cache.clear()
  answer(user('slow'))
  assert.deepEqual(await running, user('slow'))
  await cache.lookup('bob')
  const again = cache.lookup('slow')
  answer({ kind: 'unknown' })
  assert.deepEqual(await again, { kind: 'unknown' })
  assert.deepEqual(asked, ['bob', 'slow', 'bob', 'slow'])
})

test('close reaches the directory inside', () => {
  const { cache, closed } = cacheOf(10)
  cache.close()
  assert.equal(closed(), 1)
})

test('identical look-ups in flight are one request, later ones another', async () => {
  const { directory, asked, answer } = recorder()
  const shared = sharedLookups(directory)
  const both = Promise.all([shared.lookup('slow'), shared.lookup('slow')])
  answer(user('slow'))
  assert.deepEqual(await both, [user('slow'), user('slow')])
  assert.deepEqual(asked, ['slow'])
  const third = shared.lookup('slow')
  answer({ kind: 'unknown' })
  assert.deepEqual(await third, { kind: 'unknown' })
})

test('a look-up after clear does not share an answer from before it', async () => {
  const { directory, asked, answer } = recorder()
  const shared = sharedLookups(directory)
  const before = shared.lookup('slow')
  shared.clear()
  const after = shared.lookup('slow')
  answer(user('slow'))
  answer({ kind: 'unknown' })
  assert.deepEqual(await Promise.all([before, after]), [user('slow'), { kind: 'unknown' }])
  assert.deepEqual(asked, ['slow', 'slow'])
})
