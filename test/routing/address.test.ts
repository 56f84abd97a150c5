import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { foldDomain, foldLocal, makeAddress, parseAddress, quoteLocal, unquoteLocal } from '../../lib/address.js'

describe('parseAddress', () => {
  const good: Record<string, { local: string; domain: string }> = {
    'bob@domain1.com': { local: 'bob', domain: 'domain1.com' },
    '<bob@domain1.com>': { local: 'bob', domain: 'domain1.com' },
    'Bob.Smith@Domain1.COM': { local: 'Bob.Smith', domain: 'domain1.com' },
    'bob+tag@domain1.com': { local: 'bob+tag', domain: 'domain1.com' },
    "o'neil@domain1.com": { local: "o'neil", domain: 'domain1.com' },
    'bob@localhost': { local: 'bob', domain: 'localhost' },
    '"bob smith"@domain1.com': { local: 'bob smith', domain: 'domain1.com' },
    '"b\\"ob"@domain1.com': { local: 'b"ob', domain: 'domain1.com' },
    'bob@[192.0.2.1]': { local: 'bob', domain: '[192.0.2.1]' },
    'jürgen@bücher.example': { local: 'jürgen', domain: 'xn--bcher-kva.example' },
    'bob@BÜCHER.example': { local: 'bob', domain: 'xn--bcher-kva.example' },
  }
  for (const [text, { local, domain }] of Object.entries(good)) {
    it(`reads ${text}`, () => {
      const address = parseAddress(text)
      assert.deepEqual(address && { local: address.local, domain: address.domain }, { local, domain })
      assert.equal(address?.text, text.replace(/^<|>$/g, ''))
    })
  }

  const refused = [
    '',
    '<>',
    'bob',
    '@domain1.com',
    'bob@',
    'bob@domain1.com@domain2.com',
    '@domain2.com:bob@domain1.com',
    'bob smith@domain1.com',
    'bob@domain1.com\r\nRCPT TO:<x@y>',
    'bob@dom ain1.com',
    'bob@domain1..com',
    '.bob@domain1.com',
    'bob.@domain1.com',
    `bob@${'a'.repeat(251)}.com`,
  ]
  for (const text of refused) {
    it(`does not read ${JSON.stringify(text).slice(0, 50)}`, () => {
      assert.equal(parseAddress(text), undefined)
    })
  }

  it('never throws, and what it reads has both parts', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.emailAddress(), fc.string({ unit: 'binary' })), (text) => {
        const address = parseAddress(text)
        return address === undefined || (address.local !== '' && address.domain !== '' && address.key.includes('@'))
      }),
    )
  })

  it('reads every usual address', () => {
    fc.assert(
      fc.property(fc.emailAddress(), (text) => {
        fc.pre(text.length <= 254 && text.lastIndexOf('@') <= 64)
        return parseAddress(text)?.key === text.toLowerCase()
      }),
    )
  })

  it('gives the same answer for its own text', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 20 }), (local) => {
        const address = parseAddress(makeAddress(local, 'domain1.com').text)
        return address === undefined || (address.local === local && address.domain === 'domain1.com')
      }),
    )
  })
})

describe('folding', () => {
  it('composes and lowers local parts (R18)', () => {
    assert.equal(foldLocal('Bo\u0308b'), foldLocal('b\u00f6B'))
    assert.equal(foldLocal('\u03aa\u0301'), foldLocal('\u0390'))
  })

  it('is the same when done twice', () => {
    fc.assert(fc.property(fc.string({ unit: 'grapheme' }), (text) => foldLocal(foldLocal(text)) === foldLocal(text)))
    fc.assert(
      fc.property(fc.oneof(fc.domain(), fc.string({ unit: 'grapheme' })), (text) => {
        const once = foldDomain(text)
        return foldDomain(once) === once
      }),
    )
  })

  it('takes a final dot and the case from a domain', () => {
    assert.equal(foldDomain('Domain1.COM.'), 'domain1.com')
    assert.equal(foldDomain('bücher.example\u3002'), 'xn--bcher-kva.example')
    assert.equal(foldDomain('[IPv6:2001:DB8::1]'), '[ipv6:2001:db8::1]')
    assert.equal(foldDomain('not a domain'), '')
  })
})

describe('quoting of local parts (RFC 5321 4.1.2)', () => {
  it('only where it is needed', () => {
    assert.equal(quoteLocal('bob.smith'), 'bob.smith')
    assert.equal(quoteLocal('jürgen'), 'jürgen')
    assert.equal(quoteLocal('bob smith'), '"bob smith"')
    assert.equal(quoteLocal('b"o\\b'), '"b\\"o\\\\b"')
    assert.equal(quoteLocal('.bob'), '".bob"')
    assert.equal(quoteLocal(''), '""')
  })

  it('is taken off again', () => {
    fc.assert(fc.property(fc.string(), (local) => /^".*"$/s.test(local) || unquoteLocal(quoteLocal(local)) === local))
  })
})
