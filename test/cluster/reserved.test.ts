import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { it } from 'node:test'
import { RESERVED } from '../../lib/conf/redis-table.js'
import { packageRoot } from '../support/install.js'

it('no table can have the name of a key that nodes use among themselves', () => {
  const source = readFileSync(path.join(packageRoot(), 'lib/cluster/redis-store.ts'), 'utf8')
  const used = Array.from(source.matchAll(/\bkey\('(\w+)'/g), ([, name = '']) => name)
  assert.ok(used.length > 5, 'they are found')
  assert.deepEqual([...new Set(used)].sort(), [...RESERVED].sort())
})
