import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { parseUntil } from '../../lib/text/until.js'

const NOW = new Date(2026, 10, 25, 12, 0, 0).getTime()

describe('the end of a suspension', () => {
  const ends: readonly (readonly [string, Date | number])[] = [
    ['90s', NOW + 90_000],
    ['2h', NOW + 2 * 3_600_000],
    ['3d', NOW + 3 * 86_400_000],
    ['2026-12-24', new Date(2026, 11, 24)],
    ['2026-12-24T18:00', new Date(2026, 11, 24, 18)],
    ['2026-12-24 18:00', new Date(2026, 11, 24, 18)],
    ['2026-12-24T18:00:30', new Date(2026, 11, 24, 18, 0, 30)],
    ['2028-02-29', new Date(2028, 1, 29)],
  ]
  for (const [text, end] of ends) {
    it(`${text} is understood`, () => {
      assert.deepEqual(parseUntil(text, NOW), { untilMs: typeof end === 'number' ? end : end.getTime() })
    })
  }

  const faults: readonly (readonly [string, RegExp])[] = [
    ['', /is no time: give a date/],
    ['tomorrow', /is no time: give a date \(2026-12-24\), a time \(2026-12-24T18:00\) or a duration \(2h, 3d\)/],
    ['3', /is no time/],
    ['2027-02-29', /is no time/],
    ['2026-13-01', /is no time/],
    ['2026-12-00', /is no time/],
    ['2026-12-24T24:00', /is no time/],
    ['2026-12-24T18:60', /is no time/],
    ['2026-12-24T18', /is no time/],
    ['24.12.2026', /is no time/],
    ['0h', /is in the past/],
    ['2026-11-25', /is in the past/],
    ['2026-11-25T11:59', /is in the past/],
    ['0050-12-24', /is in the past/],
    ['999999999d', /is too far away: leave --until out/],
  ]
  for (const [text, why] of faults) {
    it(`"${text}" is refused`, () => {
      const until = parseUntil(text, NOW)
      assert.ok('error' in until)
      assert.match(until.error, why)
    })
  }

  it('is later than now, or there is none', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^\d{4}-\d\d-\d\d(T\d\d:\d\d)?$/)), (text) => {
        const until = parseUntil(text, NOW)
        assert.ok('error' in until || until.untilMs > NOW)
      }),
    )
  })
})
