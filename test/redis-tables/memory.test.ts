import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createMemory, type Memory } from '../../lib/redis-tables/memory.js'
import { Unavailable } from '../../lib/routing/run.js'

const FRESH_MS = 5_000
const KEEP_MS = 60_000

/** A memory of two answers, with a clock and a source that the test turns. */
function scene(): {
  readonly memory: Memory<string | undefined>
  readonly source: { answer: string | undefined; fails: Error | undefined; asked: number }
  readonly ask: (key?: string) => ReturnType<Memory<string | undefined>['ask']>
  readonly later: (ms: number) => void
} {
  let nowMs = 1_000
  const source = { answer: 'first' as string | undefined, fails: undefined as Error | undefined, asked: 0 }
  const memory = createMemory<string | undefined>({ freshMs: FRESH_MS, keepMs: KEEP_MS, max: 2, now: () => nowMs })
  return {
    memory,
    source,
    ask: (key = 'sales') =>
      memory.ask(key, () => {
        source.asked++
        return source.fails === undefined ? Promise.resolve(source.answer) : Promise.reject(source.fails)
      }),
    later: (ms) => {
      nowMs += ms
    },
  }
}

describe('what is remembered of a table in Redis', () => {
  it('is answered at once, without a promise, as long as it is fresh', async () => {
    const { ask, later, source } = scene()
    assert.deepEqual(await ask(), { value: 'first' })
    later(FRESH_MS - 1)
    assert.deepEqual(ask(), { value: 'first' })
    assert.equal(source.asked, 1)
  })

  it('is asked for again after that', async () => {
    const { ask, later, source } = scene()
    await ask()
    source.answer = 'second'
    later(FRESH_MS)
    assert.deepEqual(await ask(), { value: 'second' })
    assert.equal(source.asked, 2)
  })

  it('that there is nothing is an answer as well', async () => {
    const { ask, source } = scene()
    source.answer = undefined
    await ask()
    assert.deepEqual(ask(), { value: undefined })
    assert.equal(source.asked, 1)
  })

  it('questions under way for one key are one', async () => {
    const { ask, source } = scene()
    const answers = await Promise.all([ask(), ask(), ask('other'), ask()])
    assert.equal(source.asked, 2)
    assert.equal(answers.length, 4)
  })

  it('goes on being used while there is no answer, and says so', async () => {
    const { ask, later, source } = scene()
    await ask()
    source.fails = new Error('Redis is away')
    later(KEEP_MS - 1)
    assert.deepEqual(await ask(), { value: 'first', old: 'Redis is away' })
  })

  it('but not for ever', async () => {
    const { ask, later, source } = scene()
    await ask()
    source.fails = new Error('Redis is away')
    later(KEEP_MS)
    await assert.rejects(async () => ask(), new Unavailable('Redis is away'))
  })

  it('what was never known is not known', async () => {
    const { ask, source } = scene()
    source.fails = new Error('Redis is away')
    await assert.rejects(async () => ask(), new Unavailable('Redis is away'))
  })

  it('a failure is not remembered', async () => {
    const { ask, source } = scene()
    source.fails = new Error('Redis is away')
    await assert.rejects(async () => ask())
    source.fails = undefined
    assert.deepEqual(await ask(), { value: 'first' })
  })

  it('a bad entry takes the place of the good one before it', async () => {
    const { ask, later, source } = scene()
    await ask()
    later(FRESH_MS)
    source.fails = new Unavailable('it has a wildcard')
    await assert.rejects(async () => ask(), new Unavailable('it has a wildcard'))
    source.fails = new Error('Redis is away')
    await assert.rejects(async () => ask(), new Unavailable('Redis is away'))
  })

  it('expire() has everything asked for again, and keeps it for an outage', async () => {
    const { ask, memory, source } = scene()
    await ask()
    memory.expire()
    source.fails = new Error('Redis is away')
    assert.deepEqual(await ask(), { value: 'first', old: 'Redis is away' })
    assert.equal(source.asked, 2)
  })

  it('an answer asked for before expire() is not taken for a fresh one', async () => {
    const { ask, memory, source } = scene()
    const before = ask()
    memory.expire()
    await before
    source.answer = 'second'
    assert.deepEqual(await ask(), { value: 'second' })
  })

  it('the least recently used leaves when there is no room', async () => {
    const { ask, memory, source } = scene()
    await ask('a')
    await ask('b')
    await ask('a')
    await ask('c')
    assert.equal(memory.size, 2)
    await ask('a')
    assert.equal(source.asked, 3)
    await ask('b')
    assert.equal(source.asked, 4)
  })
})
