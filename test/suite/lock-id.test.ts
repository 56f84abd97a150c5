import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { withSite } from '../routing/site.js'

describe('what stands in the locks of drop files beside the name of the machine', () => {
  const cluster = '[cluster]\nredis=true\nnode=mail1\n'
  const rows: readonly (readonly [string, string, string, string, boolean])[] = [
    ['of a single server is nothing', '', '', '', false],
    ['of one that shares drop files is its lock_id', 'lock_id a', '', 'a', true],
    ['of a node is its name, so that nodes may have the same dmail.conf', 'lock_id a', cluster, 'mail1 a', true],
    ['of a node that shares none is its name too', '', cluster, 'mail1', false],
    ['of a node without a name is what single servers have', 'lock_id a', '[cluster]\nredis=true\n', 'a', true],
    ['of a node of no cluster is its lock_id alone', 'lock_id a', '[cluster]\nnode=mail1\n', 'a', true],
  ]
  for (const [title, conf, ini, lockId, shared] of rows) {
    it(title, () =>
      withSite({ conf, ini }, ({ snapshot: { delivery } }) => {
        assert.deepEqual([delivery.lockId, delivery.shared], [lockId, shared])
        return Promise.resolve()
      }),
    )
  }
})
