import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { createFeed } from '../../lib/queue/feed.js'

function feedOf(limit: number): { started: string[]; feed: ReturnType<typeof createFeed> } {
  const started: string[] = []
  return { started, feed: createFeed(limit, (file) => started.push(file)) }
}

describe('the feed', () => {
  it('starts what there is a place for, the rest in order as places get free', () => {
    const { started, feed } = feedOf(2)
    for (const file of ['a', 'b', 'c', 'd']) feed.add(file, false)
    assert.deepEqual(started, ['a', 'b'])
    feed.done('b')
    assert.deepEqual(started, ['a', 'b', 'c'])
    feed.done('a')
    assert.deepEqual([started, feed.length], [['a', 'b', 'c', 'd'], 2])
  })

  it('takes what is urgent first', () => {
    const { started, feed } = feedOf(1)
    for (const file of ['a', 'b', 'c']) feed.add(file, false)
    feed.add('c', true)
    feed.add('d', true)
    feed.add('c', false)
    for (const file of ['a', 'c', 'd', 'b']) feed.done(file)
    assert.deepEqual([started, feed.length], [['a', 'c', 'd', 'b'], 0])
  })

  it('hurries what waits here, and nothing else', () => {
    const { started, feed } = feedOf(1)
    for (const file of ['a', 'b', 'c']) feed.add(file, false)
    feed.hurry('c')
    feed.hurry('a')
    feed.hurry('stranger')
    for (const file of ['a', 'c', 'b']) feed.done(file)
    assert.deepEqual([started, feed.length], [['a', 'c', 'b'], 0])
  })

  it('starts a file once, however often it is added, until it is done', () => {
    const { started, feed } = feedOf(2)
    for (let times = 0; times < 3; times++) feed.add('a', times > 0)
    assert.deepEqual(started, ['a'])
    feed.done('a')
    feed.add('a', false)
    assert.deepEqual(started, ['a', 'a'])
  })

  it('is not confused by what is done twice or was never there', () => {
    const { started, feed } = feedOf(1)
    feed.add('a', false)
    feed.done('a')
    feed.done('a')
    feed.done('stranger')
    feed.add('b', false)
    feed.add('c', false)
    assert.deepEqual([started, feed.length], [['a', 'b'], 2])
  })

  it('forgets what is done before its turn came', () => {
    const { started, feed } = feedOf(1)
    for (const file of ['a', 'b', 'c']) feed.add(file, false)
    feed.done('b')
    feed.done('a')
    assert.deepEqual(started, ['a', 'c'])
  })

  it('never has more under way than its limit, and loses none', () => {
    const step = fc.record({
      what: fc.constantFrom('add', 'urgent', 'hurry', 'done', 'done'),
      file: fc.nat(12).map(String),
    })
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4 }), fc.array(step, { maxLength: 100, size: 'max' }), (limit, steps) => {
        const running = new Set<string>()
        const here = new Set<string>()
        const feed = createFeed(limit, (file) => {
          assert.ok(here.has(file) && !running.has(file), `${file} is started twice`)
          running.add(file)
          assert.ok(running.size <= limit)
        })
        const done = (file: string): void => {
          here.delete(file)
          running.delete(file)
          feed.done(file)
        }
        for (const { what, file } of steps) {
          if (what === 'done') done(file)
          else if (what === 'hurry') feed.hurry(file)
          else {
            here.add(file)
            feed.add(file, what === 'urgent')
          }
          assert.equal(feed.length, here.size)
          assert.equal(running.size, Math.min(limit, here.size), 'no place is left free')
        }
        for (let file = [...running][0]; file !== undefined; file = [...running][0]) done(file)
        assert.equal(here.size, 0)
      }),
      { numRuns: 500 },
    )
  })
})
