import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { describe, it, type TestContext } from 'node:test'
import { promisify } from 'node:util'
import fc from 'fast-check'
import { fromLine, mboxHead, toMbox } from '../../lib/delivery/mbox.js'
import { createRewriter, rewriteStream, type Quoting } from '../../lib/delivery/rewrite.js'
import { bodyOf, cut, ENVELOPE, inTemporaryDirectory, splitMbox } from './helpers.js'

const run = promisify(execFile)

/** Text in which line ends, `>` and pieces of `From ` meet often. */
const message = fc
  .array(
    fc.oneof(
      { weight: 3, arbitrary: fc.constantFrom('\r\n', '\n', '\r', '>', 'From ', 'From', 'F', '\r\n\r\n', '\r\nFrom ') },
      { weight: 1, arbitrary: fc.constantFrom('a', ' ', 'Subject: x', '\u00e9', '>>>From ', '\0', '-- ') },
    ),
    { maxLength: 60 },
  )
  .map((parts) => Buffer.from(parts.join('')))

/** What a message is once its line ends are local: CRLF is LF, and the last line has an end. */
function local(bytes: Buffer): string {
  const text = bytes.toString('latin1').replace(/\r\n/g, '\n')
  return text === '' || text.endsWith('\n') ? text : `${text}\n`
}

describe('the From line', () => {
  const at = new Date(1999, 0, 5, 6, 7, 8)
  const rows: readonly (readonly [string, string, string])[] = [
    ['an ordinary sender', 'pntest@example.com', 'From pntest@example.com Tue Jan 05 06:07:08 1999\n'],
    ['the null sender', '', 'From MAILER-DAEMON Tue Jan 05 06:07:08 1999\n'],
    ['blanks in a quoted local part', '"a b"@example.com', 'From "a-b"@example.com Tue Jan 05 06:07:08 1999\n'],
    ['a line end', 'a\r\nFrom b', 'From a--From-b Tue Jan 05 06:07:08 1999\n'],
    ['characters beyond ASCII', 'jos\u00e9@example.com', 'From jos-@example.com Tue Jan 05 06:07:08 1999\n'],
  ]
  for (const [name, sender, expected] of rows) {
    it(`has its five fields with ${name}`, () => {
      assert.equal(fromLine(sender, at), expected)
    })
  }

  it('names every weekday and month', () => {
    const seen = new Set<string>()
    for (let day = 0; day < 366; day++) {
      const date = new Date(2024, 0, 1 + day, 12)
      const fields = fromLine('bob@domain1.com', date).trim().split(' ')
      // What the language itself calls the day: `Mon Jan 01 2024 ...`.
      assert.deepEqual([...fields.slice(2, 5), fields[6]], date.toString().split(' ').slice(0, 4))
      seen.add(`${fields[2] ?? ''} ${fields[3] ?? ''}`)
    }
    assert.ok(seen.size > 70)
  })
})

describe('the head of a message in a drop file', () => {
  it('is From, Return-Path, Delivered-To', () => {
    assert.equal(
      mboxHead(ENVELOPE, new Date(1998, 11, 26, 9, 37, 48)),
      'From fred@example.com Sat Dec 26 09:37:48 1998\nReturn-Path: <fred@example.com>\nDelivered-To: bob@domain1.com\n',
    )
  })

  it('has no more lines, whatever the addresses', () => {
    const head = mboxHead({ ...ENVELOPE, sender: 'a\nX: y\r\n\r\n', recipient: 'b\n\nFrom c' }, new Date())
    assert.equal(head.split('\n').length, 4)
    assert.match(head, /\nReturn-Path: <aX: y>\nDelivered-To: bFrom c\n$/)
  })

  it('is <> for the null sender', () => {
    assert.match(mboxHead({ ...ENVELOPE, sender: '' }, new Date()), /\nReturn-Path: <>\n/)
  })
})

describe('a message in mbox form', () => {
  const rows: readonly (readonly [string, string, string, string])[] = [
    ['line ends become LF', 'a\r\nb\r\n', 'a\nb\n\n', 'a\nb\n\n'],
    ['a lone CR is kept', 'a\rb\r\r\nc\n', 'a\rb\r\nc\n\n', 'a\rb\r\nc\n\n'],
    ['a last line without end gets one', 'a', 'a\n\n', 'a\n\n'],
    ['a last CR is kept', 'a\r', 'a\r\n\n', 'a\r\n\n'],
    ['empty lines at the end are the message\u2019s own', 'a\r\n\r\n', 'a\n\n\n', 'a\n\n\n'],
    ['nothing is an empty line', '', '\n', '\n'],
    ['From at the start of a line is quoted', 'a\r\nFrom b\r\n', 'a\n>From b\n\n', 'a\n>From b\n\n'],
    ['From at the very start is quoted', 'From b\r\n', '>From b\n\n', '>From b\n\n'],
    ['a quoted From is quoted again in mboxrd only', '>>From b\r\n', '>>>From b\n\n', '>>From b\n\n'],
    ['From within a line is not', 'a From b\r\n> From b\r\n', 'a From b\n> From b\n\n', 'a From b\n> From b\n\n'],
    ['Fromage is not', 'Fromage\r\nfrom b\r\nFrom\r\n', 'Fromage\nfrom b\nFrom\n\n', 'Fromage\nfrom b\nFrom\n\n'],
    ['From without line end is quoted', '\r\nFrom ', '\n>From \n\n', '\n>From \n\n'],
    ['a lone CR begins no line', 'a\rFrom b', 'a\rFrom b\n\n', 'a\rFrom b\n\n'],
  ]
  for (const [name, given, mboxrd, mboxo] of rows) {
    it(name, () => {
      assert.equal(toMbox(Buffer.from(given), 'mboxrd').toString(), mboxrd)
      assert.equal(toMbox(Buffer.from(given), 'mboxo').toString(), mboxo)
    })
  }

  it('gives the message back when it is unquoted', () => {
    fc.assert(
      fc.property(message, (bytes) => {
        const written = toMbox(bytes, 'mboxrd').toString('latin1')
        assert.ok(written.endsWith('\n'))
        const body = written.slice(0, -1)
        assert.doesNotMatch(body, /(^|\n)From /)
        assert.equal(body.replace(/(^|\n)>(>*From )/g, '$1$2'), local(bytes))
      }),
    )
  })

  it('does not depend on how the message is cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        message,
        fc.integer({ min: 1, max: 9 }),
        fc.constantFrom<Quoting>('mboxrd', 'mboxo', 'none'),
        fc.boolean(),
        async (bytes, size, quoting, closed) => {
          const whole = createRewriter(quoting, closed)
          const expected = Buffer.concat([whole.push(bytes), whole.end()]).toString('latin1')
          const stream = Readable.from(cut(bytes, size)).pipe(rewriteStream(createRewriter(quoting, closed)))
          assert.equal((await buffer(stream)).toString('latin1'), expected)
        },
      ),
    )
  })

  it('holds back no more than five bytes of a run of >', () => {
    const run = Buffer.alloc(100_000, '>')
    const rewriter = createRewriter('mboxrd', true)
    assert.equal(rewriter.push(run).length, run.length)
    assert.equal(rewriter.push(Buffer.from('From')).length, 0)
    assert.equal(rewriter.push(Buffer.from(' ')).toString(), '>From ')
    assert.equal(rewriter.end().toString(), '\n\n')
  })
})

describe('a file of several messages', () => {
  const messages = fc.array(message, { minLength: 1, maxLength: 6 })

  function fileOf(all: readonly Buffer[]): Buffer {
    return Buffer.concat(all.flatMap((bytes) => [Buffer.from(mboxHead(ENVELOPE, new Date())), toMbox(bytes, 'mboxrd')]))
  }

  it('splits into what was written', () => {
    fc.assert(
      fc.property(messages, (all) => {
        assert.deepEqual(splitMbox(fileOf(all)).map(bodyOf), all.map(local))
      }),
    )
  })

  it('splits so for Python\u2019s mailbox module', async (t: TestContext) => {
    const script = [
      'import mailbox, sys',
      'for name in sys.argv[1:]:',
      '    box = mailbox.mbox(name, create=False)',
      '    print(len(box), *(box.get_bytes(key).hex() or "-" for key in box.keys()))',
    ].join('\n')
    try {
      await run('python3', ['-c', 'import mailbox'])
    } catch {
      t.skip('python3 is not there')
      return
    }
    await inTemporaryDirectory(async (directory) => {
      const samples = fc.sample(messages, { numRuns: 100, seed: 1 })
      const names = samples.map((_, at) => path.join(directory, String(at)))
      await Promise.all(samples.map((all, at) => writeFile(names[at] ?? '', fileOf(all))))
      const { stdout } = await run('python3', ['-c', script, ...names])
      const read = stdout.trim().split('\n')
      assert.equal(read.length, samples.length)
      for (const [at, all] of samples.entries()) {
        const [count, ...bodies] = (read[at] ?? '').split(' ')
        assert.equal(Number(count), all.length)
        const texts = bodies.map((hex) => Buffer.from(hex, 'hex').toString('latin1'))
        // Python hands out the message without its From line; two delivery headers stand before it.
        assert.deepEqual(
          texts.map((text) => bodyOf(`From\n${text}`)),
          all.map(local),
        )
      }
    })
  })
})
