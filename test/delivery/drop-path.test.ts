import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { checkDropName, hashedPath } from '../../lib/delivery/drop-path.js'

describe('the hashed path of a drop file', () => {
  const rows: readonly (readonly [string, string, string, string])[] = [
    // name, hash_spool 0, 1, 2
    ['bob', '/in/bob', '/in/b/bob', '/in/b/o/bob'],
    ['dom1_bob', '/in/dom1_bob', '/in/d/dom1_bob', '/in/d/o/dom1_bob'],
    ['Bob', '/in/Bob', '/in/b/Bob', '/in/b/o/Bob'],
    ['b', '/in/b', '/in/b/b', '/in/b/_/b'],
    ['4you', '/in/4you', '/in/4/4you', '/in/4/y/4you'],
    ['j.doe', '/in/j.doe', '/in/j/j.doe', '/in/j/_/j.doe'],
    ['_x', '/in/_x', '/in/_/_x', '/in/_/x/_x'],
    ['\u00e9lan', '/in/\u00e9lan', '/in/_/\u00e9lan', '/in/_/l/\u00e9lan'],
    ['\u{1f600}b', '/in/\u{1f600}b', '/in/_/\u{1f600}b', '/in/_/b/\u{1f600}b'],
  ]
  for (const [name, ...expected] of rows) {
    it(`of ${name}`, () => {
      assert.deepEqual(
        ([0, 1, 2] as const).map((method) => hashedPath('/in', name, method)),
        expected,
      )
    })
  }

  it('never leaves the drop directory and always ends in the name', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.constantFrom(0, 1, 2), (name, method) => {
        let file: string
        try {
          file = hashedPath('/in', name, method)
        } catch (error) {
          assert.ok(error instanceof RangeError)
          return
        }
        assert.ok(file.startsWith('/in/') && file.endsWith(`/${name}`))
        assert.equal(file.split('/').length, 3 + method)
      }),
    )
  })
})

describe('a drop file name', () => {
  const bad = [
    '',
    '.',
    '..',
    '.bob',
    '-bob',
    'a..b',
    '../bob',
    'a/b',
    'a\\b',
    'a\0b',
    'a\nb',
    '\ud800',
    'bob.lock',
    'bob.fwd',
  ]
  for (const name of [...bad, 'bob.LOCK', 'b'.repeat(251), '\u00e9'.repeat(126)]) {
    it(`is not ${JSON.stringify(name.slice(0, 20))} (${name.length})`, () => {
      assert.throws(() => {
        checkDropName(name)
      }, RangeError)
    })
  }

  for (const name of ['bob', 'a.b', 'lock', 'fwd', 'bob.lock2', 'bob smith', 'b'.repeat(250)]) {
    it(`may be ${name.slice(0, 20)}`, () => {
      checkDropName(name)
    })
  }
})
