import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Asked } from '../../lib/etrn/client.js'
import type { Program, Ran } from '../../lib/etrn/program.js'
import { runRound } from '../../lib/etrn/round.js'
import type { RasSettings } from '../../lib/etrn/settings.js'
import { manualClock, type ManualClock } from '../directory/helpers.js'
import { RAS, said, settle, unreached } from './fakes.js'

const LINE: RasSettings = { ...RAS, dial: ['dial'], hangup: ['hangup'] }

interface Scene {
  readonly clock: ManualClock
  /** What happened, in order: `run dial`, `ask`, `answered ...`, `open`, `closed`; logged lines begin with their level. */
  readonly seen: string[]
  readonly log: string[]
  readonly end: AbortController
  readonly over: () => boolean
}

/** Begins a round; `answers` are given to one question each, the last one to all further ones. */
async function begin(
  ras: RasSettings,
  answers: readonly Asked[],
  programs: Readonly<Record<string, Ran | 'missing'>> = {},
): Promise<Scene> {
  const clock = manualClock()
  const end = new AbortController()
  const seen: string[] = []
  const log: string[] = []
  const left = [...answers]
  let over = false
  const program = (name: string): Program => ({
    name,
    run: () => {
      seen.push(`run ${name}`)
      const ran = programs[name] ?? { ok: true }
      if (ran === 'missing') throw new Error(`${name} was not found`)
      return Promise.resolve(ran)
    },
    letGo: () => undefined,
  })
  runRound(
    ras,
    {
      clock,
      log: (level, text) => log.push(`${level}: ${text}`),
      find: ([name]) =>
        Promise.resolve(programs[name] === 'missing' ? { missing: `${name} cannot be run` } : program(name)),
      ask: () => {
        seen.push('ask')
        const answer = (left.length > 1 ? left.shift() : left[0]) ?? unreached('no answer was prepared')
        return Promise.resolve(answer)
      },
      answered: ({ replies }) => seen.push(`answered ${replies.map(({ text }) => text).join()}`),
      lineIsOpen: (hangup) => seen.push(hangup === undefined ? 'closed' : 'open'),
    },
    end.signal,
  ).then(
    () => (over = true),
    (error: unknown) => seen.push(String(error)),
  )
  await settle()
  return { clock, seen, log, end, over: () => over }
}

const STARTED = said(250, 'started')
const MINUTE = 60_000

describe('a round of asking the provider', () => {
  it('without a line to open is one question', async () => {
    const { seen, log, over } = await begin(RAS, [said(458, 'busy')])
    assert.deepEqual(seen, ['ask', 'answered 458 busy'])
    assert.deepEqual(log, [
      'info: ETRN to provider.example.net:25: TLSv1.3',
      'warn: ETRN to provider.example.net:25: domain1.com: 458 busy',
    ])
    assert.equal(over(), true)
  })

  it('without a line does not ask again when nobody was there', async () => {
    const { seen, log, over } = await begin(RAS, [unreached('connect ECONNREFUSED')])
    assert.deepEqual(seen, ['ask', 'answered connect ECONNREFUSED'])
    assert.deepEqual(log, [
      'warn: ETRN to provider.example.net:25 failed: connect ECONNREFUSED; the next round tries again',
    ])
    assert.equal(over(), true)
  })

  it('with ras_hangup alone runs nothing', async () => {
    const { seen } = await begin({ ...RAS, hangup: ['hangup'] }, [STARTED])
    assert.deepEqual(seen, ['ask', 'answered 250 started'])
  })

  it('opens the line, asks, gives the provider its time and closes the line', async () => {
    const { seen, clock, over } = await begin(LINE, [STARTED])
    const open = ['open', 'run dial', 'ask', 'answered 250 started']
    assert.deepEqual(seen, open)
    clock.advance(10 * MINUTE - 1)
    await settle()
    assert.deepEqual(seen, open)
    clock.advance(1)
    await settle()
    assert.deepEqual([seen, over()], [[...open, 'run hangup', 'closed'], true])
  })

  it('with ras_dial alone leaves the closing to the line', async () => {
    const { seen, over } = await begin({ ...RAS, dial: ['dial'] }, [STARTED])
    assert.deepEqual([seen, over()], [['closed', 'run dial', 'ask', 'answered 250 started', 'closed'], true])
  })

  it('is patient for a minute with a line that was just opened', async () => {
    const { seen, clock } = await begin(LINE, [unreached('ENETUNREACH'), unreached('ENETUNREACH'), STARTED])
    assert.deepEqual(seen, ['open', 'run dial', 'ask'])
    clock.advance(3_000)
    await settle()
    clock.advance(3_000)
    await settle()
    assert.deepEqual(seen.slice(2), ['ask', 'ask', 'ask', 'answered 250 started'])
  })

  it('closes the line at once when the minute is over', async () => {
    const { seen, clock, over } = await begin(LINE, [unreached('ENETUNREACH')])
    for (let second = 0; second < 60; second += 3) {
      assert.equal(over(), false)
      clock.advance(3_000)
      await settle()
    }
    assert.deepEqual(
      seen.filter((each) => each !== 'ask'),
      ['open', 'run dial', 'answered ENETUNREACH', 'run hangup', 'closed'],
    )
  })

  const nothingComes: readonly [what: string, answer: Asked][] = [
    ['refuses', said(459, 'not for you')],
    ['has nothing (251)', said(251, 'no messages')],
  ]
  for (const [what, answer] of nothingComes) {
    it(`closes the line at once when the provider ${what}`, async () => {
      const { seen } = await begin(LINE, [answer])
      assert.deepEqual(seen.slice(-2), ['run hangup', 'closed'])
    })
  }

  it('closes a line that did not open: it may be half open', async () => {
    const failed: Ran = { ok: false, started: true, text: 'dial ended with status 1 and said: BUSY' }
    const { seen, log } = await begin(LINE, [STARTED], { dial: failed })
    assert.deepEqual(seen, [
      'open',
      'run dial',
      'answered the line was not opened: ras_dial: dial ended with status 1 and said: BUSY',
      'run hangup',
      'closed',
    ])
    assert.match(log.join('\n'), /^error: ETRN: the line was not opened: ras_dial: dial ended with status 1/m)
  })

  it('has nothing to close when ras_dial did not even start', async () => {
    const { seen } = await begin(LINE, [STARTED], { dial: { ok: false, started: false, text: 'EPERM' } })
    assert.deepEqual(seen, ['open', 'run dial', 'answered the line was not opened: ras_dial: EPERM', 'closed'])
  })

  for (const name of ['dial', 'hangup']) {
    it(`does not open the line when ras_${name} cannot be run`, async () => {
      const { seen, over } = await begin(LINE, [STARTED], { [name]: 'missing' })
      assert.deepEqual([seen, over()], [[`answered the line was not opened: ${name} cannot be run`], true])
    })
  }

  it('says that a line may be open still when ras_hangup failed', async () => {
    const failed: Ran = { ok: false, started: true, text: 'hangup was stopped after 60 s' }
    const { seen, log } = await begin(LINE, [said(251, 'nothing')], { hangup: failed })
    assert.equal(seen.at(-1), 'closed')
    assert.match(log.at(-1) ?? '', /^error: .*may be open still: ras_hangup: hangup was stopped after 60 s$/)
  })

  it('closes the line at once when it is stopped', async () => {
    const { seen, end, over } = await begin(LINE, [STARTED])
    assert.equal(over(), false)
    end.abort()
    await settle()
    assert.deepEqual([seen.slice(-2), over()], [['run hangup', 'closed'], true])
  })

  it('asks no more when it is stopped between two questions', async () => {
    const { seen, end, over } = await begin(LINE, [unreached('ENETUNREACH')])
    end.abort()
    await settle()
    assert.equal(over(), true)
    assert.deepEqual(seen.slice(-2), ['run hangup', 'closed'])
  })
})
