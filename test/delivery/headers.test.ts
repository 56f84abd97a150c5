import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { describe, it } from 'node:test'
import { readHeaders } from '../../lib/delivery/headers.js'
import { messageOf } from './helpers.js'

const MESSAGE = [
  'Received: from a',
  '\tby b',
  'Delivered-To: bob@domain1.com',
  'SUBJECT : hello',
  'delivered-to:',
  ' fred@domain1.com',
  'Delivered-Tox',
  'X-Delivered-To: john@domain1.com',
  '',
  'Delivered-To: nobody@domain1.com',
  '',
].join('\r\n')

describe('the header fields of a message', () => {
  for (const [name, text] of [
    ['with CRLF', MESSAGE],
    ['with LF', MESSAGE.replaceAll('\r\n', '\n')],
  ] as const) {
    for (const pieceSize of [1, 7, 64 * 1024]) {
      it(`are found ${name}, in pieces of ${pieceSize}`, async () => {
        const values = await readHeaders(messageOf(text, pieceSize), ['delivered-to', 'subject', 'received', 'x-none'])
        assert.deepEqual(
          [...values],
          [
            ['delivered-to', ['bob@domain1.com', 'fred@domain1.com']],
            ['subject', ['hello']],
            ['received', ['from a\tby b']],
            ['x-none', []],
          ],
        )
      })
    }
  }

  const rows: readonly (readonly [string, string, readonly string[]])[] = [
    ['of a message without a body', 'Subject: a\r\nSubject: b', ['a', 'b']],
    ['of a message without headers: none', '\r\nSubject: a\r\n\r\nSubject: b\r\n', []],
    ['of an empty message: none', '', []],
  ]
  for (const [name, text, expected] of rows) {
    it(`are found ${name}`, async () => {
      assert.deepEqual((await readHeaders(messageOf(text), ['subject'])).get('subject'), expected)
    })
  }

  for (const [name, end] of [
    ['a body that never ends', '\r\n\r\n'],
    ['headers that never end', '\r\n'],
  ] as const) {
    it(`are read no further than needed: ${name}`, async () => {
      let given = 0
      function* pieces(): Generator<Buffer> {
        yield Buffer.from(`Subject: a${end}`)
        for (;;) {
          given += 10_000
          assert.ok(given < 1_000_000)
          yield Buffer.alloc(10_000, 'X: some header or text\r\n')
        }
      }
      const stream = Readable.from(pieces(), { objectMode: false })
      const source = { size: 0, body: Buffer.alloc(0), open: () => stream }
      assert.deepEqual((await readHeaders(source, ['subject'])).get('subject'), ['a'])
      assert.ok(stream.destroyed)
    })
  }
})
