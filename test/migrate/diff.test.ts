import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { unifiedDiff } from '../../lib/migrate/diff.js'

const TEN = Array.from({ length: 10 }, (_, index) => `line ${index + 1}\n`)

describe('the diff of two texts', () => {
  it('is empty where they are equal', () => {
    assert.equal(unifiedDiff('x', 'same\n', 'same\n'), '')
  })

  it('of a new file is all of it', () => {
    assert.equal(
      unifiedDiff('config/me', undefined, 'host\n'),
      '--- /dev/null\n+++ b/config/me\n@@ -0,0 +1 @@\n+host\n',
    )
  })

  it('shows three lines around a change', () => {
    const after = TEN.with(4, 'LINE 5\n')
    assert.equal(
      unifiedDiff('x', TEN.join(''), after.join('')),
      '--- a/x\n+++ b/x\n@@ -2,7 +2,7 @@\n line 2\n line 3\n line 4\n-line 5\n+LINE 5\n line 6\n line 7\n line 8\n',
    )
  })

  it('says where a last line has no end', () => {
    assert.equal(unifiedDiff('x', 'a', 'a\n'), '--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a\n')
  })

  it('has a hunk for each change that is far from the others', () => {
    const long = Array.from({ length: 40 }, (_, index) => `${index}\n`)
    const diff = unifiedDiff('x', long.join(''), long.with(2, 'a\n').with(30, 'b\n').join(''))
    assert.deepEqual(diff.match(/^@@.*/gm), ['@@ -1,6 +1,6 @@', '@@ -28,7 +28,7 @@'])
  })

  it('makes the one of the other, whatever they are', () => {
    const text = fc
      .array(fc.constantFrom('a', 'b', 'c', '', 'd'), { maxLength: 40 })
      .map((lines) => lines.map((line) => `${line}\n`).join(''))
    fc.assert(
      fc.property(text, text, (before, after) => {
        assert.equal(apply(before, unifiedDiff('x', before, after)), after)
      }),
      { numRuns: 500 },
    )
  })
})

/** patch(1) for texts whose lines all have ends; strict about places and context. */
function apply(before: string, diff: string): string {
  const lines = before.split('\n').slice(0, -1)
  const result: string[] = []
  let at = 0
  for (const line of diff.split('\n').slice(2, -1)) {
    const [, start, count = '1'] = /^@@ -(\d+)(?:,(\d+))? /.exec(line) ?? []
    if (start !== undefined) {
      const next = Number(start) - (count === '0' ? 0 : 1)
      result.push(...lines.slice(at, next))
      at = next
    } else if (line.startsWith('+')) {
      result.push(line.slice(1))
    } else {
      assert.equal(lines[at], line.slice(1))
      if (line.startsWith(' ')) result.push(line.slice(1))
      at++
    }
  }
  return [...result, ...lines.slice(at)].map((line) => `${line}\n`).join('')
}
