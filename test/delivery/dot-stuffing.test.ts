import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { createUnstuffer, removeDotStuffing } from '../../lib/delivery/dot-stuffing.js'
import { stuffed } from './batches.js'
import { cut } from './helpers.js'

const message = fc
  .array(fc.constantFrom('.', '..', '\r\n', '\n', '\r', 'a', '\u00e9', '\r\n.', '.\r\n'), { maxLength: 50 })
  .map((parts) => Buffer.from(parts.join('')))

describe('dot-stuffing is taken away', () => {
  const rows: readonly (readonly [string, string, string])[] = [
    ['from a line of two dots', '..\r\n', '.\r\n'],
    ['from the first line and the last', '..a\r\n..', '.a\r\n.'],
    ['once', '....\r\n', '...\r\n'],
    ['from a line the sender did not stuff (RFC 5321 4.5.2)', '.a\r\n', 'a\r\n'],
    ['not within a line', 'a..b\r\na..\r\n', 'a..b\r\na..\r\n'],
    ['not after a lone CR', 'a\r..b', 'a\r..b'],
    ['from nothing', '', ''],
  ]
  for (const [name, given, expected] of rows) {
    it(name, () => {
      assert.equal(createUnstuffer()(Buffer.from(given)).toString(), expected)
    })
  }

  it('and gives back what was stuffed, however it is cut', async () => {
    await fc.assert(
      fc.asyncProperty(message, fc.integer({ min: 1, max: 7 }), async (bytes, size) => {
        const unstuff = createUnstuffer()
        const pieces = cut(stuffed(bytes), size)
        assert.equal(Buffer.concat(pieces.map(unstuff)).toString('latin1'), bytes.toString('latin1'))
        const stream = Readable.from(pieces, { objectMode: false }).pipe(removeDotStuffing())
        assert.equal((await buffer(stream)).toString('latin1'), bytes.toString('latin1'))
      }),
    )
  })
})
