import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { refuseClient, refuseRecipient, refuseSender } from '../../lib/routing/access.js'
import { given, mailbox, people, remote, table, withSite, type Site } from './support.js'

const fred = 'fred@domain2.com'
const stranger: Site = { people: people('bob') }
const OPEN = '[relay]\nlegacy_open=true'

table('A1: who may relay', {
  'with no rule nobody may': given(stranger).route(fred).isRefused(550, '5.7.1'),
  'with no rule local recipients are accepted all the same': given(stranger)
    .route('bob@domain1.com')
    .goesTo(mailbox('bob')),
  'legacy_open restores the open relay': given({ ini: OPEN }).route(fred).goesTo(remote(fred)).tells('relay', 'remote'),
  'legacy_open is over as soon as there is one rule': given({ ini: OPEN, conf: 'relay_to example.com' })
    .route(fred)
    .isRefused(550, '5.7.1'),
  'forward_from_ip: by the address of the client': given({ conf: 'forward_from_ip 127.0.0.1,192.0.2.*' })
    .route(fred)
    .from({ ip: '192.0.2.77' })
    .goesTo(remote(fred))
    .tells('relay dmail.conf:1'),
  'forward_from_ip: not for others': given({ conf: 'forward_from_ip 127.0.0.1,192.0.2.*' })
    .route(fred)
    .from({ ip: '198.51.100.1' })
    .isRefused(550, '5.7.1'),
  'forward_from: by the domain of the sender': given({ conf: 'forward_from domain1.com' })
    .route(fred)
    .from({ from: 'bob@DOMAIN1.com' })
    .goesTo(remote(fred)),
  'forward_from: not for the null sender': given({ conf: 'forward_from *' }).route(fred).isRefused(550, '5.7.1'),
  'relay_to: to the domain, from anybody': given({ conf: 'relay_to *.example,domain2.com' })
    .route(fred)
    .goesTo(remote(fred)),
  'relay_to: to no other': given({ conf: 'relay_to example.com' }).route(fred).isRefused(550, '5.7.1'),
  'rules of different kinds are alternatives': given({
    conf: 'forward_from_ip 127.0.0.1\nforward_from domain1.com\nrelay_to example.com',
  })
    .route(fred)
    .from({ from: 'bob@domain1.com' })
    .goesTo(remote(fred))
    .tells('relay dmail.conf:2'),
  'a client that something else trusts may': given(stranger).route(fred).from({ trusted: true }).goesTo(remote(fred)),
})

table('A2: the address that the client gave is judged', {
  'a redirection from a local address may leave': given({ ...stranger, conf: `forward sales@domain1.com ${fred}` })
    .route('sales@domain1.com')
    .goesTo(remote(fred)),
  "so may a user's own": given({ people: { bob: { fwd: fred } } })
    .route('bob@domain1.com')
    .goesTo(remote(fred)),
  'a forward rule on a foreign address grants nothing': given({ ...stranger, conf: `forward ${fred} bob@domain1.com` })
    .route(fred)
    .isRefused(550, '5.7.1'),
  'not even the one that captures sales@*': given({ ...stranger, conf: 'forward sales@* bob@domain1.com' })
    .route('sales@example.com')
    .isRefused(550, '5.7.1'),
})

const GATEWAYS =
  'gateway * 10.0.0.1\ngateway *.example.com 10.0.0.2\ngateway *.eu.example.com mx.example.net:2525\n' +
  'gateway example.com [2001:db8::1]\ngateway mail.example.com [2001:db8::2]:26'

function via(domain: string, gateway: string): ReturnType<ReturnType<typeof given>['route']> {
  return given({ conf: GATEWAYS })
    .route(`fred@${domain}`)
    .from({ trusted: true })
    .goesTo(remote(`fred@${domain}`, gateway))
}

table('A3: gateway', {
  'exact comes first': via('mail.example.com', '[2001:db8::2]:26'),
  'the longest suffix next': via('mail.eu.example.com', 'mx.example.net:2525'),
  'a shorter suffix next': via('www.example.com', '10.0.0.2:25'),
  'a suffix at any depth': via('a.b.c.example.com', '10.0.0.2:25'),
  '*.domain is not the domain itself': via('eu.example.com', '10.0.0.2:25'),
  'a port is optional': via('example.com', '[2001:db8::1]:25'),
  '* takes the rest': via('domain2.com', '10.0.0.1:25'),
  'a domain is found in any case': via('EXAMPLE.com', '[2001:db8::1]:25'),
  'of two lines for a domain the later wins (C5)': given({
    conf: 'gateway domain2.com 10.0.0.1\ngateway domain2.com 10.0.0.2',
  })
    .route(fred)
    .from({ trusted: true })
    .goesTo(remote(fred, '10.0.0.2:25')),
  'the result of a forward rule uses it too': given({
    conf: `gateway domain2.com 10.0.0.1\nforward bob@domain1.com ${fred}`,
  })
    .route('bob@domain1.com')
    .goesTo(remote(fred, '10.0.0.1:25')),
})

describe('A4: who is turned away', () => {
  const conf = 'ban_ip 192.0.2.*\nban_ip_except 192.0.2.7\nban_mailfrom *@spam.example\nban_rcptto root@*\nmax_rcpts 2'

  it('at connect, at MAIL and at RCPT', async () => {
    await withSite({ conf }, ({ snapshot: { access } }) => {
      const told = (answer: ReturnType<typeof refuseClient>): string =>
        answer === undefined ? 'welcome' : `${answer.code} ${answer.enhanced}`
      assert.equal(told(refuseClient(access, '192.0.2.1')), '554 5.7.1')
      assert.equal(told(refuseClient(access, '192.0.2.7')), 'welcome')
      assert.equal(told(refuseClient(access, '198.51.100.1')), 'welcome')
      assert.equal(told(refuseSender(access, 'Bob@SPAM.example')), '550 5.7.1')
      assert.equal(told(refuseSender(access, 'bob@example.com')), 'welcome')
      assert.equal(told(refuseRecipient(access, 'root@domain1.com', 0)), '550 5.7.1')
      assert.equal(told(refuseRecipient(access, 'bob@domain1.com', 1)), 'welcome')
      assert.equal(told(refuseRecipient(access, 'bob@domain1.com', 2)), '452 4.5.3')
      return Promise.resolve()
    })
  })

  it('never the null sender, whatever the pattern', async () => {
    await withSite({ conf: 'ban_mailfrom *' }, ({ snapshot: { access } }) => {
      assert.equal(refuseSender(access, ''), undefined)
      assert.equal(refuseSender(access, 'bob@example.com')?.code, 550)
      return Promise.resolve()
    })
  })

  it('nobody, without a line', async () => {
    await withSite({}, ({ snapshot: { access } }) => {
      assert.equal(refuseClient(access, '192.0.2.1'), undefined)
      assert.equal(refuseSender(access, 'bob@example.com'), undefined)
      assert.equal(refuseRecipient(access, 'bob@domain1.com', 100_000), undefined)
      return Promise.resolve()
    })
  })
})
