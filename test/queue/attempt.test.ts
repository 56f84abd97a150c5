import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { decideAttempt, type Circumstances, type Decision } from '../../lib/queue/attempt.js'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const NOW = 1_700_000_000_000
const suspension = { domain: 'example.com' }
const until = (inMs: number): Partial<Circumstances> => ({ suspension: { ...suspension, untilMs: NOW + inMs } })
const suspended = (forMs: number): Decision => ({ kind: 'wait', why: 'suspended', forMs })
const held: Decision = { kind: 'wait', why: 'held', forMs: 30 * DAY }
const giveUp: Decision = {
  kind: 'give up',
  text: 'Mail for this domain was not fetched in time by the server it waits for',
}

describe('an attempt that is due (Q2)', () => {
  const rows: readonly [sentence: string, asked: boolean, ageMs: number, Partial<Circumstances>, Decision][] = [
    ['is made', false, 0, {}, { kind: 'try' }],
    ['is not made while the domain is suspended', false, 0, { suspension }, suspended(30 * DAY)],
    ['is made nevertheless for ETRN', true, 0, { suspension }, { kind: 'try' }],
    ['is not made while an operator holds the message', false, 0, { held: true }, held],
    ['not for ETRN either', true, 0, { held: true }, held],
    ['a hold counts more than a suspension', false, 0, { held: true, suspension }, held],
    ['waits for the end of the suspension', false, 0, until(2 * HOUR), suspended(2 * HOUR)],
    ['never less than a second', false, 0, until(1), suspended(1000)],
    ['suspended mail never expires by default', false, 1000 * DAY, { suspension }, suspended(30 * DAY)],
    ['waits until suspend_max_hours', false, HOUR, { suspension, suspendMaxMs: 5 * HOUR }, suspended(4 * HOUR)],
    ['is given up then', false, 5 * HOUR, { suspension, suspendMaxMs: 5 * HOUR }, giveUp],
    [
      'an end after that makes no difference',
      false,
      HOUR,
      { ...until(DAY), suspendMaxMs: 5 * HOUR },
      suspended(4 * HOUR),
    ],
    ['an end before that comes first', false, HOUR, { ...until(HOUR), suspendMaxMs: 5 * HOUR }, suspended(HOUR)],
    ['asked for, old mail is tried', true, 5 * HOUR, { suspension, suspendMaxMs: 5 * HOUR }, { kind: 'try' }],
    ['suspend_max_hours is no matter without suspension', false, 5 * HOUR, { suspendMaxMs: HOUR }, { kind: 'try' }],
    ['held mail is not given up', false, 5 * HOUR, { held: true, suspension, suspendMaxMs: HOUR }, held],
  ]
  for (const [sentence, asked, ageMs, given, expected] of rows) {
    it(sentence, () => {
      const circumstances = { held: false, suspension: undefined, suspendMaxMs: Infinity, nowMs: NOW, ...given }
      assert.deepEqual(decideAttempt({ asked, arrivedMs: NOW - ageMs }, circumstances), expected)
    })
  }
})
