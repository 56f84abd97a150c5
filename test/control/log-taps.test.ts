import assert from 'node:assert/strict'
import { describe, it, mock } from 'node:test'
import { createLogTaps, type LogLine, type LogTaps, type LogWanted } from '../../lib/control/log-taps.js'

const INFO = 6
const DEBUG = 7
const ALL: LogWanted = { level: undefined, words: [] }

function line(text: string, level = 'INFO'): LogLine {
  return { atMs: 1, pid: 1, level, text }
}

function textsOf(taps: LogTaps, id: string, wanted: LogWanted): string[] {
  return taps.take(id, wanted).lines.map(({ text }) => text)
}

describe('whoever follows the log', () => {
  const rows: [what: string, wanted: LogWanted, seen: readonly string[]][] = [
    ['gets every line that is logged', ALL, ['Mail for bob', 'mail for fred', 'a detail']],
    ['gets those with a word in it, in any case', { ...ALL, words: ['MAIL'] }, ['Mail for bob', 'mail for fred']],
    ['gets those with all of the words', { ...ALL, words: ['mail', 'fred'] }, ['mail for fred']],
    ['gets those up to a level', { level: INFO, words: [] }, ['Mail for bob', 'mail for fred']],
    ['gets nothing where nothing fits', { level: INFO, words: ['detail'] }, []],
  ]
  for (const [what, wanted, seen] of rows) {
    it(what, () => {
      const taps = createLogTaps(() => undefined)
      assert.deepEqual(textsOf(taps, 'one', wanted), [], 'what was before is not there')
      taps.see(line('Mail for bob'), INFO)
      taps.see(line('mail for fred'), INFO)
      taps.see(line('a detail', 'DEBUG'), DEBUG)
      assert.deepEqual(textsOf(taps, 'one', wanted), seen)
      assert.deepEqual(textsOf(taps, 'one', wanted), [], 'each is told once')
      taps.close()
    })
  }

  it('does not take from others', () => {
    const taps = createLogTaps(() => undefined)
    for (const id of ['one', 'other']) taps.take(id, ALL)
    taps.see(line('a'), INFO)
    assert.deepEqual([textsOf(taps, 'one', ALL), textsOf(taps, 'other', ALL)], [['a'], ['a']])
    taps.close()
  })

  it('that is too slow is told how many lines there were more', () => {
    const taps = createLogTaps(() => undefined)
    taps.take('one', ALL)
    for (let n = 0; n < 2003; n++) taps.see(line(`line ${n}`), INFO)
    const { lines, dropped } = taps.take('one', ALL)
    assert.deepEqual([lines.length, lines.at(-1)?.text, dropped], [2000, 'line 1999', 3])
    assert.equal(taps.take('one', ALL).dropped, 0)
    taps.close()
  })

  it('gets the beginning of a line that is very long', () => {
    const taps = createLogTaps(() => undefined)
    taps.take('one', ALL)
    taps.see(line('x'.repeat(10_000)), INFO)
    assert.equal(taps.take('one', ALL).lines[0]?.text.length, 4096)
    taps.close()
  })

  it('wants the highest level of all that follow, until they end', () => {
    const levels: (number | undefined)[] = []
    const taps = createLogTaps(() => levels.push(taps.level()))
    taps.take('one', { level: INFO, words: [] })
    taps.take('other', { level: DEBUG, words: [] })
    taps.take('any', ALL)
    taps.end('other')
    taps.end('other')
    taps.close()
    assert.deepEqual(levels, [INFO, DEBUG, DEBUG, INFO, undefined, undefined])
    assert.equal(taps.any(), false)
  })

  it('is forgotten when it takes nothing for 10 seconds', () => {
    mock.timers.enable({ apis: ['setTimeout'] })
    try {
      const taps = createLogTaps(() => undefined)
      taps.take('one', { level: DEBUG, words: [] })
      mock.timers.tick(9_999)
      assert.equal(taps.any(), true)
      mock.timers.tick(1)
      assert.deepEqual([taps.any(), taps.level()], [false, undefined])
    } finally {
      mock.timers.reset()
    }
  })
})
