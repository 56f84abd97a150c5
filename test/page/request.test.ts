import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { bearerOf, cookieOf, isFromHere, isLocal, sessionOf } from '../../lib/page/request.js'

const HOST = { host: 'mail.example.com:8080' }
const ORIGIN = 'http://mail.example.com:8080'

const FORMS: readonly (readonly [what: string, headers: Record<string, string>, ours: boolean])[] = [
  ['of the page itself', { ...HOST, origin: ORIGIN }, true],
  [
    'of the page itself, from a browser that says so',
    { ...HOST, origin: ORIGIN, 'sec-fetch-site': 'same-origin' },
    true,
  ],
  ['of the page behind a proxy with TLS', { host: 'mail.example.com', origin: 'https://mail.example.com' }, true],
  ['with the host in capitals', { host: 'MAIL.example.com:8080', origin: ORIGIN }, true],
  ['of another site', { ...HOST, origin: 'http://evil.example' }, false],
  ['of another port', { ...HOST, origin: 'http://mail.example.com' }, false],
  ['of a sub-domain', { ...HOST, origin: 'http://a.mail.example.com:8080' }, false],
  ['of a sandbox', { ...HOST, origin: 'null' }, false],
  ['that says nothing', HOST, false],
  ['with nonsense', { ...HOST, origin: 'mail.example.com:8080' }, false],
  ['of a site beside, as the browser says', { ...HOST, origin: ORIGIN, 'sec-fetch-site': 'same-site' }, false],
  ['without a host', { origin: ORIGIN }, false],
]

describe('a form', () => {
  for (const [what, headers, ours] of FORMS) {
    it(`${what} is ${ours ? 'taken' : 'refused'}`, () => {
      assert.equal(isFromHere({ headers }), ours)
    })
  }
})

const CLIENTS: readonly (readonly [what: string, address: string, headers: Record<string, string>, local: boolean])[] =
  [
    ['127.0.0.1', '127.0.0.1', { host: '127.0.0.1:8080' }, true],
    ['::1 by name', '::1', { host: 'localhost:8080' }, true],
    ['::1 by address', '::1', { host: '[::1]:8080' }, true],
    ['IPv4 in IPv6', '::ffff:127.0.0.5', { host: 'localhost' }, true],
    ['another machine', '192.0.2.1', { host: '127.0.0.1' }, false],
    ['a proxy here', '127.0.0.1', { host: '127.0.0.1', 'x-forwarded-for': '192.0.2.1' }, false],
    ['a proxy here that says Forwarded', '127.0.0.1', { host: 'localhost', forwarded: 'for=192.0.2.1' }, false],
    ['a browser led here by a stranger', '127.0.0.1', { host: 'evil.example' }, false],
    ['nobody', '', { host: '127.0.0.1' }, false],
  ]

describe('a client', () => {
  for (const [what, address, headers, local] of CLIENTS) {
    it(`${what} is ${local ? '' : 'not '}a program of this machine`, () => {
      assert.equal(isLocal({ address, headers }), local)
    })
  }
})

it('the session is found among other cookies', () => {
  assert.equal(sessionOf({ headers: { cookie: 'a=b; dmail=1.x=y; xdmail=2' } }), '1.x=y')
  assert.equal(sessionOf({ headers: { cookie: 'xdmail=2; dmailx=3' } }), '')
  assert.equal(sessionOf({ headers: {} }), '')
})

it('a cookie is for the page alone, and for encrypted connections where there are any', () => {
  const plain = 'dmail=s; Max-Age=5; HttpOnly; SameSite=Strict'
  assert.equal(cookieOf('s', 5, { headers: {}, secure: false }), plain)
  assert.equal(cookieOf('s', 5, { headers: {}, secure: true }), `${plain}; Secure`)
  assert.equal(cookieOf('s', 5, { headers: { 'x-forwarded-proto': 'https' }, secure: false }), `${plain}; Secure`)
})

it('a program sends its token as Bearer', () => {
  assert.equal(bearerOf({ headers: { authorization: 'bearer  abc' } }), 'abc')
  assert.equal(bearerOf({ headers: { authorization: 'Basic abc' } }), undefined)
})
