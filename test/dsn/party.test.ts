import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Notify } from '../../lib/dsn/params.js'
import { sameParty, withoutSuccess, type Party } from '../../lib/dsn/party.js'
import { orcpt } from './support.js'

describe('wishes without that for success', () => {
  const rows: readonly [before: Notify | undefined, after: Notify | undefined][] = [
    [undefined, undefined],
    ['never', 'never'],
    [['success'], 'never'],
    [['failure'], ['failure']],
    [['delay'], ['delay']],
    [['success', 'failure'], ['failure']],
    [
      ['success', 'failure', 'delay'],
      ['failure', 'delay'],
    ],
  ]
  for (const [before, after] of rows) {
    it(`${String(before ?? 'nothing')} becomes ${String(after ?? 'nothing')}`, () => {
      const party: Party = { given: 'bob@domain1.com', ...(before === undefined ? {} : { notify: before }) }
      assert.deepEqual(withoutSuccess(party), { ...party, ...(after === undefined ? {} : { notify: after }) })
    })
  }

  it('keep everything else, and leave the party they came from as it was', () => {
    const party: Party = { given: 'bob@domain1.com', notify: ['success'], orcpt: orcpt('bob@example.com') }
    assert.deepEqual(withoutSuccess(party), { ...party, notify: 'never' })
    assert.deepEqual(party.notify, ['success'])
  })
})

describe('two parties', () => {
  const bob: Party = { given: 'bob@domain1.com', notify: ['success', 'delay'], orcpt: orcpt('bob@example.com') }
  const rows: readonly [sentence: string, other: Party, isSame: boolean][] = [
    ['with everything alike are one', structuredClone(bob), true],
    ['with another address are two', { ...bob, given: 'fred@domain1.com' }, false],
    ['with another wish are two', { ...bob, notify: ['success'] }, false],
    ['with NEVER are two', { ...bob, notify: 'never' }, false],
    ['with another ORCPT are two', { ...bob, orcpt: orcpt('x@example.com') }, false],
    ['with another type of ORCPT are two', { ...bob, orcpt: { ...orcpt('bob@example.com'), type: 'x400' } }, false],
    ['without a wish are two', { given: bob.given, orcpt: orcpt('bob@example.com') }, false],
    ['without an ORCPT are two', { given: bob.given, notify: ['success', 'delay'] }, false],
  ]
  for (const [sentence, other, isSame] of rows) {
    it(sentence, () => {
      assert.equal(sameParty(bob, other), isSame)
      assert.equal(sameParty(other, bob), isSame)
    })
  }
})
