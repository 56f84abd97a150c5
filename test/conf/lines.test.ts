import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import path from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { readSettingLines, type SettingLines } from '../../lib/conf/lines.js'
import { brief, dirWith, mapPath } from './helpers.js'

type Files = Readonly<Record<string, string | Buffer>>

async function read(t: TestContext, files: Files): Promise<SettingLines & { dir: string }> {
  const dir = dirWith(t, files)
  return { ...(await readSettingLines(path.join(dir, 'dmail.conf'), dir, mapPath)), dir }
}

/** `file:line:column name|column value`. */
function places({ lines }: SettingLines): string[] {
  return lines.map(({ name, value, at, valueAt }) => {
    return `${at.file}:${at.line}:${at.column ?? 0} ${name}|${valueAt.column ?? 0} ${value}`
  })
}

describe('lines of dmail.conf', () => {
  const rows: [what: string, text: string | Buffer, expected: string[]][] = [
    ['a name in any case is lower case (C1)', 'Drop_Path /In\n', ['dmail.conf:1:1 drop_path|11 /In']],
    ['any run of blanks and tabs separates (C2)', ' \tsysadmin \t bob@a  \t', ['dmail.conf:1:3 sysadmin|14 bob@a']],
    ['CRLF and blank lines (C2)', 'a 1\r\n\r\n \t\r\nb 2\r\n', ['dmail.conf:1:1 a|3 1', 'dmail.conf:4:1 b|3 2']],
    ['UTF-8 (C2)', 'a b\u00fcro', ['dmail.conf:1:1 a|3 b\u00fcro']],
    ['Latin-1 where it is not UTF-8 (C2)', Buffer.from('a b\u00fcro', 'latin1'), ['dmail.conf:1:1 a|3 b\u00fcro']],
    ['a byte order mark is no part of the name', '\ufeffa 1', ['dmail.conf:1:1 a|3 1']],
    ['a line that starts with # is a comment (C3)', '# a\n#b 1\n  # c\n#included d\na 1', ['dmail.conf:5:1 a|3 1']],
    ['a # in a value is no comment (C3)', 'a 1 # b', ['dmail.conf:1:1 a|3 1 # b']],
    ['a name without a value', 'drop_path', ['dmail.conf:1:1 drop_path|10 ']],
    ['an empty file', '', []],
  ]
  for (const [what, text, expected] of rows) {
    it(what, async (t) => {
      const result = await read(t, { 'dmail.conf': text })
      assert.deepEqual(places(result), expected)
      assert.deepEqual(brief(result.problems), [])
    })
  }
})

describe('domain blocks (C8)', () => {
  const skipped = (at: string, rest: string): string => `warning ${at}: the domain block of ${rest} skipped`
  const rows: [what: string, text: string, expected: string[], problems: string[]][] = [
    [
      'a block ends at its end line',
      'a 1\ndomain x.com\nb 2\nend\nc 3',
      ['dmail.conf:1:1 a|3 1', 'dmail.conf:5:1 c|3 3'],
      [skipped('dmail.conf:2:1', 'x.com is not supported: lines 2 to 4 are')],
    ],
    [
      'a block ends at its brace',
      'domain x.com {\nb 2\n}\nc 3',
      ['dmail.conf:4:1 c|3 3'],
      [skipped('dmail.conf:1:1', 'x.com is not supported: lines 1 to 3 are')],
    ],
    [
      'an indented block ends at the first line that is not',
      'domain x.com\n  b 2\n\n# note\n  c 3\nd 4',
      ['dmail.conf:6:1 d|3 4'],
      [skipped('dmail.conf:1:1', 'x.com is not supported: lines 1 to 5 are')],
    ],
    [
      'any other block ends at the next one or with the file',
      'domain x.com\nb 2\ndomain y.com\nc 3',
      [],
      [
        skipped('dmail.conf:1:1', 'x.com is not supported: lines 1 to 2 are'),
        skipped('dmail.conf:3:1', 'y.com is not supported: lines 3 to 4 are'),
      ],
    ],
    ['a block of one line', 'domain x.com', [], [skipped('dmail.conf:1:1', 'x.com is not supported: its line is')]],
  ]
  for (const [what, text, expected, problems] of rows) {
    it(what, async (t) => {
      const result = await read(t, { 'dmail.conf': text })
      assert.deepEqual(places(result), expected)
      assert.deepEqual(brief(result.problems), problems)
    })
  }
})

describe('#include (C3)', () => {
  it('puts the lines in its place, relative to the including file', async (t) => {
    const result = await read(t, {
      'dmail.conf': 'a 1\n#include sub/one.conf\nd 4',
      'sub/one.conf': 'b 2\n#INCLUDE "two.conf"\n',
      'sub/two.conf': '#include ../three.conf',
      'three.conf': 'c 3',
    })
    assert.deepEqual(places(result), [
      'dmail.conf:1:1 a|3 1',
      'sub/one.conf:1:1 b|3 2',
      'three.conf:1:1 c|3 3',
      'dmail.conf:3:1 d|3 4',
    ])
    assert.deepEqual(
      result.files.map((file) => path.relative(result.dir, file)),
      ['dmail.conf', 'sub/one.conf', 'sub/two.conf', 'three.conf'],
    )
  })

  it('turns back-slashes of a relative path', async (t) => {
    const result = await read(t, { 'dmail.conf': '#include sub\\one.conf', 'sub/one.conf': 'b 2' })
    assert.deepEqual(places(result), ['sub/one.conf:1:1 b|3 2'])
  })

  it('names a file outside of the directory by its whole path', async (t) => {
    const outside = dirWith(t, { 'x.conf': 'a 1' })
    const result = await read(t, { 'dmail.conf': `#include ${outside}/x.conf` })
    assert.deepEqual(places(result), [`${outside}/x.conf:1:1 a|3 1`])
  })

  it('may include one file twice', async (t) => {
    const result = await read(t, { 'dmail.conf': '#include a\n#include a', a: 'x 1' })
    assert.deepEqual(places(result), ['a:1:1 x|3 1', 'a:1:1 x|3 1'])
  })

  const errors: [what: string, files: Files, problem: (dir: string) => string][] = [
    ['a missing file', { 'dmail.conf': 'a 1\n#include  no.conf' }, (dir) => `2:11: "${dir}/no.conf" does not exist`],
    ['a directory', { 'dmail.conf': '#include sub', 'sub/x': '' }, (dir) => `1:10: "${dir}/sub" is a directory`],
    ['no name', { 'dmail.conf': '  #include ""' }, () => '1:3: #include names no file'],
    ['an unmapped drive', { 'dmail.conf': '#include d:\\x.conf' }, () => '1:10: "d:\\x.conf" is a Windows path'],
    [
      'a circle of one',
      { 'dmail.conf': '#include dmail.conf' },
      () => '1:10: #include goes in a circle: dmail.conf -> dmail.conf',
    ],
  ]
  for (const [what, files, problem] of errors) {
    it(`${what} is an error`, async (t) => {
      const result = await read(t, files)
      assert.deepEqual(brief(result.problems), [`error dmail.conf:${problem(result.dir)}`])
      assert.equal(result.readable, true)
    })
  }

  it('maps a full Windows path (C10)', async (t) => {
    const result = await read(t, { 'dmail.conf': '#include c:\\dmail\\no-such-directory\\x.conf' })
    assert.deepEqual(brief(result.problems), [
      'error dmail.conf:1:10: "/var/dmail/no-such-directory/x.conf" does not exist',
    ])
  })

  it('names the chain of a circle', async (t) => {
    const result = await read(t, {
      'dmail.conf': '#include a.conf',
      'a.conf': '#include sub/b.conf',
      'sub/b.conf': 'x 1\n#include ../a.conf\ny 2',
    })
    assert.deepEqual(brief(result.problems), [
      'error sub/b.conf:2:10: #include goes in a circle: a.conf -> sub/b.conf -> a.conf',
    ])
    assert.deepEqual(places(result), ['sub/b.conf:1:1 x|3 1', 'sub/b.conf:3:1 y|3 2'])
  })

  it('goes 16 levels deep and no further', async (t) => {
    const files: Record<string, string> = { 'dmail.conf': '#include 1' }
    for (let level = 1; level <= 16; level++) files[String(level)] = `x ${level}\n#include ${level + 1}`
    files['17'] = 'x 17'
    const result = await read(t, files)
    assert.equal(result.lines.length, 16)
    assert.deepEqual(brief(result.problems), ['error 16:2:10: #include goes deeper than 16 levels'])
  })

  it('reads a bounded number of files', async (t) => {
    const files: Record<string, string> = { 'dmail.conf': '#include 1\n#include 1' }
    for (let level = 1; level < 16; level++) files[String(level)] = `#include ${level + 1}\n#include ${level + 1}`
    files['16'] = ''
    const result = await read(t, files)
    assert.match(brief(result.problems)[0] ?? '', /^error \d+:\d:10: more than 1024 files are included$/)
  })
})

describe('a dmail.conf that is no text file', () => {
  it('is missing', async (t) => {
    const result = await read(t, {})
    assert.equal(result.readable, false)
    assert.deepEqual(brief(result.problems), [`error dmail.conf:1: "${result.dir}/dmail.conf" does not exist`])
    assert.deepEqual(result.files, [path.join(result.dir, 'dmail.conf')])
  })

  it('is a directory', async (t) => {
    const result = await read(t, { 'dmail.conf/x': '' })
    assert.equal(result.readable, false)
    assert.deepEqual(brief(result.problems), [`error dmail.conf:1: "${result.dir}/dmail.conf" is a directory`])
  })

  it('is a FIFO, which is not waited for', async (t) => {
    const dir = dirWith(t, {})
    execFileSync('mkfifo', [path.join(dir, 'dmail.conf')])
    const result = await readSettingLines(path.join(dir, 'dmail.conf'), dir, mapPath)
    assert.deepEqual(brief(result.problems), [`error dmail.conf:1: "${dir}/dmail.conf" is not a regular file`])
  })

  it('may not be read', { skip: process.getuid?.() === 0 ? 'root may read everything' : false }, async (t) => {
    const dir = dirWith(t, { 'dmail.conf': 'a 1' })
    execFileSync('chmod', ['000', path.join(dir, 'dmail.conf')])
    const result = await readSettingLines(path.join(dir, 'dmail.conf'), dir, mapPath)
    assert.deepEqual(brief(result.problems), [`error dmail.conf:1: "${dir}/dmail.conf" may not be read`])
  })

  it('has NUL bytes', async (t) => {
    const result = await read(t, { 'dmail.conf': 'a 1\nb \0\0 2\nc 3' })
    assert.deepEqual(places(result), ['dmail.conf:1:1 a|3 1', 'dmail.conf:3:1 c|3 3'])
    assert.deepEqual(brief(result.problems), ['error dmail.conf:2:3: the line holds a NUL byte'])
  })

  it('has a line of a megabyte', async (t) => {
    const long = 'x'.repeat(1024 * 1024)
    const blanks = ' '.repeat(1024 * 1024)
    const result = await read(t, { 'dmail.conf': `a ${long}\nb 1${blanks}2${blanks}\nc 3` })
    assert.deepEqual(
      result.lines.map((line) => line.value.length),
      [long.length, blanks.length + 2, 1],
    )
  })

  it('is larger than 64 MiB', async (t) => {
    const result = await read(t, { 'dmail.conf': Buffer.alloc(64 * 1024 * 1024 + 1, '#') })
    assert.deepEqual(brief(result.problems), [`error dmail.conf:1: "${result.dir}/dmail.conf" is larger than 64 MiB`])
  })
})
