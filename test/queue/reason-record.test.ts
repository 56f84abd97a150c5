import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { createRecordReader, formatRecord, MAX_REASON, tidyReason } from '../../lib/queue/reason-record.js'

describe('a reason as it is kept', () => {
  const rows: readonly (readonly [what: string, said: string, kept: string])[] = [
    ['is what the remote said', '450 4.2.0 try later (mx.example.com)', '450 4.2.0 try later (mx.example.com)'],
    ['is one line', '450 one\r\n450 two', '450 one 450 two'],
    ['has no escape sequence', 'no\x1b[31mred\x9b', 'no [31mred'],
    ['does not turn the text around', 'a\u202eb', 'a b'],
    ['has no blanks around it', '\t no \n', 'no'],
    ['is cut', 'x'.repeat(501), 'x'.repeat(500)],
    ['is not cut within a character', `${'x'.repeat(499)}\u{1f4e7}`, `${'x'.repeat(499)}\ufffd`],
    ['may be nothing', '\r\n', ''],
  ]
  for (const [what, said, kept] of rows) {
    it(what, () => {
      assert.equal(tidyReason(said), kept)
      assert.equal(tidyReason(tidyReason(said)), tidyReason(said))
    })
  }
})

const id = fc.stringMatching(/^[0-9A-Za-z]{1,20}$/)
const text = fc.string({ unit: 'binary', maxLength: 700 })

function read(...chunks: readonly Buffer[]): (readonly [string, string])[] {
  const found: (readonly [string, string])[] = []
  const push = createRecordReader((id, reason) => found.push([id, reason]))
  for (const chunk of chunks) push(chunk)
  return found
}

/** The bytes in pieces that end at these places. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const ends = places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b)
  return [0, ...ends].map((from, at) => bytes.subarray(from, ends[at] ?? bytes.length))
}

describe('records', () => {
  it('are read as they were written, wherever the chunks end', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(id, text)), fc.array(fc.nat()), (records, places) => {
        const tidy = records.map(([id, text]) => [id, tidyReason(text)] as const)
        const bytes = Buffer.from(tidy.map(([id, reason]) => formatRecord(id, reason)).join(''))
        assert.deepEqual(read(...cut(bytes, places)), tidy)
      }),
    )
  })

  it('are read from anything without a fault, and are tidy', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 5000 }), fc.array(fc.nat()), (bytes, places) => {
        for (const [id, reason] of read(...cut(Buffer.from(bytes), places))) {
          assert.match(id, /^[0-9A-Za-z]{1,64}$/)
          assert.ok(reason.length <= MAX_REASON && tidyReason(reason) === reason)
        }
      }),
    )
  })

  const strange: readonly (readonly [
    what: string,
    bytes: string | Buffer,
    found: readonly (readonly [string, string])[],
  ])[] = [
    ['a last line that is cut off does not count', 'a1 first\na2 seco', [['a1', 'first']]],
    ['an empty reason takes an earlier one back', 'a1 \n', [['a1', '']]],
    ['lines that are no records are passed over', '\n \nfoo\n../x y\na1 here\n', [['a1', 'here']]],
    ['a line without end is passed over', `${'y'.repeat(200_000)} z\na1 here\n`, [['a1', 'here']]],
    [
      'zero bytes, as a crash may leave, cost one line',
      Buffer.concat([Buffer.alloc(9000), Buffer.from('\na1 x\n')]),
      [['a1', 'x']],
    ],
    ['a foreign reason is made tidy', `a1 ${'\x1b'.repeat(3)}x${'y'.repeat(600)}\n`, [['a1', `x${'y'.repeat(499)}`]]],
  ]
  for (const [what, bytes, found] of strange) {
    it(what, () => {
      assert.deepEqual(read(Buffer.from(bytes)), found)
    })
  }
})
