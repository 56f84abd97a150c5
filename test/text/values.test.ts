import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import {
  counted,
  inText,
  sizeText,
  spanText,
  timeText,
  visible,
  visibleJson,
  visibleLines,
  wrapped,
} from '../../lib/text/values.js'

const CONTROL = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u

/** Text with every kind of trouble in it. */
const anyText = fc.string({ unit: 'binary', maxLength: 200 })

describe('text of a mail', () => {
  const rows: readonly (readonly [string, string, string])[] = [
    ['plain text stays as it is', 'bob@domain1.com', 'bob@domain1.com'],
    ['letters of any language stay', 'jürgen@例え.jp 😀', 'jürgen@例え.jp 😀'],
    ['an escape sequence is shown', 'a\u001b[2Jb', 'a\\x1b[2Jb'],
    ['the one-character form of it too', 'a\u009b2Jb', 'a\\x9b2Jb'],
    ['a line end is shown', 'a\r\nb', 'a\\x0d\\x0ab'],
    ['what turns the direction of writing is shown', 'a\u202eb', 'a\\u202eb'],
    ['half a character is shown', 'a\ud800b', 'a\\ud800b'],
  ]
  for (const [what, text, shown] of rows)
    it(what, () => {
      assert.equal(visible(text), shown)
    })

  it('has no control character once it is visible', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        assert.doesNotMatch(visible(text), CONTROL)
        assert.doesNotMatch(visibleLines(text).replace(/[\n\t]/g, ''), CONTROL)
      }),
    )
  })

  it('keeps lines and tabs where there may be several', () => {
    assert.equal(visibleLines('Subject: a\r\n\tb\u0007\nTo: c'), 'Subject: a\n\tb\\x07\nTo: c')
  })

  it('as JSON has no control character, and is the same when it is read', () => {
    fc.assert(
      fc.property(fc.array(anyText), (value) => {
        const json = visibleJson(value)
        assert.doesNotMatch(json, CONTROL)
        assert.deepEqual(JSON.parse(json), value)
      }),
    )
  })
})

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

describe('a span of time', () => {
  const rows: readonly (readonly [number, string])[] = [
    [-5, '0s'],
    [0, '0s'],
    [59 * SECOND + 999, '59s'],
    [MINUTE, '1m'],
    [HOUR - 1, '59m'],
    [HOUR, '1h'],
    [48 * HOUR - 1, '47h'],
    [48 * HOUR, '2d'],
    [400 * 24 * HOUR, '400d'],
  ]
  for (const [ms, text] of rows)
    it(`of ${ms} ms is ${text}`, () => {
      assert.equal(spanText(ms), text)
    })
})

describe('a size', () => {
  const rows: readonly (readonly [number, string])[] = [
    [0, '0'],
    [812, '812'],
    [1023, '1023'],
    [1024, '1.0k'],
    [4200, '4.1k'],
    [10 * 1024 - 1, '10k'],
    [1024 * 1024 - 1, '1.0m'],
    [3.4 * 1024 ** 2, '3.4m'],
    [1.2 * 1024 ** 3, '1.2g'],
    [5000 * 1024 ** 3, '5000g'],
  ]
  for (const [bytes, text] of rows)
    it(`of ${bytes} bytes is ${text}`, () => {
      assert.equal(sizeText(bytes), text)
    })

  it('has at most five characters below 9,999 g', () => {
    fc.assert(fc.property(fc.nat(2 ** 31 - 1), fc.nat(4998), (low, high) => sizeText(high * 2 ** 31 + low).length <= 5))
  })
})

describe('other values', () => {
  it('a time is local', () => {
    assert.equal(timeText(new Date(2026, 11, 4, 8, 5).getTime()), '2026-12-04 08:05')
  })
  it('one of something has no s', () => {
    assert.deepEqual([counted(1, 'day'), counted(0, 'day')], ['1 day', '0 days'])
  })
  it('a time that has come is now', () => {
    assert.deepEqual([inText(1000, 1000), inText(500, 1000), inText(62_000, 1000)], ['now', 'now', 'in 1m'])
  })
})

describe('folded text', () => {
  it('is one line where lines have no end', () => {
    assert.equal(wrapped('aa bb cc', 2, undefined), '  aa bb cc')
  })
  it('is folded between words', () => {
    assert.equal(wrapped('aa bb cc', 2, 7), '  aa bb\n  cc')
  })
  it('leaves a long word whole', () => {
    assert.equal(wrapped('a bbbbbbbbbb c', 2, 6), '  a\n  bbbbbbbbbb\n  c')
  })
})
