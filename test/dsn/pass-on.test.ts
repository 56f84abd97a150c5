import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { makeNote, type DsnNote } from '../../lib/dsn/note.js'
import { parseMessageDsn, parseRecipientDsn, splitParameters } from '../../lib/dsn/params.js'
import type { Party } from '../../lib/dsn/party.js'
import { mailParameters, recipientParameters } from '../../lib/dsn/pass-on.js'
import { encodeXtext } from '../../lib/dsn/xtext.js'
import { anyAddress, anyParty, orcpt } from './support.js'

const BOB = 'bob@domain1.com'
const SALES = 'sales@domain1.com'
const TARGET = 'john@domain2.com'

describe('parameters of MAIL for a next hop', () => {
  const rows: readonly [sentence: string, note: Partial<DsnNote> | undefined, expected: string][] = [
    ['none without a note', undefined, ''],
    ['none where only recipients asked for something', {}, ''],
    ['RET', { ret: 'FULL' }, ' RET=FULL'],
    ['ENVID as it came', { envid: 'a+2Bb' }, ' ENVID=a+2Bb'],
    ['both', { ret: 'HDRS', envid: 'QQ314159' }, ' RET=HDRS ENVID=QQ314159'],
    ['nothing of what is our own', { delayed: true, doubleBounce: true }, ''],
  ]
  for (const [sentence, note, expected] of rows) {
    it(sentence, () => {
      assert.equal(mailParameters(note === undefined ? undefined : { version: 1, parties: {}, ...note }), expected)
    })
  }
})

describe('parameters of RCPT for a next hop', () => {
  const utf8 = { type: 'utf-8', address: 'jörg@example.com' }
  const rows: readonly [sentence: string, address: string, parties: readonly Party[], expected: string][] = [
    ['none for one that asked for nothing', BOB, [{ given: BOB }], ''],
    ['NEVER', BOB, [{ given: BOB, notify: 'never' }], ' NOTIFY=NEVER'],
    ['one wish', BOB, [{ given: BOB, notify: ['delay'] }], ' NOTIFY=DELAY'],
    ['all wishes', BOB, [{ given: BOB, notify: ['delay', 'failure', 'success'] }], ' NOTIFY=SUCCESS,FAILURE,DELAY'],
    ['ORCPT as it came', BOB, [{ given: BOB, orcpt: orcpt('a+b@example.com') }], ' ORCPT=rfc822;a+2Bb@example.com'],
    [
      'ORCPT of another type as it came',
      BOB,
      [{ given: BOB, orcpt: { type: 'X400', encoded: '/C+3DDE', address: '/C=DE' } }],
      ' ORCPT=X400;/C+3DDE',
    ],
    [
      'an ORCPT made of the address the sender used',
      TARGET,
      [{ given: 'a+b@domain1.com' }],
      ' ORCPT=rfc822;a+2Bb@domain1.com',
    ],
    [
      'not where it came with one',
      TARGET,
      [{ given: BOB, orcpt: orcpt('x@example.com') }],
      ' ORCPT=rfc822;x@example.com',
    ],
    ['of a quoted address', TARGET, [{ given: '"a b"@domain1.com' }], ' ORCPT=rfc822;"a+20b"@domain1.com'],
    ['of an address in UTF-8', TARGET, [{ given: 'jörg@domain1.com' }], ' ORCPT=utf-8;j\\x{F6}rg@domain1.com'],
    [
      'an ORCPT in UTF-8 that came in ASCII, as it came',
      BOB,
      [{ given: BOB, orcpt: { ...utf8, encoded: 'j\\x{F6}rg@example.com' } }],
      ' ORCPT=utf-8;j\\x{F6}rg@example.com',
    ],
    [
      'one that came in UTF-8, in ASCII: the next hop may not know SMTPUTF8',
      BOB,
      [{ given: BOB, orcpt: { ...utf8, encoded: 'jörg@example.com' } }],
      ' ORCPT=utf-8;j\\x{F6}rg@example.com',
    ],
    [
      'none that becomes longer in ASCII than one may be',
      BOB,
      [{ given: BOB, notify: 'never', orcpt: { ...utf8, encoded: 'δ'.repeat(100), address: 'δ'.repeat(100) } }],
      ' NOTIFY=NEVER',
    ],
    [
      'for two parties what any of them wants, and one ORCPT',
      TARGET,
      [
        { given: BOB, notify: ['delay'] },
        { given: SALES, notify: ['success'] },
      ],
      ' NOTIFY=SUCCESS,DELAY ORCPT=rfc822;bob@domain1.com',
    ],
    [
      'one that said nothing wants to hear of a failure',
      TARGET,
      [{ given: BOB, notify: ['success'] }, { given: SALES }],
      ' NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;bob@domain1.com',
    ],
    [
      'NEVER of one does not silence another',
      TARGET,
      [
        { given: BOB, notify: 'never' },
        { given: SALES, notify: ['failure'] },
      ],
      ' NOTIFY=FAILURE ORCPT=rfc822;bob@domain1.com',
    ],
    ['two that said nothing', TARGET, [{ given: BOB }, { given: SALES }], ' ORCPT=rfc822;bob@domain1.com'],
    [
      'the ORCPT of the second where the first has none',
      TARGET,
      [{ given: TARGET }, { given: BOB, orcpt: orcpt('x@example.com') }],
      ' ORCPT=rfc822;x@example.com',
    ],
    [
      'no ORCPT that would be longer than one may be',
      TARGET,
      [{ given: `jörg@${'δ'.repeat(80)}.com`, notify: 'never' }],
      ' NOTIFY=NEVER',
    ],
  ]
  for (const [sentence, address, parties, expected] of rows) {
    it(sentence, () => {
      assert.equal(recipientParameters(makeNote({}, [{ address, parties }]), address), expected)
    })
  }

  it('none for a recipient that the note does not name', () => {
    const note = makeNote({}, [{ address: TARGET, parties: [{ given: BOB, notify: 'never' }] }])
    assert.equal(recipientParameters(note, 'fred@domain2.com'), '')
    assert.equal(recipientParameters(undefined, TARGET), '')
  })
})

describe('what is passed on', () => {
  it('is read by a server as it was meant, in ASCII', () => {
    const envid = fc.option(fc.string({ unit: 'binary-ascii', minLength: 1, maxLength: 30 }), { nil: undefined })
    const ret = fc.constantFrom('FULL' as const, 'HDRS' as const, undefined)
    const parties = fc.array(anyParty, { minLength: 1, maxLength: 3 })
    fc.assert(
      fc.property(ret, envid, anyAddress, parties, (kind, id, address, list) => {
        const asked = {
          ...(kind === undefined ? {} : { ret: kind }),
          ...(id === undefined ? {} : { envid: encodeXtext(id) }),
        }
        const note = makeNote(asked, [{ address, parties: list }])
        const mail = `FROM:<>${mailParameters(note)}`
        assert.deepEqual(parseMessageDsn(splitParameters(mail)), { ok: true, value: asked })

        const rcpt = `TO:<x@y>${recipientParameters(note, address)}`
        assert.match(rcpt, /^[ -~]*$/)
        const read = parseRecipientDsn(splitParameters(rcpt))
        assert.ok(read.ok, rcpt)
        const { notify, orcpt: original } = read.value
        assert.equal(
          notify === undefined,
          list.every((party) => party.notify === undefined),
        )
        if (notify !== 'never') {
          for (const party of list) {
            for (const on of party.notify === 'never' ? [] : (party.notify ?? [])) assert.ok(notify?.includes(on))
          }
        }
        if (original !== undefined) {
          const known = list.flatMap((party) => [party.given, party.orcpt?.address])
          assert.ok(known.includes(original.address), original.address)
        } else assert.ok(list.every((party) => party.given === address && party.orcpt === undefined))
      }),
    )
  })
})
