import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { DsnEvent } from '../../lib/dsn/decide.js'
import { deliveredNews, isGrave, whoHears, type News } from '../../lib/dsn/news.js'
import type { Notify } from '../../lib/dsn/params.js'

function news(given: string, event: DsnEvent, notify?: Notify): News {
  return { party: { given, ...(notify === undefined ? {} : { notify }) }, event, status: '', reason: '' }
}

/** `report: failed a, delayed b`. */
function told(all: readonly News[], nullSender = false): string[] {
  return whoHears(all, nullSender).map(
    (telling) => `${telling.kind}: ${telling.news.map(({ party, event }) => `${event} ${party.given}`).join(', ')}`,
  )
}

describe('who hears of news', () => {
  it('nobody of none', () => {
    assert.deepEqual(told([]), [])
    assert.deepEqual(told([], true), [])
  })

  it('the sender, in one report for all recipients that asked (N7)', () => {
    const all = [news('a', 'failed'), news('b', 'failed', 'never'), news('c', 'failed', ['failure'])]
    assert.deepEqual(told(all), ['report: failed a, failed c'])
  })

  it('each recipient by its own wish, in their order', () => {
    const all = [
      news('a', 'delivered', ['success']),
      news('b', 'delivered'),
      news('c', 'failed'),
      news('d', 'relayed', ['success', 'failure']),
      news('e', 'relayed', ['delay']),
    ]
    assert.deepEqual(told(all), ['report: delivered a, failed c, relayed d'])
  })

  it('nobody where nobody asked', () => {
    assert.deepEqual(told([news('a', 'delivered'), news('b', 'delayed'), news('c', 'failed', ['success'])]), [])
  })

  it('the operator where there is no sender: of failures only (N6)', () => {
    const all = [news('a', 'failed'), news('b', 'delivered', ['success']), news('c', 'failed', 'never')]
    assert.deepEqual(told(all, true), ['double bounce: failed a'])
  })
})

describe('news that nobody must miss', () => {
  const events: readonly DsnEvent[] = [
    'failed',
    'delayed',
    'delivered',
    'expanded',
    'relayed',
    'handed on',
    'discarded',
  ]
  for (const event of events) {
    it(`${event}: ${event === 'failed' ? 'yes' : 'no'}`, () => {
      assert.equal(isGrave(news('a', event)), event === 'failed')
    })
  }
})

it('local work that was done is delivered', () => {
  const party = { given: 'bob@domain1.com' }
  assert.deepEqual(deliveredNews(party), { party, event: 'delivered', status: '2.0.0', reason: '' })
})
