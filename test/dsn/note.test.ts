import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { makeNote, partiesOf, readNote, type DsnNote, type PartiesOf } from '../../lib/dsn/note.js'
import type { Party } from '../../lib/dsn/party.js'
import { anyAddress, anyParty, orcpt, throughDisk } from './support.js'

const BOB: Party = { given: 'bob@domain1.com', notify: ['success', 'delay'], orcpt: orcpt('Bob@example.com') }
const PROTOTYPES = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', '__defineGetter__']

function noteOf(recipients: readonly PartiesOf[], asked: Parameters<typeof makeNote>[0] = {}): DsnNote | undefined {
  const note = makeNote(asked, recipients)
  return note === undefined ? undefined : readNote(throughDisk(note))
}

describe('the note of a queue file', () => {
  it('gives back whom each recipient concerns, and what was asked of the message', () => {
    const asked = fc.record(
      { ret: fc.constantFrom('FULL', 'HDRS'), envid: fc.string(), doubleBounce: fc.constant(true as const) },
      { requiredKeys: [], noNullPrototype: true },
    )
    const address = fc.oneof(anyAddress, fc.constantFrom(...PROTOTYPES), fc.string())
    const recipients = fc.uniqueArray(
      fc.record({ address, parties: fc.array(anyParty, { minLength: 1, maxLength: 3 }) }),
      { selector: (one) => one.address, maxLength: 5 },
    )
    fc.assert(
      fc.property(asked, recipients, (wanted, list) => {
        const note = noteOf(list, wanted)
        for (const each of list) assert.deepEqual(partiesOf(note, each.address), each.parties)
        const { ret, envid, doubleBounce } = note ?? {}
        assert.deepEqual(
          { ret, envid, doubleBounce },
          { ret: undefined, envid: undefined, doubleBounce: undefined, ...wanted },
        )
      }),
    )
  })

  const silent: readonly [sentence: string, recipients: readonly PartiesOf[]][] = [
    ['nobody', []],
    ['recipients that asked for nothing', [{ address: BOB.given, parties: [{ given: BOB.given }] }]],
    ['recipients without parties', [{ address: BOB.given, parties: [] }]],
  ]
  for (const [sentence, recipients] of silent) {
    it(`is none for ${sentence}`, () => {
      assert.equal(makeNote({}, recipients), undefined)
    })
  }

  const telling: readonly [sentence: string, party: Party][] = [
    ['asked for something', { given: 'x@domain2.com', notify: 'never' }],
    ['has an ORCPT', { given: 'x@domain2.com', orcpt: orcpt('y@example.com') }],
    ['stands for another', { given: BOB.given }],
  ]
  for (const [sentence, party] of telling) {
    it(`tells of one that ${sentence}`, () => {
      assert.deepEqual(makeNote({}, [{ address: 'x@domain2.com', parties: [party] }])?.parties, {
        'x@domain2.com': [party],
      })
    })
  }

  it('tells of one recipient that is two parties', () => {
    const parties = [{ given: 'x@domain2.com' }, { given: BOB.given }]
    assert.deepEqual(partiesOf(noteOf([{ address: 'x@domain2.com', parties }]), 'x@domain2.com'), parties)
  })
})

describe('a recipient that no note tells of is its own only party', () => {
  const notes: Record<string, DsnNote | undefined> = {
    'without a note': undefined,
    'with a note about others': makeNote({}, [{ address: BOB.given, parties: [BOB] }]),
    'with a note whose list is empty': { version: 1, parties: { 'fred@domain1.com': [] } },
  }
  for (const [title, note] of Object.entries(notes)) {
    for (const address of ['fred@domain1.com', ...PROTOTYPES]) {
      it(`${title}: ${address}`, () => {
        assert.deepEqual(partiesOf(note, address), [{ given: address }])
      })
    }
  }

  it('and a note about __proto__ is one about nobody else', () => {
    const note = noteOf([{ address: '__proto__', parties: [BOB] }])
    assert.deepEqual(partiesOf(note, '__proto__'), [BOB])
    assert.deepEqual(partiesOf(note, 'given'), [{ given: 'given' }])
    assert.equal(({} as Record<string, unknown>)['given'], undefined)
  })
})

describe('a damaged note', () => {
  const none: Record<string, unknown> = {
    nothing: undefined,
    null: null,
    text: 'dsn',
    'a list': [],
    'another version': { version: 2, parties: {} },
    'no version': { parties: {} },
  }
  for (const [title, value] of Object.entries(none)) {
    it(`${title} is none`, () => {
      assert.equal(readNote(value), undefined)
    })
  }

  const whole = { version: 1, ret: 'FULL', envid: 'x', parties: { a: [BOB] }, delayed: true, doubleBounce: true }
  const rows: readonly [sentence: string, damage: object, reads: object][] = [
    ['whole is read as it is', {}, {}],
    ['a RET that is none', { ret: 'BODY' }, { ret: undefined }],
    ['an ENVID that is a number', { envid: 7 }, { envid: undefined }],
    ['"delayed" that is a word', { delayed: 'yes' }, { delayed: undefined }],
    ['"doubleBounce" that is a word', { doubleBounce: 1 }, { doubleBounce: undefined }],
    ['parties that are text', { parties: 'bob' }, { parties: {} }],
    ['parties that are a list', { parties: [BOB] }, { parties: {} }],
    ['a list of parties that is one party', { parties: { a: BOB } }, { parties: { a: [] } }],
    ['a party without its address', { parties: { a: [{ notify: 'never' }, BOB] } }, { parties: { a: [BOB] } }],
    ['a party that is text', { parties: { a: ['bob', BOB] } }, { parties: { a: [BOB] } }],
    [
      'a wish nobody knows',
      { parties: { a: [{ given: 'b', notify: ['success', 'x'] }] } },
      { parties: { a: [{ given: 'b', notify: ['success'] }] } },
    ],
    ['only such wishes', { parties: { a: [{ given: 'b', notify: ['x'] }] } }, { parties: { a: [{ given: 'b' }] } }],
    [
      'a wish that is text',
      { parties: { a: [{ given: 'b', notify: 'success' }] } },
      { parties: { a: [{ given: 'b' }] } },
    ],
    [
      'an ORCPT without its type',
      { parties: { a: [{ given: 'b', orcpt: { encoded: 'c', address: 'c' } }] } },
      { parties: { a: [{ given: 'b' }] } },
    ],
    ['an ORCPT that is text', { parties: { a: [{ given: 'b', orcpt: 'c' }] } }, { parties: { a: [{ given: 'b' }] } }],
  ]
  for (const [sentence, damage, reads] of rows) {
    it(`${sentence}: the rest counts`, () => {
      const expected = throughDisk({ ...whole, ...reads })
      assert.deepEqual(readNote(throughDisk({ ...whole, ...damage })), expected)
    })
  }

  it('of any kind is read or not, without a throw, and tells at least one party', () => {
    fc.assert(
      fc.property(fc.anything(), fc.anything(), fc.string(), (one, other, address) => {
        readNote(one)
        const note = readNote({ version: 1, parties: { [address]: other, x: [one] }, ret: one, envid: other })
        assert.ok(partiesOf(note, address).length > 0)
        assert.ok(partiesOf(note, 'x').length > 0)
      }),
    )
  })
})
