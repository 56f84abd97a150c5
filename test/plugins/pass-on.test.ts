import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import { makeNote, type DsnNote } from '../../lib/dsn/note.js'
import { passOn } from '../../plugins/haraka/pass-on.js'
import type { HarakaHmail } from '../../plugins/haraka/outbound-types.js'
import { ADDRESS_CLASSES, type AddressClass, type RealAddress } from './addresses.js'

const NOTE = makeNote({ ret: 'FULL', envid: 'QQ314159' }, [
  { address: 'john@domain2.com', parties: [{ given: 'bob@domain1.com', notify: ['success'] }] },
])

for (const [version, Address] of ADDRESS_CLASSES) {
  describe(`Haraka ${version}: on the wire`, () => {
    let sender: RealAddress
    let john: RealAddress
    let fred: RealAddress
    let keywords: string[]
    const offers = (keyword: string): boolean => keywords.includes(keyword)
    const hmail = (): HarakaHmail => ({ todo: { mail_from: sender, rcpt_to: [john, fred] } }) as unknown as HarakaHmail
    const pass = (note: DsnNote | undefined): void => {
      passOn(hmail(), note, offers)
    }

    beforeEach(() => {
      sender = new Address('<ann@domain1.com>')
      john = new Address('<john@domain2.com>')
      fred = new Address('<fred@domain2.com>')
      keywords = ['DSN']
    })

    it('parameters follow the addresses that have some', () => {
      pass(NOTE)
      assert.equal(sender.format(true), '<ann@domain1.com> RET=FULL ENVID=QQ314159')
      assert.equal(john.format(true), '<john@domain2.com> NOTIFY=SUCCESS ORCPT=rfc822;bob@domain1.com')
      assert.equal(fred.format(true), '<fred@domain2.com>')
    })

    it('so they do where the next hop takes UTF-8', () => {
      pass(NOTE)
      assert.equal(sender.format(false), '<ann@domain1.com> RET=FULL ENVID=QQ314159')
    })

    it('they follow the null sender too', () => {
      sender = new Address('<>')
      pass(NOTE)
      assert.equal(sender.format(true), '<> RET=FULL ENVID=QQ314159')
    })

    it('there are none where DSN is not offered', () => {
      keywords = ['SIZE']
      pass(NOTE)
      assert.equal(sender.format(true), '<ann@domain1.com>')
      assert.equal(john.format(true), '<john@domain2.com>')
    })

    it('what is offered counts when the command is written: EHLO comes later', () => {
      keywords = []
      pass(NOTE)
      assert.equal(john.format(true), '<john@domain2.com>')
      keywords = ['DSN']
      assert.equal(john.format(true), '<john@domain2.com> NOTIFY=SUCCESS ORCPT=rfc822;bob@domain1.com')
    })

    it('at the next attempt that of the next hop counts, and the parameters come once', () => {
      pass(NOTE)
      pass(NOTE)
      assert.equal(john.format(true), '<john@domain2.com> NOTIFY=SUCCESS ORCPT=rfc822;bob@domain1.com')
      passOn(hmail(), NOTE, () => false)
      assert.equal(john.format(true), '<john@domain2.com>')
    })

    it('there are none any more when the note is gone', () => {
      pass(NOTE)
      pass(undefined)
      assert.equal(sender.format(true), '<ann@domain1.com>')
      assert.equal(john.format(true), '<john@domain2.com>')
    })

    it('nothing of it is seen elsewhere', () => {
      const before = [sender, john].map((address) => [address.format(), address.toString(), JSON.stringify(address)])
      const keys = Object.keys(john)
      pass(NOTE)
      const after = [sender, john].map((address) => [address.format(), address.toString(), JSON.stringify(address)])
      assert.deepEqual(after, before)
      assert.deepEqual(Object.keys(john), keys)
      assert.equal(String(john), '<john@domain2.com>')
    })

    it('nothing of it is in a queue file, nor in the address that is read from one', () => {
      pass(NOTE)
      const json = JSON.stringify({ rcpt_to: [john] })
      assert.doesNotMatch(json, /NOTIFY|ORCPT|format/)
      const { rcpt_to } = JSON.parse(json) as { readonly rcpt_to: readonly unknown[] }
      const read = new Address(rcpt_to[0])
      assert.equal(read.format(true), '<john@domain2.com>')
    })

    it('an address in UTF-8 keeps its form', () => {
      john = new Address('<john@bücher.example>')
      const note = makeNote({}, [{ address: 'john@bücher.example', parties: [{ given: 'x@domain1.com' }] }])
      pass(note)
      assert.equal(john.format(true), '<john@xn--bcher-kva.example> ORCPT=rfc822;x@domain1.com')
      assert.equal(john.format(false), '<john@bücher.example> ORCPT=rfc822;x@domain1.com')
      assert.equal(john.format(), '<john@bücher.example>')
    })
  })
}

describe('SMTPUTF8', () => {
  const AddressOf = (at: number): AddressClass => ADDRESS_CLASSES[at]?.[1] ?? assert.fail()
  const rows: readonly [sentence: string, from: string, to: string, keywords: readonly string[], mail: string][] = [
    ['is said for a recipient who needs it', 'ann@domain1.com', 'jörg@domain2.com', ['SMTPUTF8'], ' SMTPUTF8'],
    ['is said of a report too', '', 'jörg@domain2.com', ['SMTPUTF8'], ' SMTPUTF8'],
    ['is not said where it is not offered', 'ann@domain1.com', 'jörg@domain2.com', ['DSN'], ''],
    ['is not said where nobody needs it', 'ann@domain1.com', 'john@domain2.com', ['SMTPUTF8'], ''],
    ['is said by Haraka itself for a sender who needs it', 'jörg@domain1.com', 'jörg@domain2.com', ['SMTPUTF8'], ''],
  ]
  for (const [sentence, from, to, keywords, expected] of rows) {
    ADDRESS_CLASSES.forEach(([version], at) => {
      it(`${sentence} (Haraka ${version})`, () => {
        const Address = AddressOf(at)
        const sender = new Address(`<${from}>`)
        const hmail = { todo: { mail_from: sender, rcpt_to: [new Address(`<${to}>`)] } } as unknown as HarakaHmail
        passOn(hmail, undefined, (keyword) => keywords.includes(keyword))
        assert.equal(sender.format(false), `<${from}>${expected}`)
      })
    })
  }
})
