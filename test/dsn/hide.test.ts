import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { hideTarget } from '../../lib/dsn/hide.js'

const TARGET = 'john@provider.net'
const GIVEN = 'bob@domain1.com'
const HOST = 'mx1.mail-hub.org'

describe('what a next hop says of a target', () => {
  const rows: readonly [sentence: string, words: string, shown: string][] = [
    ['keeps what tells nothing of it', '550 5.1.1 no such user here', '550 5.1.1 no such user here'],
    ['names the address the sender used', '550 <john@provider.net> unknown', '550 <bob@domain1.com> unknown'],
    ['however it is written', '550 John@PROVIDER.net unknown', '550 bob@domain1.com unknown'],
    ['every time', 'john@provider.net: not john@provider.net', 'bob@domain1.com: not bob@domain1.com'],
    ['does not name its local part', '550 user john unknown', '550 user (hidden) unknown'],
    ['nor at the end of a sentence', '550 No such user john.', '550 No such user (hidden).'],
    ['nor in brackets or quotes', `550 "john" (john) <john> 'john'`, `550 "(hidden)" ((hidden)) <(hidden)> '(hidden)'`],
    ['but keeps a longer word', '550 johnson john-boy x.john', '550 johnson john-boy x.john'],
    ['does not name its domain', '550 provider.net has no such user', '550 (hidden) has no such user'],
    ['nor hosts below that', '550 mx2.eu.provider.net says no', '550 (hidden) says no'],
    ['nor a page there', '550 see https://help.provider.net/x', '550 see https:(hidden)/x'],
    ['nor another address there', '550 ask postmaster@provider.net', '550 ask (hidden)'],
    ['does not name the host', '550 mx1.mail-hub.org refused it', '550 (hidden) refused it'],
    ['keeps the address the sender used', '550 bob@domain1.com is over quota', '550 bob@domain1.com is over quota'],
    ['is empty where it was empty', '', ''],
  ]
  for (const [sentence, words, shown] of rows) {
    it(sentence, () => {
      assert.equal(hideTarget(words, TARGET, GIVEN, HOST), shown)
    })
  }

  it('keeps the address the sender used, whatever it has in common with the target', () => {
    assert.equal(
      hideTarget('550 bob@domain1.com (now bob@mail.domain1.com) is full: bob', 'bob@mail.domain1.com', GIVEN, HOST),
      '550 bob@domain1.com (now bob@domain1.com) is full: (hidden)',
    )
  })

  it('does not name a host that is an address', () => {
    assert.equal(hideTarget('550 [192.0.2.1] says no', TARGET, GIVEN, '192.0.2.1'), '550 [(hidden)] says no')
  })

  it('needs no host', () => {
    assert.equal(hideTarget('550 john has gone', TARGET, GIVEN), '550 (hidden) has gone')
    assert.equal(hideTarget('550 john has gone', TARGET, GIVEN, ''), '550 (hidden) has gone')
  })

  it('does not name a quoted local part, with or without its quotes', () => {
    const target = '"john smith"@provider.net'
    assert.equal(hideTarget('550 "john smith" john smith', target, GIVEN), '550 (hidden) (hidden)')
  })

  it('does not name a domain of other letters in either of its forms', () => {
    const target = 'john@bücher.example'
    for (const domain of ['bücher.example', 'xn--bcher-kva.example', 'mx.XN--BCHER-KVA.example']) {
      assert.equal(hideTarget(`550 ${domain} says no`, target, GIVEN), '550 (hidden) says no')
      assert.equal(hideTarget(`550 ${domain} says no`, 'john@xn--bcher-kva.example', GIVEN), '550 (hidden) says no')
    }
  })

  it('has nothing of the target left in it, whatever stands around', () => {
    // None of these words is in the address the sender used, or in what stands for the target.
    const local = fc.stringMatching(/^[j-lq-z]{3,8}[.$*+?^|_]?[j-lq-z]$/)
    const domain = fc
      .tuple(local, fc.constantFrom('net', 'info'))
      .map(([name, top]) => `${name.replace(/[^a-z]/g, 'z')}.${top}`)
    const around = fc.constantFrom(' ', '<', '>', '(', ')', '"', "'", ':', ';', ',', '=', '. ', ' [', '] ', '\t')
    const kinds = fc.constantFrom('whole', 'local', 'domain', 'below', 'host', 'word')
    fc.assert(
      fc.property(
        local,
        domain,
        fc.array(fc.tuple(kinds, around), { maxLength: 12 }),
        fc.boolean(),
        (user, place, pieces, upper) => {
          const target = `${user}@${place}`
          const host = `mx.${place.replace(/\..*/, '')}-hub.org`
          const texts = { whole: target, local: user, domain: place, below: `mx3.${place}`, host, word: '550 no' }
          const said = ` ${pieces.map(([kind, between]) => `${texts[kind]}${between}`).join('')} `
          const shown = hideTarget(upper ? said.toUpperCase() : said, target, 'bob@aaa.com', host).toLowerCase()
          for (const secret of [target, user, place, host])
            assert.ok(!shown.includes(secret), `${secret} is in "${shown}"`)
          const whole = pieces.filter(([kind]) => kind === 'whole').length
          assert.equal(shown.split('bob@aaa.com').length - 1, whole)
        },
      ),
    )
  })
})
