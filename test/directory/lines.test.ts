import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { lineSplitter } from '../../lib/directory/lines.js'

function split(chunks: readonly string[], limit: number): string[] {
  const lines: string[] = []
  const feed = lineSplitter(limit, (line, whole) => lines.push(`${line.toString()}${whole ? '' : '...'}`))
  for (const chunk of chunks) feed(Buffer.from(chunk))
  return lines
}

const rows: [text: string, chunks: string[], lines: string[]][] = [
  ['LF and CRLF end a line', ['a\nb\r\nc\n'], ['a', 'b', 'c']],
  ['a line may come in pieces', ['a', 'b', '\r', '\nc', 'd\n'], ['ab', 'cd']],
  ['an empty line is a line', ['\n\n'], ['', '']],
  ['bytes after the last LF are not given', ['a\nrest'], ['a']],
  ['a line of exactly the limit is whole', ['12345678\n'], ['12345678']],
  ['a longer one is given once, cut', ['123456789', '0', '1\nnext\n'], ['12345678...', 'next']],
  ['one that never ends is given once', ['123456789', 'x'.repeat(100), 'x'.repeat(100)], ['12345678...']],
]

test('lines', async (t) => {
  for (const [text, chunks, lines] of rows) {
    await t.test(text, () => {
      assert.deepEqual(split(chunks, 8), lines)
    })
  }
})

test('how the stream is cut does not matter', () => {
  const chunk = fc.string({ unit: fc.constantFrom('a', 'b', '\n', '\r') })
  fc.assert(
    fc.property(fc.array(chunk), (chunks) => {
      assert.deepEqual(split(chunks, 4), split([chunks.join('')], 4))
    }),
  )
})
