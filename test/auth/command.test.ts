import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { authArgument, beginAuth, maySendPassword, type AuthSession } from '../../lib/auth/command.js'
import type { LocalDomain } from '../../lib/routing/domains.js'
import { loginUser, type LoginRules } from '../../lib/auth/login.js'

const READY: AuthSession = { greeted: true, loggedIn: false, inTransaction: false, secure: true }

describe('an AUTH command', () => {
  const rows: [what: string, argument: string, session: Partial<AuthSession>, turn: string][] = [
    ['begins', 'PLAIN', {}, 'ask'],
    ['in any case of letters, with any blanks', ' login   YW5u ', {}, 'ask'],
    ['before EHLO', 'PLAIN', { greeted: false, secure: false }, 'authBeforeHello'],
    ['a second time', 'PLAIN', { loggedIn: true }, 'authTwice'],
    ['inside a message', 'PLAIN', { inTransaction: true }, 'authInTransaction'],
    ['without TLS', 'PLAIN', { secure: false }, 'authNeedsTls'],
    ['without TLS and with the password already', 'PLAIN AGFubgBwYXNz', { secure: false }, 'authNeedsTls'],
    ['without a mechanism', '', {}, 'authNoArgument'],
    ['with two answers', 'PLAIN = =', {}, 'authNoArgument'],
    ['with a mechanism of others', 'CRAM-MD5', {}, 'authUnknownMechanism'],
    ['with a name of JavaScript', '__proto__', {}, 'authUnknownMechanism'],
  ]
  for (const [what, argument, session, expected] of rows) {
    it(`${what}: ${expected}`, () => {
      const { turn } = beginAuth(argument, { ...READY, ...session })
      assert.equal(turn.kind === 'refused' ? turn.reply : turn.kind, expected)
    })
  }

  it('is told from others', () => {
    const lines: [params: string[], argument: string | undefined][] = [
      [['AUTH', 'PLAIN x'], 'PLAIN x'],
      [['auth', ''], ''],
      [['AUTH\rPLAIN x'], 'PLAIN x'],
      [['AUTHOR', 'x'], undefined],
      [['XAUTH'], undefined],
    ]
    for (const [params, argument] of lines) assert.equal(authArgument(params), argument, params.join(' '))
  })

  it('may hold a password over TLS, from loopback, or where the operator says so', () => {
    assert.ok(maySendPassword(true, '192.0.2.7', false))
    assert.ok(maySendPassword(false, '192.0.2.7', true))
    for (const ip of ['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1'])
      assert.ok(maySendPassword(false, ip, false), ip)
    for (const ip of ['192.0.2.7', '10.0.0.1', '::2', 'fe80::1', '', 'localhost', '1270.0.0.1']) {
      assert.ok(!maySendPassword(false, ip, false), ip)
    }
  })
})

describe('a login name', () => {
  const main: LocalDomain = { name: 'domain1.com', prefix: undefined, dropPath: '/in' }
  const shop: LocalDomain = { name: 'shop.example.com', prefix: 'shop', dropPath: '/in/shop' }
  const rules: LoginRules = {
    main,
    domains: new Map([
      ['domain1.com', main],
      ['other1.com', main],
      ['shop.example.com', shop],
      ['xn--lden-loa.example', shop],
    ]),
    byLocalIp: new Map([['192.0.2.9', shop]]),
    naming: { separator: '_', authentDomain: false, dropPrefix: true },
  }
  const withDomain: LoginRules = { ...rules, naming: { ...rules.naming, authentDomain: true } }
  const rows: [name: string, user: string | undefined, withAuthentDomain: string | undefined][] = [
    ['bob', 'bob', 'bob@domain1.com'],
    ['Bob@Domain1.COM', 'bob', 'bob@domain1.com'],
    ['bob@other1.com', 'bob', 'bob@domain1.com'],
    ['bob@shop.example.com', 'shop_bob', 'bob@shop.example.com'],
    ['bob@läden.example', 'shop_bob', 'bob@shop.example.com'],
    ['bob@example.com', undefined, undefined],
    ['bob@', undefined, undefined],
    ['@domain1.com', undefined, undefined],
    ['bob@evil@domain1.com', undefined, undefined],
    ['', undefined, undefined],
    ['bob smith', undefined, undefined],
    ['../bob', undefined, undefined],
    ['bob/x@domain1.com', undefined, undefined],
    ['.bob', undefined, undefined],
    ['-bob', undefined, undefined],
    ['bob\nexit', undefined, undefined],
    ['bo"b', undefined, undefined],
  ]
  for (const [name, user, long] of rows) {
    it(`${JSON.stringify(name)}: ${user ?? 'nobody'}`, () => {
      assert.deepEqual([loginUser(name, '192.0.2.1', rules), loginUser(name, '192.0.2.1', withDomain)], [user, long])
    })
  }

  it('without a domain is of the virtual domain with that IP', () => {
    assert.equal(loginUser('bob', '192.0.2.9', rules), 'shop_bob')
    assert.equal(loginUser('bob@domain1.com', '192.0.2.9', rules), 'bob')
  })
})
