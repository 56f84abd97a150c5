import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { act, sendReleased, type Action } from '../../lib/queue/actions.js'
import { parseFilter } from '../../lib/queue/filter-words.js'
import { fakeSight, idOf, type FakeSight } from './sight.js'

/** 0 waits, 1 is held, 2 is being sent, 3 is in line. */
function queue(): FakeSight {
  const sight = fakeSight([
    { to: 'a@example.com' },
    { to: 'b@example.com' },
    { to: 'c@example.com', entry: { stage: 'sending' } },
    { to: 'd@example.com', entry: { stage: 'starting' } },
  ])
  sight.held.add(idOf(1))
  return sight
}

describe('an action on a page of the queue', () => {
  const rows: readonly {
    action: Action
    words: readonly string[]
    done: readonly number[]
    skipped: Readonly<Record<number, string>>
    sent?: readonly number[]
    dropped?: readonly number[]
  }[] = [
    { action: 'send', words: ['all'], done: [0, 2, 3], skipped: { 1: 'is held: release it first' }, sent: [0, 3] },
    { action: 'drop', words: ['all'], done: [0, 1, 3], skipped: { 2: 'is being sent' }, dropped: [0, 1, 3] },
    { action: 'hold', words: ['all'], done: [0, 1, 2, 3], skipped: {} },
    { action: 'release', words: ['all'], done: [1], skipped: {} },
    { action: 'release', words: ['domain=example.com'], done: [1], skipped: {} },
    {
      action: 'release',
      words: [idOf(0), idOf(1)],
      done: [1],
      skipped: { 0: 'is not held', 2: 'is not held', 3: 'is not held' },
    },
  ]
  for (const { action, words, done, skipped, sent = [], dropped = [] } of rows) {
    it(`${action} ${words.join(' ')}: ${done.length} done, ${Object.keys(skipped).length} skipped`, async () => {
      const sight = queue()
      const parsed = parseFilter(words, { need: true, nowMs: 0 })
      assert.ok(parsed.ok)
      const found = [...sight.index.all()].map((entry) => ({ entry, header: undefined }))
      const result = await act(sight, action, found, parsed.filter)
      assert.deepEqual(
        result.ids,
        done.map((n) => idOf(n)),
      )
      assert.deepEqual(
        result.skipped,
        Object.entries(skipped).map(([n, why]) => ({ id: idOf(Number(n)), why })),
      )
      assert.deepEqual([sight.sent, sight.dropped], [sent.map((n) => idOf(n)), dropped.map((n) => idOf(n))])
    })
  }
})

it('what is released has an attempt now, unless it is suspended, on its way or gone', () => {
  const sight = fakeSight(
    [{ to: 'a@example.com' }, { to: 'b@off.example.com' }, { to: 'c@example.com', entry: { stage: 'sending' } }],
    [{ domain: 'off.example.com' }],
  )
  sendReleased(sight, [idOf(0), idOf(1), idOf(2), 'gone'])
  assert.deepEqual(sight.sent, [idOf(0)])
})
