import assert from 'node:assert/strict'
import { test } from 'node:test'
import { limitOf } from '../../lib/routing/quota.js'

const DROP_MAX = 3072

const ROWS = [
  { says: 'a quota in bytes', quota: '2000', limit: 2000 },
  { says: 'a quota in KiB', quota: '100k', limit: 102_400 },
  { says: 'a quota in MiB, upper case', quota: '2M', limit: 2_097_152 },
  { says: 'no quota: drop_max', quota: undefined, limit: DROP_MAX },
  { says: 'an empty quota: drop_max', quota: '', limit: DROP_MAX },
  { says: 'a quota that cannot be read: drop_max', quota: 'lots', limit: DROP_MAX },
  { says: 'a negative quota: drop_max', quota: '-1', limit: DROP_MAX },
  { says: 'a quota of 0: no limit', quota: '0', limit: undefined },
]

for (const { says, quota, limit } of ROWS) {
  test(`limit of a drop file: ${says}`, () => {
    assert.equal(limitOf(new Map(quota === undefined ? [] : [['quota', quota]]), DROP_MAX), limit)
  })
}

test('limit of a drop file: neither quota nor drop_max is no limit', () => {
  assert.equal(limitOf(new Map(), undefined), undefined)
})
