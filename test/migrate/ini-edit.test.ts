import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { parseIni } from '../../lib/conf/ini.js'
import { addIniComments, iniValue, setIniKey, type IniEdit, type IniSet } from '../../lib/migrate/ini-edit.js'

interface Row {
  readonly says: string
  readonly text: string
  readonly set: IniSet
  readonly gives: string
  readonly done: IniEdit['done']
}

const LEVEL = { section: 'main', key: 'level', value: 'debug' }

const ROWS: readonly Row[] = [
  {
    says: 'a key goes to the end of its section, before the blank line',
    text: '[main]\nformat=json\n\n[other]\nx=1\n',
    set: LEVEL,
    gives: '[main]\nformat=json\nlevel=debug\n\n[other]\nx=1\n',
    done: 'set',
  },
  {
    says: 'a section that is missing goes to the end',
    text: '[other]\nx=1\n',
    set: { section: 'robot', key: 'user', value: 'nobody' },
    gives: '[other]\nx=1\n\n[robot]\nuser=nobody\n',
    done: 'set',
  },
  {
    says: 'a key that is commented out at its default goes below that line',
    text: '[main]\n; how much\n;level=info\nformat=json\n',
    set: LEVEL,
    gives: '[main]\n; how much\n;level=info\nlevel=debug\nformat=json\n',
    done: 'set',
  },
  {
    says: "an operator's value stays",
    text: '[main]\nlevel=notice\n',
    set: { ...LEVEL, usual: 'info' },
    gives: '[main]\nlevel=notice\n',
    done: 'kept',
  },
  {
    says: "what Haraka comes with is nobody's decision",
    text: '[main]\nlevel=info\n',
    set: { ...LEVEL, usual: 'info' },
    gives: '[main]\nlevel=debug\n',
    done: 'set',
  },
  {
    says: 'a value that is asked for takes the place of another',
    text: 'listen=[::0]:25\nnodes=1\n',
    set: { section: 'main', key: 'listen', value: '127.0.0.1:2525', replace: true },
    gives: 'listen=127.0.0.1:2525\nnodes=1\n',
    done: 'set',
  },
  {
    says: 'a key before any section is one of [main]',
    text: '; a file without [main]\n\n[tls]\nx=1\n',
    set: LEVEL,
    gives: '; a file without [main]\nlevel=debug\n\n[tls]\nx=1\n',
    done: 'set',
  },
  {
    says: 'the same value changes nothing',
    text: '[main]\n level = debug\n',
    set: LEVEL,
    gives: '[main]\n level = debug\n',
    done: 'same',
  },
  {
    says: 'the last of two lines is the one in force',
    text: '[main]\nlevel=debug\nlevel=error\n',
    set: { ...LEVEL, replace: true },
    gives: '[main]\nlevel=debug\nlevel=debug\n',
    done: 'set',
  },
  {
    says: 'line ends stay what they are',
    text: '[main]\r\nx=1\r\n',
    set: LEVEL,
    gives: '[main]\r\nx=1\r\nlevel=debug\r\n',
    done: 'set',
  },
  {
    says: 'a last line without an end gets one',
    text: '[main]\nx=1',
    set: LEVEL,
    gives: '[main]\nx=1\nlevel=debug\n',
    done: 'set',
  },
  { says: 'an empty file gets the key', text: '', set: LEVEL, gives: 'level=debug\n', done: 'set' },
  {
    says: 'prefixes of paths are compared without regard to case',
    text: '[paths]\nC:\\DMail = /srv/dmail\n',
    set: { section: 'paths', key: 'c:\\dmail', value: '/var/dmail' },
    gives: '[paths]\nC:\\DMail = /srv/dmail\n',
    done: 'kept',
  },
]

describe('setting a key of an ini file', () => {
  for (const { says, text, set, gives, done } of ROWS) {
    it(says, () => {
      const edit = setIniKey(text, set)
      assert.equal(edit.text, gives)
      assert.equal(edit.done, done)
    })
  }
})

/** Files of any shape: sections, keys, comments, blanks and lines that are nothing. */
const iniLine = fc.oneof(
  fc.constantFrom(
    '[main]',
    '[robot]',
    '[paths]',
    '[unknown section]',
    '',
    '  ',
    '; a comment',
    '# another',
    ';user=',
    'user=',
    'no equals sign',
  ),
  fc.constantFrom(
    'user=smith',
    'user = "x"',
    'level=info',
    ';level=warn',
    'c:\\dmail = /var/dmail',
    ' indented=1 ; tail',
  ),
)
const iniText = fc
  .tuple(fc.array(iniLine, { maxLength: 25 }), fc.constantFrom('\n', '\r\n'), fc.boolean())
  .map(([lines, end, closed]) => lines.join(end) + (closed && lines.length > 0 ? end : ''))
const iniSet = fc.record({
  section: fc.constantFrom('main', 'robot', 'paths', 'new'),
  key: fc.constantFrom('user', 'level', 'c:\\dmail', 'fresh'),
  value: fc.constantFrom('nobody', '/srv/x', '5'),
  replace: fc.boolean(),
})

/** The lines without their ends; the end of the last one is not a line. */
function linesOf(text: string): string[] {
  const lines = text.split(/\r?\n/)
  if (lines.at(-1) === '') lines.pop()
  return lines
}

describe('setting a key, whatever the file', () => {
  it('keeps every other line, in order', () => {
    fc.assert(
      fc.property(iniText, iniSet, (text, set) => {
        const before = linesOf(text)
        const { text: edited, done, was } = setIniKey(text, set)
        const after = linesOf(edited)
        if (done !== 'set') return edited === text
        const kept = before.filter((line, index) => line === after[index])
        // One line replaced, or lines added in one place: what is common to both is all that was there.
        if (was !== undefined) return after.length === before.length && kept.length >= before.length - 1
        const added = after.length - before.length
        return after.some(
          (_, at) => [...after.slice(0, at), ...after.slice(at + added)].join('\n') === before.join('\n'),
        )
      }),
    )
  })

  it('is seen by a reader, and done again changes nothing', () => {
    fc.assert(
      fc.property(iniText, iniSet, (text, set) => {
        const { text: edited, done } = setIniKey(text, set)
        if (done === 'kept') return
        assert.equal(iniValue(edited, set.section, set.key), set.value)
        assert.deepEqual(setIniKey(edited, set), { text: edited, done: 'same', was: set.value })
      }),
    )
  })

  it('is what dmail.ini says then', () => {
    fc.assert(
      fc.property(iniText, (text) => {
        // The reader of dmail.ini takes no key before a section.
        const { text: edited, done } = setIniKey(`[drop]\n${text}`, {
          section: 'robot',
          key: 'user',
          value: 'nobody',
          replace: true,
        })
        assert.notEqual(done, 'kept')
        assert.equal(parseIni(edited, 'dmail.ini', '/').ini.robot.user, 'nobody')
      }),
    )
  })
})

/** What a reader makes of a file. */
function seen(text: string): string {
  const { ini } = parseIni(text, 'x', '/')
  return JSON.stringify([ini, [...ini.paths]])
}

describe('adding comments to an ini file', () => {
  const LINES = ['; bomb_max 40 (dmail.conf:3):', ';default=40/5m']

  it('puts them at the end of their section, once', () => {
    const first = addIniComments('[rate]\ndefault=5\n\n[x]\n', 'rate', LINES)
    assert.equal(first.text, `[rate]\ndefault=5\n${LINES.join('\n')}\n\n[x]\n`)
    assert.deepEqual(addIniComments(first.text, 'rate', LINES), { text: first.text, done: 'same' })
  })

  it('never changes what a reader sees', () => {
    fc.assert(
      fc.property(iniText, (text) => {
        const { text: edited } = addIniComments(text, 'robot', LINES)
        assert.equal(seen(edited), seen(text))
      }),
    )
  })
})
