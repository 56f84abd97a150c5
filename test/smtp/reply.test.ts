import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { createReplyReader, NotSmtp, replyText, type SmtpReply } from '../../lib/smtp/reply.js'

function read(...pieces: readonly (string | Uint8Array)[]): { replies: string[]; rest: boolean } {
  const reader = createReplyReader()
  const replies: SmtpReply[] = []
  for (const piece of pieces) {
    reader.push(Buffer.from(piece))
    for (let next = reader.next(); next !== undefined; next = reader.next()) replies.push(next)
  }
  return { replies: replies.map(replyText), rest: !reader.isEmpty() }
}

describe('the reader of SMTP replies', () => {
  const understood: readonly [what: string, pieces: readonly string[], replies: readonly string[]][] = [
    ['one line', ['220 ready\r\n'], ['220 ready']],
    ['a code alone', ['250\r\n'], ['250']],
    ['line ends without CR', ['250-one\n250 two\n'], ['250 one two']],
    ['several lines as one reply', ['250-one\r\n250-\r\n250 two\r\n'], ['250 one two']],
    ['a reply in two pieces', ['25', '0 st', 'arted\r', '\n'], ['250 started']],
    ['a character in two pieces', ['250 \u00fc\r\n'], ['250 \u00fc']],
    ['two replies at once', ['250 a\r\n421 b\r\n'], ['250 a', '421 b']],
    ['nothing to alarm a terminal', ['250 \u001b[31mred\u0007\u202e\r\n'], ['250 ?[31mred??']],
  ]
  for (const [what, pieces, replies] of understood) {
    it(`understands ${what}`, () => {
      assert.deepEqual(read(...pieces), { replies, rest: false })
    })
  }

  it('says when something is left over', () => {
    assert.equal(read('250 a\r\n25').rest, true)
    assert.equal(read('250-a\r\n').rest, true)
  })

  const refused: readonly [what: string, bytes: string, message: RegExp][] = [
    ['another protocol', 'HTTP/1.1 400 Bad Request\r\n', /no SMTP: "HTTP\/1\.1 400 Bad Request"/],
    ['a code that is none', '199 x\r\n', /no SMTP/],
    ['a code with something behind it', '250x\r\n', /no SMTP/],
    ['two codes in one reply', '250-a\r\n550 b\r\n', /begins with 250 and goes on with 550/],
    ['a line without end', '250 '.padEnd(1_000_000, 'x'), /a line of more than 2048 bytes/],
    ['a line too long', `250 ${'x'.repeat(3000)}\r\n`, /a line of more than 2048 bytes/],
    ['a reply without end', '250-x\r\n'.repeat(101), /more than 100 lines/],
    ['replies without end', '250 x\r\n'.repeat(3), /more replies than commands/],
  ]
  for (const [what, bytes, message] of refused) {
    it(`refuses ${what}`, () => {
      assert.throws(
        () => read(bytes),
        (error) => error instanceof NotSmtp && message.test(error.message),
      )
    })
  }

  it('does not mind how the bytes come', () => {
    const line = fc.string({ unit: 'binary', maxLength: 40 }).map((text) => text.replace(/[\r\n]/g, ''))
    fc.assert(
      fc.property(
        fc.integer({ min: 200, max: 599 }),
        fc.array(line, { minLength: 1, maxLength: 5 }),
        fc.nat(),
        (code, lines, cut) => {
          const text = lines.map((each, at) => `${code}${at === lines.length - 1 ? ' ' : '-'}${each}\r\n`).join('')
          const bytes = Buffer.from(text)
          const at = cut % (bytes.length + 1)
          assert.deepEqual(read(bytes.subarray(0, at), bytes.subarray(at)), read(bytes))
          assert.equal(read(bytes).replies.length, 1)
        },
      ),
    )
  })

  it('complains of any other bytes in words, and in no other way', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 5 }), (pieces) => {
        try {
          read(...pieces)
        } catch (error) {
          assert.ok(error instanceof NotSmtp, String(error))
        }
      }),
    )
  })
})
