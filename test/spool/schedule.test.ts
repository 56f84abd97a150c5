import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { afterFailure, type NextTry } from '../../lib/spool/schedule.js'

const HOUR = 3_600_000
const schedule = { retryMs: 2 * HOUR, suspendMaxMs: Infinity, maxAgeMs: 72 * HOUR }
const giveUp: NextTry = { kind: 'give up' }
const retry = (inMs: number): NextTry => ({ kind: 'retry', inMs })

describe('after a failed attempt (Q1)', () => {
  const rows: readonly [string, 'remote' | 'local', number, number, NextTry][] = [
    ['mail for others is tried again 2 hours later', 'remote', 1, 0, retry(2 * HOUR)],
    ['and always 2 hours later, however often it failed', 'remote', 30, 60 * HOUR, retry(2 * HOUR)],
    ['the last try comes when time is up', 'remote', 36, 71 * HOUR, retry(HOUR)],
    ['after max_retrytime it is given up', 'remote', 37, 72 * HOUR, giveUp],
    ['by its age, not by the number of tries', 'remote', 1, 100 * HOUR, giveUp],
    ['many tries alone are no reason', 'remote', 5_000, HOUR, retry(2 * HOUR)],
    ['local work is tried again after 5 seconds', 'local', 1, 0, retry(5_000)],
    ['then after 10', 'local', 2, 5_000, retry(10_000)],
    ['then after 20', 'local', 3, 15_000, retry(20_000)],
    ['in the end as seldom as other mail', 'local', 12, 3 * HOUR, retry(2 * HOUR)],
    ['at any number of failures', 'local', 5_000, 3 * HOUR, retry(2 * HOUR)],
    ['local work is given up as well', 'local', 3, 72 * HOUR, giveUp],
    ['a clock that was set back does not end it', 'remote', 1, -HOUR, retry(2 * HOUR)],
  ]
  const arrived = 1_000_000_000_000
  for (const [sentence, kind, failures, age, expected] of rows) {
    it(sentence, () => {
      assert.deepEqual(afterFailure(schedule, kind, failures, arrived, arrived + age), expected)
    })
  }

  it('a short retry_interval holds for local work too', () => {
    assert.deepEqual(afterFailure({ ...schedule, retryMs: 3_000 }, 'local', 1, 0, 0), retry(3_000))
  })
})
