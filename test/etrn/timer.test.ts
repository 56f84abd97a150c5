import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Asked } from '../../lib/etrn/client.js'
import type { RasSettings } from '../../lib/etrn/settings.js'
import { createRasTimer, type RasTimer } from '../../lib/etrn/timer.js'
import { manualClock } from '../directory/helpers.js'
import { RAS, said, settle } from './fakes.js'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
/** Wall time when the manual clock stands at 0. */
const START = Date.UTC(1999, 0, 5)

interface Round {
  readonly ras: RasSettings
  readonly atMs: number
  readonly answered: (asked: Asked) => void
  readonly signal: AbortSignal
  readonly end: () => void
  readonly fail: (error: Error) => void
}

/** A timer whose rounds the test ends; `advance` lets what it woke come to rest. */
function scene(): {
  readonly timer: RasTimer
  readonly rounds: readonly Round[]
  readonly log: readonly string[]
  readonly advance: (ms: number) => Promise<void>
} {
  const clock = manualClock()
  const rounds: Round[] = []
  const log: string[] = []
  const timer = createRasTimer({
    clock,
    wallNow: () => START + clock.now(),
    log: (level, text) => log.push(`${level}: ${text}`),
    run: (ras, answered, signal) =>
      new Promise((end, fail) => rounds.push({ ras, atMs: clock.now(), answered, signal, end, fail })),
  })
  const advance = async (ms: number): Promise<void> => {
    // What the test ended before is over by then.
    await settle()
    clock.advance(ms)
    await settle()
  }
  return { timer, rounds, log, advance }
}

describe('the timer of ras_timer', () => {
  it('without settings does nothing and has no status', async () => {
    const { timer, rounds, advance } = scene()
    timer.configure(undefined)
    await advance(24 * HOUR)
    assert.deepEqual([rounds.length, timer.status()], [0, undefined])
  })

  it('begins 10 s after the start, and then every ras_timer minutes', async () => {
    const { timer, rounds, advance } = scene()
    timer.configure(RAS)
    await advance(10 * SECOND - 1)
    assert.equal(rounds.length, 0)
    await advance(1)
    rounds[0]?.end()
    await advance(HOUR)
    rounds[1]?.end()
    await advance(HOUR)
    assert.deepEqual(
      rounds.map(({ atMs }) => atMs),
      [10 * SECOND, HOUR + 10 * SECOND, 2 * HOUR + 10 * SECOND],
    )
  })

  it('leaves a round out while one is under way, and says so', async () => {
    const { timer, rounds, log, advance } = scene()
    timer.configure(RAS)
    await advance(10 * SECOND)
    await advance(HOUR)
    assert.equal(rounds.length, 1)
    assert.deepEqual(log, ['info: ETRN: the round before is not over, this one is left out'])
    rounds[0]?.end()
    await advance(HOUR)
    assert.deepEqual(
      rounds.map(({ atMs }) => atMs),
      [10 * SECOND, 2 * HOUR + 10 * SECOND],
    )
  })

  it('goes on after a round that failed by a fault of ours', async () => {
    const { timer, rounds, log, advance } = scene()
    timer.configure(RAS)
    await advance(10 * SECOND)
    rounds[0]?.fail(new Error('a fault'))
    await advance(HOUR)
    assert.equal(rounds.length, 2)
    assert.deepEqual(log, ['error: ETRN: the round failed: a fault'])
  })

  it('counts a year right', async () => {
    const { timer, rounds, advance } = scene()
    const year = 525_600 * MINUTE
    timer.configure({ ...RAS, everyMs: year })
    await advance(10 * SECOND)
    rounds[0]?.end()
    await advance(year - 1)
    assert.equal(rounds.length, 1)
    await advance(1)
    assert.equal(rounds.length, 2)
  })

  describe('after a reload', () => {
    it('with the same settings goes on as if there had been none', async () => {
      const { timer, rounds, advance } = scene()
      timer.configure(RAS)
      await advance(5 * SECOND)
      timer.configure({ ...RAS, domains: [...RAS.domains] })
      await advance(5 * SECOND)
      assert.equal(rounds.length, 1)
    })

    it('with another interval counts from the round before', async () => {
      const { timer, rounds, advance } = scene()
      timer.configure(RAS)
      await advance(10 * SECOND)
      rounds[0]?.end()
      await advance(5 * MINUTE)
      timer.configure({ ...RAS, everyMs: 20 * MINUTE })
      await advance(15 * MINUTE - 1)
      assert.equal(rounds.length, 1)
      await advance(1)
      assert.equal(rounds.length, 2)
    })

    it('with an interval that has passed already begins after 10 s', async () => {
      const { timer, rounds, advance } = scene()
      timer.configure(RAS)
      await advance(10 * SECOND)
      rounds[0]?.end()
      await advance(30 * MINUTE)
      timer.configure({ ...RAS, everyMs: MINUTE })
      await advance(10 * SECOND)
      assert.equal(rounds.length, 2)
    })

    it('with another provider begins after 10 s', async () => {
      const { timer, rounds, advance } = scene()
      timer.configure(RAS)
      await advance(10 * SECOND)
      rounds[0]?.end()
      await advance(SECOND)
      timer.configure({ ...RAS, host: 'other.example.net' })
      await advance(10 * SECOND)
      assert.deepEqual(
        rounds.map(({ ras }) => ras.host),
        ['provider.example.net', 'other.example.net'],
      )
    })

    it('without the settings stops, but lets a round come to its end', async () => {
      const { timer, rounds, advance } = scene()
      timer.configure(RAS)
      await advance(10 * SECOND)
      timer.configure(undefined)
      assert.equal(timer.status(), undefined)
      await advance(24 * HOUR)
      assert.deepEqual([rounds.length, rounds[0]?.signal.aborted], [1, false])
    })
  })

  it('tells the last answers and the next round', async () => {
    const { timer, rounds, advance } = scene()
    timer.configure(RAS)
    await advance(SECOND)
    const first = { host: 'provider.example.net:25', everyMinutes: 60, nextMs: START + 10 * SECOND }
    assert.deepEqual(timer.status(), first)
    await advance(9 * SECOND)
    rounds[0]?.answered(said(458, 'busy'))
    const last = {
      atMs: START + 10 * SECOND,
      ok: false,
      replies: [{ domain: 'domain1.com', ok: false, text: '458 busy' }],
    }
    const nextMs = START + HOUR + 10 * SECOND
    assert.deepEqual(timer.status(), { ...first, nextMs, last }, 'before the round is over')
    rounds[0]?.end()
    await advance(HOUR)
    rounds[1]?.answered(said(250, 'started'))
    assert.equal(timer.status()?.last?.ok, true)
  })

  it('when closed cuts a round short and begins no other', async () => {
    const { timer, rounds, advance } = scene()
    timer.configure(RAS)
    await advance(10 * SECOND)
    timer.close()
    const [round] = rounds
    assert.ok(round?.signal.aborted)
    round.end()
    timer.configure({ ...RAS, host: 'other.example.net' })
    await advance(24 * HOUR)
    assert.equal(rounds.length, 1)
  })
})
