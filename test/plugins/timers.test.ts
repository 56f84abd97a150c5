import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, describe, it, mock } from 'node:test'
import { takeOverTimers, type Timers } from '../../plugins/haraka/timers.js'
import type { HarakaTimerQueue } from '../../plugins/haraka/outbound-types.js'

type Queue = HarakaTimerQueue & { shutdown(): void }

const VERSIONS: readonly (readonly [name: string, make: () => Promise<Queue>])[] = [
  [
    '3.3 (haraka-utils)',
    async () => {
      const path = require.resolve('haraka-utils', { paths: [require.resolve('haraka-3.3/package.json')] })
      const { default: utils } = (await import(path)) as { default: { TimerQueue: new () => Queue } }
      return new utils.TimerQueue()
    },
  ],
  [
    '3.1 (outbound/timer_queue)',
    async () => {
      const path = 'haraka-3.1/outbound/timer_queue.js'
      const { default: TimerQueue } = (await import(path)) as { default: new () => Queue }
      return new TimerQueue()
    },
  ],
]

for (const [name, make] of VERSIONS) {
  describe(`the timers of Haraka ${name}`, () => {
    let queue: Queue
    let timers: Timers
    let due: string[]
    let waits: [string, number][]
    let gone: string[]
    /** What is done when a file is due. */
    let whenDue: (file: string) => void
    const START = 1_700_000_000_000
    const forget = (): undefined => undefined

    before(() => {
      mock.timers.enable({ apis: ['Date'] })
    })
    after(() => {
      mock.timers.reset()
    })
    beforeEach(async () => {
      mock.timers.setTime(START)
      queue = await make()
      ;[due, waits, gone, whenDue] = [[], [], [], forget]
      timers = takeOverTimers(queue, {
        due(file) {
          due.push(file)
          whenDue(file)
        },
        waits: (file, dueMs) => waits.push([file, dueMs]),
        gone: (file) => gone.push(file),
      })
    })
    afterEach(() => {
      queue.shutdown()
    })
    const at = (ms: number): void => {
      mock.timers.setTime(START + ms)
      queue.fire()
    }
    const ids = (): string[] => queue.queue.map(({ id }) => id)

    it('fire in order of time, those of one time in the order in which they were set', () => {
      queue.add('b', 2000, forget)
      queue.add('a', 1000, forget)
      queue.add('c', 2000, forget)
      queue.add('d', 3000, forget)
      assert.deepEqual([ids(), queue.length()], [['a', 'b', 'c', 'd'], 4])
      at(999)
      assert.deepEqual(due, [])
      at(2000)
      assert.deepEqual([due, ids()], [['a', 'b', 'c'], ['d']])
      at(2000)
      at(10_000)
      assert.deepEqual([due, queue.length()], [['a', 'b', 'c', 'd'], 0])
    })

    it('are announced when Haraka sets them, with their time, and not when the suite does', () => {
      const timer = queue.add('a', 1500, forget)
      timers.park('b', 1500)
      assert.deepEqual([waits, timer.fire_time], [[['a', START + 1500]], START + 1500])
      at(1500)
      assert.deepEqual(due, ['a', 'b'])
    })

    it('call nothing of what Haraka gave with them: it holds the message in memory', () => {
      queue.add('a', 0, () => {
        assert.fail('the message would be sent a second time')
      })
      at(0)
      assert.deepEqual(due, ['a'])
    })

    it('that are taken away never fire', () => {
      queue.add('a', 1000, forget)
      queue.add('b', 1000, forget)
      assert.deepEqual([timers.unpark('a'), timers.unpark('a'), timers.unpark('x')], [true, false, false])
      at(5000)
      assert.deepEqual(due, ['b'])
    })

    it('that are taken away by one that fires at the same time do not fire either', () => {
      for (const file of ['a', 'b', 'c']) queue.add(file, 1000, forget)
      whenDue = () => timers.unpark('b')
      at(1000)
      assert.deepEqual(due, ['a', 'c'])
    })

    it('that are set anew fire at the new time only', () => {
      queue.add('a', 1000, forget)
      timers.park('a', 3000)
      assert.equal(queue.length(), 1)
      at(2000)
      assert.deepEqual(due, [])
      at(3000)
      assert.deepEqual(due, ['a'])
    })

    it('that are set while others fire wait for the next time, though they are due', () => {
      queue.add('a', 0, forget)
      whenDue = (file) => {
        timers.park(file, 0)
      }
      at(0)
      assert.deepEqual(due, ['a'])
      at(1)
      assert.deepEqual(due, ['a', 'a'])
    })

    it('for a time in the past fire at once, for a time that is none in a minute', () => {
      queue.add('past', -5000, forget)
      queue.add('none', NaN, forget)
      at(0)
      assert.deepEqual(due, ['past'])
      at(60_000)
      assert.deepEqual(due, ['past', 'none'])
    })

    it('are all called by drain (haraka --qflush), once, also when each is set again at once', () => {
      for (const [file, ms] of [
        ['b', 2000],
        ['a', 1000],
        ['gone', 500],
      ] as const)
        queue.add(file, ms, forget)
      timers.unpark('gone')
      whenDue = (file) => {
        timers.park(file, 60_000)
      }
      queue.drain()
      assert.deepEqual(
        [due, ids()],
        [
          ['a', 'b'],
          ['a', 'b'],
        ],
      )
      at(2000)
      assert.deepEqual(due, ['a', 'b'], 'the old timers are gone')
    })

    it('are discarded by file name, as the status plugin does before it removes the file', () => {
      queue.add('a', 1000, forget)
      queue.add('b', 1000, forget)
      queue.discard('a')
      assert.deepEqual([gone, ids(), queue.length()], [['a'], ['b'], 1])
      at(1000)
      assert.deepEqual(due, ['b'])
      assert.throws(() => queue.discard('a'), /a not found/)
    })

    it('are pushed in the way of the status plugin: found in the array, taken out, called', () => {
      queue.add('a', 1000, forget)
      queue.add('b', 1000, forget)
      const list = queue.queue
      const [item] = list.splice(
        list.findIndex(({ id }) => id === 'b'),
        1,
      )
      item?.cb?.()
      assert.deepEqual([due, ids()], [['b'], ['a']])
      item?.cb?.()
      at(1000)
      assert.deepEqual(due, ['b', 'a'])
    })

    it('that are cancelled do not fire', () => {
      const timer = queue.add('a', 1000, forget)
      timer.cancel()
      at(1000)
      assert.deepEqual([due, queue.length()], [[], 0])
    })

    it('of an item whose timer was set anew: the old one is dead', () => {
      const old = queue.add('a', 1000, forget)
      timers.park('a', 2000)
      old.cancel()
      old.cb?.()
      assert.deepEqual([due, queue.length()], [[], 1])
    })

    it('may be set and taken away for ever: what is dead does not pile up', () => {
      queue.add('a', 1000, forget)
      for (let times = 0; times < 10_000; times++) timers.park('b', 1e9)
      timers.unpark('b')
      at(1000)
      assert.deepEqual([due, queue.length()], [['a'], 0])
    })

    it('of a hundred thousand files, set in any order, all fire, in order', () => {
      const count = 100_000
      for (let n = 0; n < count; n++) {
        // 7919 is prime to the count: every number once, in no order.
        queue.add(String((n * 7919) % count), (n * 7919) % count, forget)
      }
      for (let n = 0; n < count; n += 2) timers.unpark(String(n))
      assert.equal(queue.length(), count / 2)
      at(count / 2)
      assert.equal(due.length, count / 4)
      at(count)
      assert.deepEqual(
        due,
        Array.from({ length: count / 2 }, (_, n) => String(2 * n + 1)),
      )
    })
  })
}
