import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { LogLine } from '../../lib/control/log-taps.js'
import { resultOf, talk, type Script } from './fake-server.js'

const LINE: LogLine = { atMs: Date.UTC(2026, 10, 25), pid: 7, level: 'INFO', text: '[INFO] [-] [core] \u001b[31mhello' }
const ONE: Script = () => [{ item: LINE }, { result: { count: 1 } }]

describe('dmail log', () => {
  it('prints each line with its time, without what acts on a terminal', async () => {
    const { exit, out, requests } = await talk(['log', 'hello', 'core'], ONE)
    assert.deepEqual([exit, out], [0, '2026-11-25T00:00:00.000Z [INFO] [-] [core] \\x1b[31mhello\n'])
    assert.deepEqual(requests, [{ command: 'log', args: { words: ['hello', 'core'] } }])
  })

  it('prints JSON, a line each', async () => {
    const { out } = await talk(['log', '--json'], () => [{ item: LINE }, { item: LINE }, { result: { count: 2 } }])
    assert.deepEqual(
      out
        .trimEnd()
        .split('\n')
        .map((line): unknown => JSON.parse(line)),
      [LINE, LINE],
    )
  })

  it('marks what is urgent on a terminal', async () => {
    const urgent: Script = () => [{ item: { ...LINE, level: 'CRIT', text: 'fire' } }, { result: { count: 1 } }]
    assert.match((await talk(['log'], urgent, { isTTY: true })).out, /\u001b\[31mfire\u001b/)
    assert.doesNotMatch((await talk(['log'], ONE, { isTTY: true })).out, /\u001b\[31m\[INFO/)
  })

  it('asks for a level and a number of lines', async () => {
    const { requests } = await talk(['log', '--level', 'debug', '-n', '5'], ONE)
    assert.deepEqual(requests, [{ command: 'log', args: { words: [], level: 'debug', lines: 5 } }])
  })

  for (const count of ['0', 'x', '1.5']) {
    it(`does not take -n ${count}: exit 2`, async () => {
      assert.equal((await talk(['log', '-n', count], ONE)).exit, 2)
    })
  }
})

describe('dmail log-level', () => {
  it('shows it', async () => {
    const ran = await talk(['log-level'], resultOf('log-level', { level: 'info', workers: 1, missing: 0 }))
    assert.deepEqual([ran.exit, ran.out], [0, 'the log is written up to level info\n'])
    assert.deepEqual(ran.requests, [{ command: 'log-level', args: {} }])
  })

  it('changes it; exit 1 where a worker did not answer', async () => {
    const ran = await talk(['log-level', 'debug'], resultOf('log-level', { level: 'debug', workers: 1, missing: 2 }))
    assert.deepEqual([ran.exit, ran.err], [1, 'dmail: 2 workers did not answer in time and may go on as before\n'])
    assert.deepEqual(ran.requests, [{ command: 'log-level', args: { level: 'debug' } }])
  })
})
