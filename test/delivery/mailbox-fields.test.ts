import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { createFieldFilter, withoutReaderFields } from '../../lib/delivery/mailbox-fields.js'
import { cut } from './helpers.js'

const ROWS = {
  'Content-Length, by which the next message could be hidden': [
    'Content-Length: 99\r\nTo: bob\r\n\r\nx',
    'To: bob\r\n\r\nx',
  ],
  'Status, whatever its case': ['To: bob\r\nSTATUS: RO\r\n\r\nx', 'To: bob\r\n\r\nx'],
  'blanks before the colon': ['Status  : RO\r\n\r\nx', '\r\nx'],
  'many blanks before the colon': [`Status${' '.repeat(200)}: RO\r\n\r\nx`, '\r\nx'],
  'X-Status, X-UID, X-IMAP, X-IMAPbase, X-Keywords': [
    'X-Status: D\r\nX-UID: 1\r\nX-IMAP: 1 2\r\nX-IMAPbase: 1 2\r\nX-Keywords: a\r\nTo: bob\r\n\r\nx',
    'To: bob\r\n\r\nx',
  ],
  'folded lines of such a field': ['Status: R\r\n O\r\n\tX\r\nTo: bob\r\n\r\nx', 'To: bob\r\n\r\nx'],
  'one that the message ends with': ['To: bob\r\nStatus: RO', 'To: bob\r\n'],
  'one whose line never ends': [`To: bob\r\nStatus: ${'x'.repeat(500)}`, 'To: bob\r\n'],
  'with LF line ends': ['Status: RO\nTo: bob\n\nx', 'To: bob\n\nx'],
} as const

const KEPT = {
  'in the body': 'To: bob\r\n\r\nStatus: RO\r\n\r\nContent-Length: 1\r\n',
  'a field of another name':
    'Content-Length-X: 1\r\nStatus-Y: 1\r\nX-Statusbar: 1\r\nContent-Type: text/plain\r\n\r\nx',
  'a folded line that looks like one': 'Subject: a\r\n Status: RO\r\n\r\nx',
  'nothing at all': '',
}

describe('what mail readers keep in a drop file', () => {
  for (const [says, [message, left]] of Object.entries(ROWS)) {
    it(`leaves out ${says}`, () => {
      assert.equal(withoutReaderFields(Buffer.from(message)).toString(), left)
    })
  }
  for (const [says, message] of Object.entries(KEPT)) {
    it(`keeps ${says}`, () => {
      assert.equal(withoutReaderFields(Buffer.from(message)).toString(), message)
    })
  }

  it('is the same however the message is cut', () => {
    const line = fc.constantFrom(
      'Status: RO',
      'To: bob',
      ' folded',
      'X-UID:',
      '',
      'Content-Length : 5',
      'Status',
      'x'.repeat(90),
    )
    fc.assert(
      fc.property(
        fc.array(line),
        fc.constantFrom('\r\n', '\n'),
        fc.integer({ min: 1, max: 80 }),
        (lines, ending, size) => {
          const message = Buffer.from(lines.map((text) => `${text}${ending}`).join(''))
          const filter = createFieldFilter()
          const pieces = cut(message, size).map((piece) => filter.push(piece))
          assert.equal(Buffer.concat([...pieces, filter.end()]).toString(), withoutReaderFields(message).toString())
        },
      ),
    )
  })
})
