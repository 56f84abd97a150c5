import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { captureLog } from './log.js'
import { until } from './wait.js'

describe('a captured log', () => {
  it('finds a line that is there already, from the offset on', async () => {
    const log = captureLog('the log')
    log.append('red 1\nblue 1\nred 2\n')
    const first = await log.waitFor(/red/g)
    assert.equal(first.line, 'red 1')
    assert.equal((await log.waitFor(/^red \d$/, { from: first.end })).line, 'red 2')
  })

  it('finds a line that comes later, and none that came before the offset', async () => {
    const log = captureLog('the log')
    log.append('red 1')
    const wait = log.waitFor(/red/, { from: log.text().length })
    log.append('blue 1\nred 2')
    assert.equal((await wait).line, 'red 2')
  })

  it('adds a line of a stream only when it is complete, so that two streams do not mix', () => {
    const log = captureLog('the log')
    const out = log.sink()
    const err = log.sink()
    out.write('on')
    err.write('two\nth')
    out.write('e\n')
    err.write('ree')
    err.end()
    out.end()
    assert.equal(log.text(), 'two\none\nthree\n')
  })

  it('rejects with its tail when the line does not come, or cannot come any more', async () => {
    const log = captureLog('the log')
    log.append('red 1')
    await assert.rejects(log.waitFor(/blue/, { timeoutMs: 1 }), /waited 1 ms: no line \/blue\/ in the log:\nred 1/)
    const wait = assert.rejects(log.waitFor(/blue/), /it ended before a line \/blue\/ in the log:\nred 1/)
    log.end('it ended')
    await wait
  })
})

describe('until', () => {
  const otherwise = (): string => 'too bad'

  it('asks again while the answer is undefined, false or a missing file', async () => {
    const missing = Object.assign(new Error('no such file'), { code: 'ENOENT' })
    const answers: (() => number | false | undefined)[] = [
      () => undefined,
      () => false,
      () => {
        throw missing
      },
      () => 0,
    ]
    assert.equal(await until(() => answers.shift()?.(), { otherwise }), 0)
    assert.equal(answers.length, 0)
  })

  it('ends with any other exception, and after its time', async () => {
    const fail = (): undefined => {
      throw new TypeError('a fault in the test')
    }
    await assert.rejects(until(fail, { otherwise }), /a fault in the test/)
    await assert.rejects(
      until(() => undefined, { timeoutMs: 1, otherwise }),
      /waited 1 ms: too bad/,
    )
  })
})
