import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { compilePatternList, compileWildcard, hasWildcard, splitPatternList } from '../../lib/conf/wildcard.js'

describe('wildcards (C4)', () => {
  const rows: [pattern: string, text: string, matches: boolean][] = [
    ['sales@*', 'sales@domain1.com', true],
    ['sales@*', 'Sales@Example.COM', true],
    ['sales@*', 'presales@domain1.com', false],
    ['*@domain1.com', 'bob@domain1.com', true],
    ['*@domain1.com', 'bob@domain1.com.example.com', false],
    ['*', '', true],
    ['**', 'anything', true],
    ['', '', true],
    ['', 'x', false],
    ['bob', 'BOB', true],
    ['bob', 'bobby', false],
    ['b?b', 'bob', true],
    ['b?b', 'bb', false],
    ['?', '\u{1f600}', true],
    ['??', '\u{1f600}', false],
    ['*?', '', false],
    ['a*a', 'a', false],
    ['a*ba*b', 'abab', true],
    ['a*ab*b', 'abb', false],
    ['*ab*ab*', 'abab', true],
    ['*ab*ab*', 'abb', false],
    ['a.b', 'axb', false],
    ['[ab]', 'a', false],
    ['b\u00fc*', 'B\u00dcro', true],
    ['\u03b1\u03a3*', '\u03b1\u03a3\u03b1', true],
  ]
  for (const [pattern, text, matches] of rows) {
    it(`"${pattern}" ${matches ? 'matches' : 'does not match'} "${text}"`, () => {
      assert.equal(compileWildcard(pattern)(text), matches)
    })
  }

  it('knows a pattern from a text', () => {
    assert.deepEqual(['a*', 'a?', 'a.b'].map(hasWildcard), [true, true, false])
  })

  it('agrees with a model that tries every way of matching', () => {
    const chars = fc.array(fc.constantFrom('a', 'B', 'b', '*', '*', '?', '\u{1f600}', '.'), { maxLength: 9 })
    const texts = fc.array(fc.constantFrom('a', 'A', 'b', '\u{1f600}', '.'), { maxLength: 12 })
    fc.assert(
      fc.property(chars, texts, (pattern, text) => {
        const expected = naive(pattern.map(lower), text.map(lower))
        assert.equal(compileWildcard(pattern.join(''))(text.join('')), expected)
      }),
      { numRuns: 3000 },
    )
  })

  it('looks at a hostile text a bounded number of times', () => {
    // Backtracking would need about 10^15 steps here and the test would never end.
    const text = 'a'.repeat(100_000)
    assert.equal(compileWildcard(`${'*a'.repeat(5)}*b`)(text), false)
    assert.equal(compileWildcard(`${'*?a'.repeat(5)}*b`)(text), false)
  })
})

function lower(char: string): string {
  return char.toLowerCase()
}

function naive(pattern: readonly string[], text: readonly string[]): boolean {
  const [head, ...rest] = pattern
  if (head === undefined) return text.length === 0
  if (head === '*') return naive(rest, text) || (text.length > 0 && naive(pattern, text.slice(1)))
  return text.length > 0 && (head === '?' || head === text[0]) && naive(rest, text.slice(1))
}

describe('pattern lists (C4)', () => {
  const rows: [list: string, text: string, matches: boolean][] = [
    ['bob@*,fred@*', 'fred@domain1.com', true],
    ['bob@*,fred@*', 'john@domain1.com', false],
    ['*,!bob@*', 'bob@domain1.com', false],
    ['*,!bob@*', 'fred@domain1.com', true],
    ['!bob@*,*', 'bob@domain1.com', true],
    ['!bob@*', 'fred@domain1.com', false],
    ['*,!*@domain1.com,bob@domain1.com', 'bob@domain1.com', true],
    [' bob , fred ', 'fred', true],
    [',,', '', false],
    ['', '', false],
  ]
  for (const [list, text, matches] of rows) {
    it(`"${list}" ${matches ? 'means' : 'does not mean'} "${text}"`, () => {
      assert.equal(compilePatternList(list)(text), matches)
    })
  }

  it('says where each entry stands', () => {
    assert.deepEqual(splitPatternList('a, !b,,c'), [
      { text: 'a', negated: false, offset: 0 },
      { text: 'b', negated: true, offset: 3 },
      { text: 'c', negated: false, offset: 7 },
    ])
  })
})
