import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { Rate } from '../lib/conf/forms.js'
import { createRateLimit } from '../lib/rate.js'

const OFF: Rate = { count: Infinity, per: 1000 }

/** What each time (in seconds) is answered, for one domain. */
function answers(rate: Rate, times: readonly number[]): number[] {
  let now = 0
  const limit = createRateLimit(() => now)
  return times.map((time) => {
    now = time * 1000
    return limit.take('example.com', rate) / 1000
  })
}

describe('a rate limit', () => {
  const rows: [what: string, rate: Rate, times: number[], waits: number[]][] = [
    ['one a minute', { count: 1, per: 60_000 }, [0, 1, 59, 60], [0, 59, 1, 0]],
    ['two a minute, whenever', { count: 2, per: 60_000 }, [0, 50, 59, 60, 61, 110], [0, 0, 1, 0, 49, 0]],
    ['none at all', { count: 0, per: 60_000 }, [0, 60], [60, 60]],
    ['off', OFF, [0, 0, 0], [0, 0, 0]],
  ]
  for (const [what, rate, times, waits] of rows) {
    it(what, () => {
      assert.deepEqual(answers(rate, times), waits)
    })
  }

  it('never lets more through in any window than the rate says', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 4 }),
        fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 60 }),
        (count, steps) => {
          const times: number[] = []
          for (const step of steps) times.push((times.at(-1) ?? 0) + step)
          const waits = answers({ count, per: 60_000 }, times)
          const through = times.filter((_time, at) => waits[at] === 0)
          for (const start of through) {
            assert.ok(through.filter((time) => time >= start && time < start + 60).length <= count)
          }
        },
      ),
    )
  })

  it('tells how often without counting', () => {
    let now = 0
    const limit = createRateLimit(() => now)
    const rate = { count: 2, per: 60_000 }
    limit.take('a', rate)
    assert.deepEqual([limit.count('a', rate), limit.count('a', rate), limit.count('b', rate)], [1, 1, 0])
    now = 60_000
    assert.equal(limit.count('a', rate), 0)
  })

  it('domains do not count for each other', () => {
    const limit = createRateLimit(() => 0)
    const rate = { count: 1, per: 60_000 }
    assert.deepEqual([limit.take('example.com', rate), limit.take('example.net', rate)], [0, 0])
  })

  it('a new rate counts at once', () => {
    const limit = createRateLimit(() => 0)
    limit.take('example.com', { count: 1, per: 60_000 })
    assert.equal(limit.take('example.com', { count: 2, per: 60_000 }), 0)
    assert.equal(limit.take('example.com', { count: 2, per: 30_000 }), 30_000)
  })

  it('what is over is forgotten, and what is off is not remembered', () => {
    let now = 0
    const limit = createRateLimit(() => now)
    for (let domain = 0; domain < 100; domain++) limit.take(`d${domain}.example.com`, { count: 3, per: 60_000 })
    assert.equal(limit.size, 100)
    now = 60_000
    limit.take('example.com', { count: 3, per: 60_000 })
    assert.equal(limit.size, 1)
    limit.take('example.net', OFF)
    assert.equal(limit.size, 1)
  })

  it('keeps a bounded number of times, those of the domains last asked for', () => {
    const limit = createRateLimit(() => 0, 10)
    const rate = { count: 1, per: 60_000 }
    for (let domain = 0; domain < 1000; domain++) limit.take(`d${domain}.example.com`, rate)
    assert.equal(limit.size, 10)
    assert.equal(limit.take('d999.example.com', rate), 60_000)
    assert.equal(limit.take('d0.example.com', rate), 0, 'forgotten')
  })
})
