import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { resultOf, talk } from './fake-server.js'

describe('dmail clear-cache', () => {
  const rows: [what: string, missing: number, exit: number, out: string][] = [
    ['where all answer', 0, 0, 'the cache of user look-ups is empty in 3 workers\n'],
    [
      'where one does not',
      1,
      1,
      'the cache of user look-ups is empty in 3 workers; 1 worker did not answer and may go on with what it knew\n',
    ],
  ]
  for (const [what, missing, exit, out] of rows) {
    it(`${what}: exit ${exit}`, async () => {
      const ran = await talk(['clear-cache'], resultOf('clear-cache', { workers: 3, missing }))
      assert.deepEqual([ran.exit, ran.out], [exit, out])
      assert.deepEqual(ran.requests, [{ command: 'clear-cache', args: {} }])
    })
  }

  it('prints JSON', async () => {
    const ran = await talk(['clear-cache', '--json'], resultOf('clear-cache', { workers: 3, missing: 0 }))
    assert.deepEqual(JSON.parse(ran.out), { workers: 3, missing: 0 })
  })
})
