import assert from 'node:assert/strict'
import { it } from 'node:test'
import * as fc from 'fast-check'
import { createHeap } from '../../lib/queue/heap.js'

it('a heap gives what is due in order of time, and in the order of coming within one time', () => {
  const step = fc.oneof(fc.record({ add: fc.nat(20) }), fc.record({ until: fc.nat(20) }))
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100, size: 'max' }), (steps) => {
      const heap = createHeap<{ readonly time: number; readonly n: number }>(({ time }) => time)
      let model: { time: number; n: number }[] = []
      steps.forEach((one, n) => {
        if ('add' in one) {
          heap.add({ time: one.add, n })
          model.push({ time: one.add, n })
        } else {
          const due = model.filter(({ time }) => time <= one.until).sort((a, b) => a.time - b.time || a.n - b.n)
          model = model.filter(({ time }) => time > one.until)
          assert.deepEqual(heap.takeUntil(one.until), due)
        }
        assert.equal(heap.size, model.length)
      })
    }),
    { numRuns: 500 },
  )
})
