import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { changeText, mergeTexts, newerIn, readChange, timeAfter, type Change } from '../../lib/cluster/record.js'
import type { Texts } from '../../lib/cluster/store.js'

const change: fc.Arbitrary<Change> = fc.record({
  atMs: fc.integer({ min: 0, max: 5 }),
  by: fc.constantFrom('', 'a', 'b', 'ab'),
  value: fc.option(fc.constantFrom('', '-', '=', 'x', 'y', '\u{1f4e7}', '\uffff', ' z'), { nil: undefined }),
})
const texts: fc.Arbitrary<Texts> = fc
  .array(fc.tuple(fc.constantFrom('k1', 'k2', 'k3'), change.map(changeText)))
  .map((entries) => new Map(entries))

const sorted = (merged: Texts): unknown[] => [...merged].sort()

describe('merging by time', () => {
  it('does not ask who is first', () => {
    fc.assert(
      fc.property(texts, texts, (a, b) => {
        assert.deepEqual(sorted(mergeTexts(a, b)), sorted(mergeTexts(b, a)))
      }),
    )
  })

  it('does not ask in which order they meet', () => {
    fc.assert(
      fc.property(texts, texts, texts, (a, b, c) => {
        assert.deepEqual(sorted(mergeTexts(mergeTexts(a, b), c)), sorted(mergeTexts(a, mergeTexts(b, c))))
      }),
    )
  })

  it('does nothing the second time', () => {
    fc.assert(
      fc.property(texts, texts, (a, b) => {
        const merged = mergeTexts(a, b)
        assert.deepEqual(sorted(mergeTexts(merged, b)), sorted(merged))
        assert.deepEqual([...newerIn(a, merged)], [])
      }),
    )
  })

  it('the later change counts, also one that removes', () => {
    const early = new Map([['k', changeText({ atMs: 9, by: 'z', value: 'here' })]])
    const late = new Map([['k', changeText({ atMs: 10, by: 'a', value: undefined })]])
    assert.deepEqual(mergeTexts(late, early), late)
    assert.equal(readChange(mergeTexts(early, late).get('k') ?? '')?.value, undefined)
  })

  it('reads what it wrote, and nothing else', () => {
    fc.assert(
      fc.property(change, (one) => {
        assert.deepEqual(readChange(changeText(one)), { ...one })
      }),
    )
    for (const text of ['', 'x', '1 a =v', '00000000000001 a b =v', '00000000000001 a v', '00000000000001 :: =v']) {
      assert.equal(readChange(text), undefined, text)
    }
  })

  it('a change counts more than the one before it, whatever the clock says', () => {
    assert.equal(timeAfter(undefined, 5), 5)
    assert.equal(timeAfter({ atMs: 3 }, 5), 5)
    assert.equal(timeAfter({ atMs: 900 }, 5), 901)
  })
})
