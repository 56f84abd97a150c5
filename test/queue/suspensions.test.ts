import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { inForce, suspensionTable, type Suspension } from '../../lib/queue/suspensions.js'

const NOW = 1_700_000_000_000
const conf = (domain: string): Suspension => ({ domain, at: 'dmail.conf:7' })
const operator = (domain: string, untilMs?: number): Suspension => ({
  domain,
  reason: 'moving house',
  sinceMs: NOW - 1,
  ...(untilMs === undefined ? {} : { untilMs }),
})

describe('the suspension of a domain', () => {
  const exact = conf('example.com')
  const below = conf('*.example.com')
  const all = conf('*')
  const list = conf('*.com, !domain1.com')
  const byHand = operator('example.com')
  const ended = operator('example.com', NOW)
  const soon = operator('example.com', NOW + 1)
  const rows: readonly [sentence: string, readonly Suspension[], domain: string, Suspension | undefined][] = [
    ['is none where nothing is suspended', [], 'example.com', undefined],
    ['is the one that names it', [exact], 'example.com', exact],
    ['is not that of a domain above it', [exact], 'a.example.com', undefined],
    ['is not that of a name with the same end', [exact, below], 'badexample.com', undefined],
    ['with *. in front is for those below', [below], 'a.b.example.com', below],
    ['with *. in front is not for the domain itself', [below], 'example.com', undefined],
    ['* is for every domain', [all], 'domain1.com', all],
    ['the one that names it goes before a pattern', [all, below, exact], 'example.com', exact],
    ['of patterns the first is told', [below, all], 'a.example.com', below],
    ['a list may except one', [list], 'domain1.com', undefined],
    ['and means the others', [list], 'example.com', list],
    ['the operator goes before dmail.conf', [byHand, exact], 'example.com', byHand],
    ['is over at its end', [ended], 'example.com', undefined],
    ['is in force until then', [soon], 'example.com', soon],
    ['one that is over makes room for the next', [ended, exact], 'example.com', exact],
    ['and for a pattern', [ended, all], 'example.com', all],
    ['a pattern may end too', [operator('*', NOW), all], 'example.com', all],
    ['a domain without a name matches * alone', [exact, all], '', all],
  ]
  for (const [sentence, suspensions, domain, expected] of rows) {
    it(sentence, () => {
      assert.equal(suspensionTable(suspensions).find(domain, NOW), expected)
    })
  }

  it('all of them are listed, those that are over too', () => {
    assert.deepEqual(suspensionTable([ended, exact, all]).all, [ended, exact, all])
  })

  it('without an end lasts', () => {
    assert.deepEqual(
      [inForce(exact, Number.MAX_VALUE), inForce(soon, NOW), inForce(soon, NOW + 1)],
      [true, true, false],
    )
  })
})
