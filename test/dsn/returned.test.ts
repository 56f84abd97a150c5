import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { fieldOf, readReturned } from '../../lib/dsn/returned.js'
import { sourceOf } from './support.js'

const KIB = 1024
const HEAD = 'From: fred@example.com\r\nSubject: Lunch\r\n'
const MESSAGE = `${HEAD}\r\nToday?\r\n\r\nFred\r\n`
/** Larger than a header section in a report may be. */
const LONG_HEAD = 'X-Long: 0123456789\r\n'.repeat(4000)
const OURS = 'Delivered-To: john@domain1.com\r\n'

interface Row {
  readonly of: string | Buffer
  readonly whole?: boolean
  readonly maxBytes?: number
  readonly is: string | Buffer
  readonly cut?: boolean
}

const ROWS: Record<string, Row> = {
  'headers, without the blank line': { of: MESSAGE, is: HEAD },
  'the whole message': { of: MESSAGE, whole: true, is: MESSAGE },
  'headers of a message that is nothing else': { of: HEAD, is: HEAD },
  'headers of one without a body': { of: `${HEAD}\r\n`, is: HEAD },
  'a message without a body, whole': { of: `${HEAD}\r\n`, whole: true, is: `${HEAD}\r\n` },
  'nothing of an empty message': { of: '', is: '' },
  'nothing of an empty message, whole': { of: '', whole: true, is: '' },
  'no headers of a message that begins with its body': { of: '\r\nToday?\r\n\r\nFred\r\n', is: '' },
  'headers without an end, cut at a line': { of: LONG_HEAD, is: LONG_HEAD.slice(0, 65_520), cut: true },
  'more headers than a report holds, cut at a line': {
    of: `${LONG_HEAD}\r\nToday?\r\n`,
    is: LONG_HEAD.slice(0, 65_520),
    cut: true,
  },
  'as many bytes as it may be, whole': { of: MESSAGE, whole: true, maxBytes: MESSAGE.length, is: MESSAGE },
  'one byte more, cut at a line': {
    of: MESSAGE,
    whole: true,
    maxBytes: MESSAGE.length - 1,
    is: MESSAGE.replace('Fred\r\n', ''),
    cut: true,
  },
  'half a line, without that line': {
    of: MESSAGE,
    whole: true,
    maxBytes: HEAD.length + 4,
    is: `${HEAD}\r\n`,
    cut: true,
  },
  'less than the first line, nothing': { of: MESSAGE, whole: true, maxBytes: 10, is: '', cut: true },
  'a large message up to its limit': {
    of: `${HEAD}\r\n${'0123456789abcd\r\n'.repeat(64 * KIB)}`,
    whole: true,
    maxBytes: 4 * KIB,
    is: `${HEAD}\r\n${'0123456789abcd\r\n'.repeat(Math.floor((4 * KIB - HEAD.length - 2) / 16))}`,
    cut: true,
  },
  'the limit of a message is none of its headers': { of: MESSAGE, maxBytes: 10, is: HEAD },
  'bare LF as CRLF': { of: MESSAGE.replaceAll('\r\n', '\n'), whole: true, is: MESSAGE },
  'headers that end with bare LF': { of: MESSAGE.replaceAll('\r\n', '\n'), is: HEAD },
  'headers that end with LF where the others end with CRLF': { of: `${HEAD}\nToday?\r\n`, is: HEAD },
  '8 bits as they are': {
    of: Buffer.from(`${HEAD}\r\nGr\xfc\xdfe\r\n`, 'latin1'),
    whole: true,
    is: Buffer.from(`${HEAD}\r\nGr\xfc\xdfe\r\n`, 'latin1'),
  },
  'headers in UTF-8 as they are': { of: 'Subject: Grüße\r\n\r\nx', is: 'Subject: Grüße\r\n' },
  'a forwarded copy without the line that tells where it went': { of: `${OURS}${MESSAGE}`, is: HEAD },
  'the same, whole': { of: `${OURS}${MESSAGE}`, whole: true, is: MESSAGE },
  'a copy that was forwarded twice without both lines': {
    of: `${OURS}Delivered-To: sales@domain1.com\r\n${MESSAGE}`,
    whole: true,
    is: MESSAGE,
  },
  'a Delivered-To of others further down as it is': { of: `${HEAD}${OURS}\r\nx`, is: `${HEAD}${OURS}` },
  'no headers of a forwarded copy that has none': { of: `${OURS}\r\nToday?\r\n\r\nFred\r\n`, is: '' },
  'a message whose last line has no end, as it is': { of: `${MESSAGE}bye`, whole: true, is: `${MESSAGE}bye` },
}

describe('a report holds', () => {
  for (const [title, { of, whole = false, maxBytes = 64 * KIB, is, cut = false }] of Object.entries(ROWS)) {
    for (const pieceBytes of [1, 7, 64 * KIB]) {
      // A byte at a time is slow where there are many.
      if (pieceBytes < 1024 && of.length > 10_000) continue
      it(`${title} (read ${pieceBytes} bytes at a time)`, async () => {
        const returned = await readReturned(sourceOf(of, pieceBytes), whole, maxBytes)
        assert.equal(returned.content.toString('latin1'), Buffer.from(is).toString('latin1'))
        assert.deepEqual([returned.kind, returned.cut], [whole ? 'message' : 'headers', cut])
      })
    }
  }

  it('never more than its limit, whole lines only, and all of the message where it says so', async () => {
    const line = fc.stringMatching(/^[a-zA-Z :.]{0,30}$/)
    const end = fc.constantFrom('\r\n', '\n')
    const message = fc.array(fc.tuple(line, end), { maxLength: 40 }).map((lines) => lines.flat().join(''))
    await fc.assert(
      fc.asyncProperty(message, fc.nat(600), fc.integer({ min: 1, max: 200 }), async (text, maxBytes, pieceBytes) => {
        const { content, cut } = await readReturned(sourceOf(text, pieceBytes), true, maxBytes)
        const kept = content.toString('latin1')
        const all = text.replace(/\r?\n/g, '\r\n').replace(/^(?:Delivered-To:.*\r\n)+/i, '')
        assert.ok(kept.length <= maxBytes)
        assert.ok(kept === '' || kept.endsWith('\r\n'))
        assert.ok(all.startsWith(kept))
        assert.equal(cut, kept.length < all.length)
        const next = all.slice(kept.length).split('\r\n', 1)[0] ?? ''
        assert.ok(!cut || kept.length + next.length + 2 > maxBytes, 'one more line would have had room')
      }),
    )
  })

  it('nothing where the message cannot be read', async () => {
    const broken = { ...sourceOf(MESSAGE), open: () => sourceOf(MESSAGE).open().destroy(new Error('EIO')) }
    await assert.rejects(readReturned(broken, true, KIB), /EIO/)
  })
})

describe('a field of a header', () => {
  const rows: readonly [sentence: string, header: string, value: string | undefined][] = [
    ['is found whatever its case', 'SUBJECT: Lunch\r\n', 'Lunch'],
    ['is the first of that name', 'Subject: one\r\nSubject: two\r\n', 'one'],
    ['is unfolded', 'Subject: one\r\n two\r\n\tthree\r\nX: y\r\n', 'one two three'],
    ['needs no blank before its value', 'Subject:Lunch\r\n', 'Lunch'],
    ['is not found in another one', 'X-Subject: no\r\nSubject-Matter: no\r\n', undefined],
    ['is not found in the folded line of another one', 'X: y\r\n Subject: no\r\n', undefined],
    ['is not found in the body', 'X: y\r\n\r\nSubject: no\r\n', undefined],
    ['is none where it is empty', 'Subject:  \r\nX: y\r\n', undefined],
    ['is none in nothing', '', undefined],
    ['is at most 500 characters', `Subject: ${'x'.repeat(600)}\r\n`, 'x'.repeat(500)],
    ['may be in UTF-8', 'Subject: Grüße\r\n', 'Grüße'],
  ]
  for (const [sentence, header, value] of rows) {
    it(sentence, () => {
      assert.equal(fieldOf(Buffer.from(header), 'subject'), value)
    })
  }
})
