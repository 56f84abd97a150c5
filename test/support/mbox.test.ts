import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { parseMbox, readMbox } from './mbox.js'

const FROM = 'From fred@example.com Tue Nov 24 08:05:09 2026'

function mbox(...lines: string[]): string {
  return lines.map((line) => `${line}\n`).join('')
}

describe('the mbox reader', () => {
  it('takes messages apart', () => {
    const [first, second, ...others] = parseMbox(
      mbox(
        FROM,
        'Return-Path: <fred@example.com>',
        'Received: by one',
        'Received: by two',
        '\tfor bob',
        'Subject: lunch',
        '',
        'At noon?',
        '>From here on',
        '>>From there',
        '> From nowhere',
        '',
        'From MAILER-DAEMON Wed Nov 25 00:00:00 2026',
        'Subject:',
        '',
      ),
    )
    assert.equal(others.length, 0)
    assert.equal(first?.fromLine, FROM)
    assert.equal(first.sender, 'fred@example.com')
    assert.equal(first.header('subject'), 'lunch')
    assert.deepEqual(first.all('received'), ['by one', 'by two\tfor bob'])
    assert.deepEqual(
      first.headers.map(([name]) => name),
      ['Return-Path', 'Received', 'Received', 'Subject'],
    )
    assert.equal(first.body, 'At noon?\nFrom here on\n>From there\n> From nowhere\n')
    assert.equal(second?.sender, 'MAILER-DAEMON')
    assert.equal(second.header('subject'), '')
    assert.equal(second.header('to'), undefined)
    assert.equal(second.body, '')
  })

  it('undoes one level of quoting in mboxo only for lines quoted once', () => {
    const [message] = parseMbox(mbox(FROM, 'A: b', '', '>From x', '>>From y'), 'mboxo')
    assert.equal(message?.body, 'From x\n>>From y\n')
  })

  it('reads a drop file that is not there as an empty one', () => {
    assert.deepEqual(readMbox('/nonexistent/bob'), [])
  })

  const faults: [what: string, content: string, complaint: RegExp][] = [
    ['no line feed at the end', `${FROM}\nA: b\n\nx`, /does not end with a line feed/],
    ['something before the first From line', mbox('', FROM, 'A: b'), /does not start with a From line/],
    ['CR LF line ends', mbox(`${FROM}\r`, 'A: b\r'), /line 1 ends with CR LF/],
    [
      'no blank line between messages',
      mbox(FROM, 'A: b', '', 'x', FROM, 'A: b'),
      /no blank line before the From line 5/,
    ],
    ['an unquoted From line', mbox(FROM, 'A: b', '', '', 'From here on'), /line 5 is an unquoted or malformed/],
    ['a day that is not zero padded', mbox(FROM.replace('24', ' 4'), 'A: b'), /line 1 is an unquoted or malformed/],
    ['no sender', mbox(FROM.replace('fred@example.com ', ''), 'A: b'), /line 1 is an unquoted or malformed/],
    ['no headers', mbox(FROM, '', 'x'), /line 1 has no headers/],
    ['a header line without a name', mbox(FROM, 'A: b', 'oops', '', 'x'), /line 3 is no header: oops/],
    ['a continuation line before any header', mbox(FROM, ' oops'), /line 2 is no header/],
  ]
  for (const [what, content, complaint] of faults) {
    it(`refuses ${what}`, () => {
      assert.throws(() => parseMbox(content), complaint)
    })
  }

  it('gives back every body that was quoted as mboxrd says', () => {
    const line = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.constantFrom('', 'From a', '>From b', '>>From c', '>', 'From'),
    )
    const plain = line.filter((text) => !/[\r\n]/.test(text))
    const bodies = fc.array(fc.array(plain, { minLength: 1 }), { minLength: 1, maxLength: 4 })
    fc.assert(
      fc.property(bodies, (messages) => {
        const quoted = messages.map((body) => body.map((text) => text.replace(/^(?=>*From )/, '>')))
        const content = quoted.map((body) => mbox(FROM, 'A: b', '', ...body, '')).join('')
        assert.deepEqual(
          parseMbox(content).map(({ body }) => body),
          messages.map((body) => mbox(...body)),
        )
      }),
    )
  })
})
