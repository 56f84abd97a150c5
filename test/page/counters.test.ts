import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { createCounters, MINUTES } from '../../lib/page/counters.js'
import { createTally, type Figures } from '../../lib/page/tally.js'

const MINUTE = 60_000

function figures(process: string, counters: ReturnType<typeof createCounters>): Figures {
  return { process, counts: counters.read(), robots: { running: 0, waiting: 0, programs: [] } }
}

describe('the counters of a process', () => {
  it('put mail into the minute in which it came to its end', () => {
    let now = 100 * MINUTE
    const counters = createCounters(() => now)
    counters.delivered(3)
    counters.deferred()
    now += MINUTE
    counters.failed(2)
    counters.delivered(1)
    const { events, minutes } = counters.read()
    assert.deepEqual(minutes, [
      { minute: 100, delivered: 3, failed: 0, deferred: 1 },
      { minute: 101, delivered: 1, failed: 2, deferred: 0 },
    ])
    assert.deepEqual([events.delivered, events.failed, events.deferred], [4, 2, 1])
  })

  it('remember an hour and no more, however long they count, and whatever the clock does', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -200, max: 500 }), { maxLength: 300 }), (steps) => {
        let now = 1_000_000 * MINUTE
        const counters = createCounters(() => now)
        for (const step of steps) {
          now += step * 1000
          counters.delivered(1)
          const { minutes } = counters.read()
          const order = minutes.map(({ minute }) => minute)
          assert.ok(minutes.length <= MINUTES)
          assert.deepEqual(
            order,
            [...order].sort((one, other) => one - other),
          )
          assert.ok(order.every((minute) => minute > now / MINUTE - MINUTES))
        }
        assert.equal(counters.read().events.delivered, steps.length)
      }),
    )
  })

  it('keep the last trouble: of look-ups for good, of reloads until one is taken', () => {
    const counters = createCounters(() => 5)
    counters.lookedUp({ kind: 'unavailable', detail: 'it is dead' })
    counters.lookedUp({ kind: 'unknown' })
    counters.reloaded('2 errors')
    const { events, lookupTrouble, reloadTrouble } = counters.read()
    assert.deepEqual([events.lookups, events.lookupFailures, events.reloadErrors], [2, 1, 1])
    assert.deepEqual(
      [lookupTrouble, reloadTrouble],
      [
        { atMs: 5, text: 'it is dead' },
        { atMs: 5, text: '2 errors' },
      ],
    )
    counters.reloaded()
    assert.equal(counters.read().reloadTrouble, undefined)
  })
})

describe('the sum over processes', () => {
  it('is of all that answered, refusals by reply, minutes by minute', () => {
    const [one, other] = [createCounters(() => 7 * MINUTE), createCounters(() => 7 * MINUTE)]
    one.delivered(2)
    other.delivered(3)
    one.refused('unknownUser')
    other.refused('unknownUser')
    other.refused('loop')
    const { counts } = createTally(() => 7 * MINUTE).add([figures('1', one), figures('2', other)], true)
    assert.deepEqual(counts.refusals, { unknownUser: 2, loop: 1 })
    assert.deepEqual(counts.minutes, [{ minute: 7, delivered: 5, failed: 0, deferred: 0 }])
  })

  it('never goes back, whoever ends or does not answer, and counts nothing twice', () => {
    const step = fc.record({ process: fc.nat(2), what: fc.constantFrom('count', 'die', 'silence', 'look') })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const now = (): number => 7 * MINUTE
        const tally = createTally(now)
        let generation = 0
        const start = (): { name: string; counters: ReturnType<typeof createCounters> } => ({
          name: String(generation++),
          counters: createCounters(now),
        })
        const living = [start(), start(), start()]
        const silent = new Set<number>()
        let counted = 0
        let before = 0
        const look = (): number => {
          const answers = living.flatMap(({ name, counters }, at) => (silent.has(at) ? [] : [figures(name, counters)]))
          return tally.add(answers, silent.size === 0).counts.events.delivered
        }
        for (const { process, what } of steps) {
          if (what === 'count') {
            living[process]?.counters.delivered(1)
            counted++
          } else if (what === 'silence') silent.add(process)
          else if (what === 'die') {
            // What nobody looked at before is lost with it.
            silent.clear()
            look()
            living[process] = start()
          } else {
            silent.clear()
            assert.equal(look(), counted)
          }
          const sum = look()
          assert.ok(sum >= before && sum <= counted)
          before = sum
        }
      }),
    )
  })
})
