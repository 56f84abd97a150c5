import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createVolume } from '../../lib/routing/volume.js'

const HOUR = 3_600_000

describe('how much a client sends', () => {
  const rows: [what: string, max: number, minutes: number[], taken: boolean[]][] = [
    ['so many in an hour', 2, [0, 1, 2, 59], [true, true, false, false]],
    ['and again in the next', 2, [0, 30, 59, 60, 61, 62], [true, true, false, true, true, false]],
    ['an hour begins with a message', 1, [0, 90, 149, 150], [true, true, false, true]],
  ]
  for (const [what, max, minutes, taken] of rows) {
    it(what, () => {
      let now = 0
      const volume = createVolume(() => now)
      const answers = minutes.map((minute) => {
        now = minute * 60_000
        return volume.take('192.0.2.7', max, HOUR)
      })
      assert.deepEqual(answers, taken)
    })
  }

  it('does not count for others', () => {
    const volume = createVolume(() => 0)
    assert.ok(volume.take('192.0.2.7', 1, HOUR))
    assert.ok(volume.take('192.0.2.8', 1, HOUR))
    assert.ok(!volume.take('192.0.2.7', 1, HOUR))
  })

  it('is remembered for so many clients, those whose hour began last, and no longer than an hour', () => {
    let now = 0
    const volume = createVolume(() => now, 10)
    for (let n = 0; n < 100; n++) volume.take(`192.0.2.${n}`, 1, HOUR)
    assert.equal(volume.size, 10)
    assert.ok(!volume.take('192.0.2.99', 1, HOUR))
    now = HOUR
    volume.take('192.0.2.200', 1, HOUR)
    assert.equal(volume.size, 1)
  })
})
