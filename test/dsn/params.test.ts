import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { parseMessageDsn, parseRecipientDsn, splitParameters } from '../../lib/dsn/params.js'
import { decodeXtext, encodeXtext, fromUtf8AddressXtext, toUtf8AddressXtext } from '../../lib/dsn/xtext.js'

const rcpt = (parameters: string) => parseRecipientDsn(splitParameters(`TO:<bob@domain1.com> ${parameters}`))
const mail = (parameters: string) => parseMessageDsn(splitParameters(`FROM:<fred@example.com> ${parameters}`))

describe('NOTIFY and ORCPT', () => {
  const good: [parameters: string, expected: object][] = [
    ['', {}],
    ['NOTIFY=NEVER', { notify: 'never' }],
    ['notify=success', { notify: ['success'] }],
    ['NOTIFY=SUCCESS,FAILURE,DELAY', { notify: ['success', 'failure', 'delay'] }],
    ['NOTIFY=Failure,Delay SIZE=10', { notify: ['failure', 'delay'] }],
    [
      'ORCPT=rfc822;bob@example.com',
      { orcpt: { type: 'rfc822', encoded: 'bob@example.com', address: 'bob@example.com' } },
    ],
    [
      'ORCPT=rfc822;bob+2Bx@example.com',
      { orcpt: { type: 'rfc822', encoded: 'bob+2Bx@example.com', address: 'bob+x@example.com' } },
    ],
    [
      'ORCPT=rfc822;j+C3+B6rg@example.com',
      { orcpt: { type: 'rfc822', encoded: 'j+C3+B6rg@example.com', address: 'jörg@example.com' } },
    ],
    [
      'ORCPT=rfc822;j+F6rg@example.com',
      { orcpt: { type: 'rfc822', encoded: 'j+F6rg@example.com', address: 'jörg@example.com' } },
    ],
    [
      'ORCPT=utf-8;j\\x{F6}rg@example.com',
      { orcpt: { type: 'utf-8', encoded: 'j\\x{F6}rg@example.com', address: 'jörg@example.com' } },
    ],
    [
      'ORCPT=utf-8;jörg@example.com',
      { orcpt: { type: 'utf-8', encoded: 'jörg@example.com', address: 'jörg@example.com' } },
    ],
  ]
  for (const [parameters, value] of good) {
    it(parameters || 'nothing', () => {
      assert.deepEqual(rcpt(parameters), { ok: true, value })
    })
  }

  const bad: [parameters: string, says: RegExp][] = [
    ['NOTIFY', /NOTIFY needs a value/],
    ['NOTIFY=', /NOTIFY needs a value/],
    ['NOTIFY=NEVER,SUCCESS', /NOTIFY is NEVER, or/],
    ['NOTIFY=SUCCESS,SUCCESS', /NOTIFY is NEVER, or/],
    ['NOTIFY=SOMETIMES', /NOTIFY is NEVER, or/],
    ['NOTIFY=SUCCESS,', /NOTIFY is NEVER, or/],
    ['NOTIFY=SUCCESS NOTIFY=FAILURE', /NOTIFY is given twice/],
    ['ORCPT=bob@example.com', /ORCPT is a type/],
    ['ORCPT=rfc822;', /ORCPT is a type/],
    ['ORCPT=rfc822;a=b@example.com', /ORCPT is a type/],
    ['ORCPT=rfc822;a+0D+0Ab@example.com', /ORCPT is a type/],
    ['ORCPT=rfc822;a+2b@example.com', /ORCPT is a type/],
    ['ORCPT=utf-8;a\\x{D800}@example.com', /ORCPT is a type/],
    [`ORCPT=rfc822;${'a'.repeat(500)}`, /at most 500/],
    ['ORCPT=rfc822;a@b ORCPT=rfc822;c@d', /ORCPT is given twice/],
  ]
  for (const [parameters, says] of bad) {
    it(`${parameters.slice(0, 60)} is refused`, () => {
      const parsed = rcpt(parameters)
      assert.ok(!parsed.ok)
      assert.match(parsed.bad, says)
    })
  }
})

describe('RET and ENVID', () => {
  const rows: [parameters: string, expected: object | RegExp][] = [
    ['', {}],
    ['RET=FULL', { ret: 'FULL' }],
    ['ret=hdrs ENVID=QQ314159', { ret: 'HDRS', envid: 'QQ314159' }],
    ['ENVID=a+2Bb', { envid: 'a+2Bb' }],
    ['RET=BODY', /RET is FULL or HDRS/],
    ['RET', /RET needs a value/],
    ['RET=FULL RET=FULL', /RET is given twice/],
    ['ENVID=a=b', /ENVID is at most 100/],
    [`ENVID=${'x'.repeat(101)}`, /ENVID is at most 100/],
    [`ENVID=${'x'.repeat(100)}`, { envid: 'x'.repeat(100) }],
  ]
  for (const [parameters, expected] of rows) {
    it(parameters.slice(0, 40) || 'nothing', () => {
      const parsed = mail(parameters)
      if (expected instanceof RegExp) assert.match(parsed.ok ? '' : parsed.bad, expected)
      else assert.deepEqual(parsed, { ok: true, value: expected })
    })
  }
})

describe('parameters of a line', () => {
  const rows: [line: string, expected: unknown][] = [
    ['TO:<bob@domain1.com>', []],
    ['TO:<"a> NOTIFY=NEVER"@domain1.com> X', [['X', null]]],
    [
      'FROM:<> RET=FULL  BODY=8BITMIME',
      [
        ['RET', 'FULL'],
        ['BODY', '8BITMIME'],
      ],
    ],
    ['TO:bob@domain1.com NOTIFY=NEVER', []],
  ]
  for (const [line, expected] of rows) {
    it(line, () => {
      assert.deepEqual(splitParameters(line), expected)
    })
  }
})

describe('xtext', () => {
  it('gives back any ASCII text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary-ascii' }), (text) => {
        assert.equal(decodeXtext(encodeXtext(text)), text)
      }),
    )
  })
  it('gives back any address in the form of RFC 6533', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        fc.pre(!/[\x00-\x1f]/.test(text))
        const encoded = toUtf8AddressXtext(text)
        assert.match(encoded, /^[!-~]*$/)
        assert.equal(fromUtf8AddressXtext(encoded), text)
      }),
    )
  })
  it('never fails, whatever comes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        rcpt(text)
        mail(text)
        fromUtf8AddressXtext(text)
      }),
    )
  })
})
