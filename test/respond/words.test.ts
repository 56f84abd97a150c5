import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { decodeWords, oneLine, phrase, textField } from '../../lib/respond/words.js'
import { without } from '../support/tools.js'

describe('encoded words are decoded', () => {
  const rows: readonly (readonly [what: string, value: string, text: string])[] = [
    ['plain text', 'lunch at noon', 'lunch at noon'],
    ['UTF-8 in base64', '=?UTF-8?B?R3LDvMOfZQ==?=', 'Grüße'],
    ['Latin-1 in Q', '=?iso-8859-1?q?Gr=FC=DFe_an_Bj=F6rn?=', 'Grüße an Björn'],
    ['Windows-1252', '=?windows-1252?Q?=80_5?=', '€ 5'],
    ['KOI8-R', '=?koi8-r?B?8NLJ18XU?=', 'Привет'],
    ['ISO-2022-JP', '=?ISO-2022-JP?B?GyRCSVQ6XxsoQg==?=', '不在'],
    ['GB18030', '=?gb18030?B?xOO6ww==?=', '你好'],
    ['Shift_JIS', '=?Shift_JIS?B?lXON3Q==?=', '不在'],
    ['with a language (RFC 2231)', '=?utf-8*de?Q?Gr=C3=BC=C3=9Fe?=', 'Grüße'],
    ['neighbours without the blank between them', '=?utf-8?Q?a?= =?utf-8?Q?b?=', 'ab'],
    ['neighbours on two lines', '=?utf-8?Q?a?=\r\n =?utf-8?B?Yg==?=', 'ab'],
    ['neighbours of two charsets', '=?iso-8859-1?Q?=FC?= =?utf-8?Q?=C3=BC?=', 'üü'],
    ['a character cut in two', '=?utf-8?B?w7zD?= =?utf-8?B?vA==?=', 'üü'],
    ['words among text', 'Re: =?utf-8?Q?=C3=BC?= and more', 'Re: ü and more'],
    ['blanks inside a word', '=?utf-8?Q?two words?=', 'two words'],
    ['no charset that is known', '=?x-klingon?Q?nuqneH?=', '=?x-klingon?Q?nuqneH?='],
    ['no encoding that is known', '=?utf-8?X?abc?=', '=?utf-8?X?abc?='],
    ['no end', '=?utf-8?Q?abc', '=?utf-8?Q?abc'],
    ['bytes that are no UTF-8', '=?utf-8?Q?a=FFb?=', 'a\ufffdb'],
    ['line ends inside become a blank', '=?utf-8?Q?a=0D=0ABcc:_eve?=', 'a Bcc: eve'],
    ['what turns the direction goes', '=?utf-8?B?4oCuYWJj?=', 'abc'],
  ]
  for (const [what, value, text] of rows) {
    it(what, () => {
      assert.equal(decodeWords(value), text)
    })
  }

  it('in time that grows with the text only', () => {
    const value = '=?utf-8?q?=?= '.repeat(5000)
    const started = performance.now()
    decodeWords(value)
    // 10,000 characters are looked at; a search that begins anew at each would take minutes.
    assert.ok(performance.now() - started < 5000)
  })
})

describe('a field of text', () => {
  it('stays as it is where it is ASCII and short', () => {
    assert.equal(textField('Subject', 'Auto: lunch'), 'Subject: Auto: lunch')
  })

  it('is folded at blanks', () => {
    const field = textField('Subject', 'word '.repeat(40))
    assert.ok(field.split('\r\n').every((line) => line.length <= 76))
    assert.equal(field.replaceAll('\r\n', ''), `Subject: ${'word '.repeat(40).trim()}`)
  })

  it('is encoded from the first word that needs it', () => {
    assert.equal(textField('Subject', 'Auto: Grüße an alle'), 'Subject: Auto: =?UTF-8?B?R3LDvMOfZSBhbiBhbGxl?=')
  })

  it('that looks like an encoded word is not taken for one', () => {
    const field = textField('Subject', 'see =?utf-8?Q?x?=')
    assert.doesNotMatch(field, /\?Q\?/)
    assert.equal(decodeWords(field.slice('Subject: '.length)), 'see =?utf-8?Q?x?=')
  })

  it('is decoded to what it was, whatever it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 400 }), (given) => {
        const field = textField('Subject', given)
        assert.match(field, /^[\r\n -~]*$/)
        for (const line of field.split('\r\n')) assert.ok(line.length <= 520, line)
        assert.equal(decodeWords(field.slice('Subject: '.length).replaceAll('\r\n', '')), oneLine(given))
      }),
    )
  })

  it('is read by another program as it was meant', { skip: without('python3') }, () => {
    const texts = fc.sample(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 200 }), { numRuns: 300, seed: 7 })
    const given = texts.map(oneLine).filter((text) => text !== '')
    const fields = given.map((text) => textField('Subject', text))
    // Python keeps the blank between two encoded words of a name: one is enough for a short one.
    const short = (text: string): string => oneLine(Array.from(text).slice(0, 8).join(''))
    const names = given.map((text) => `From: ${phrase(short(text), 6)} <bob@domain1.com>`)
    const script = `
import json, sys
from email import message_from_string, policy
out = []
for field, name in json.load(sys.stdin):
    m = message_from_string(field + '\\r\\n' + name + '\\r\\n\\r\\n', policy=policy.default)
    out.append([str(m['subject']), m['from'].addresses[0].display_name, m['from'].addresses[0].addr_spec])
json.dump(out, sys.stdout)
`
    const input = JSON.stringify(fields.map((field, at) => [field, names[at]]))
    const read = JSON.parse(execFileSync('python3', ['-c', script], { input, encoding: 'utf8' })) as string[][]
    given.forEach((text, at) => {
      assert.deepEqual(read[at], [text, short(text), 'bob@domain1.com'], fields[at])
    })
  })
})

describe('a name', () => {
  const rows: readonly (readonly [name: string, shown: string])[] = [
    ['Bob Smith', 'Bob Smith'],
    ['Smith, Bob', '"Smith, Bob"'],
    ['Bob "the" Smith', '"Bob \\"the\\" Smith"'],
    ['Björn', '=?UTF-8?B?QmrDtnJu?='],
    ['=?utf-8?Q?x?=', '=?UTF-8?B?PT91dGYtOD9RP3g/PQ==?='],
  ]
  for (const [name, shown] of rows) {
    it(`${name} is ${shown}`, () => {
      assert.equal(phrase(name, 6), shown)
    })
  }
})
