import assert from 'node:assert/strict'
import { statSync } from 'node:fs'
import { after, before, describe, it } from 'node:test'
import { HARAKA_VERSIONS } from '../support/haraka.js'
import { send } from '../support/smtp.js'
import { startRoutingSite, type RoutingSite } from './routing-site.js'
import { codes, note, queueIsEmpty, RELAYING } from './site.js'

const STRANGER = '127.0.0.1'

interface Row {
  readonly it: string
  readonly to: string
  readonly client?: string
  readonly from?: string
  /** Everywhere the message is afterwards: drop files and files of the site, `robot NAME`, `next hop ADDRESS`. */
  readonly lands: readonly string[]
}

const ROWS: readonly Row[] = [
  { it: 'a user has a drop file', to: 'bob@domain1.com', lands: ['in/bob'] },
  { it: 'upper case is the same user', to: 'BOB@Domain1.COM', lands: ['in/bob'] },
  { it: 'the second host_domain is the main domain', to: 'bob@domain2.com', lands: ['in/bob'] },
  { it: 'an alias of the main domain covers the second', to: 'kate@domain2.com', lands: ['in/john', 'in/kate'] },
  {
    it: 'a virtual domain has a path and a prefix of its own',
    to: 'anna@shop.example.com',
    lands: ['in/shop/shop_anna'],
  },
  { it: 'postmaster is sysadmin', to: 'postmaster@domain1.com', lands: ['in/bob'] },
  { it: 'bare postmaster is sysadmin', to: 'postmaster', lands: ['in/bob'] },

  { it: 'forward replaces the mailbox', to: 'info@domain1.com', lands: ['in/bob'] },
  { it: 'all matching forwards apply', to: 'team@domain1.com', lands: ['in/bob', 'in/shop/shop_anna'] },
  { it: 'forward_cc keeps the mailbox', to: 'fred@domain1.com', lands: ['in/fred', 'in/john'] },
  { it: 'forward sales@* holds for the main domain', to: 'sales@domain1.com', lands: ['in/bob'] },
  { it: 'forward sales@* holds for a virtual domain', to: 'sales@shop.example.com', lands: ['in/bob'] },
  {
    it: 'forward sales@* captures outgoing mail',
    to: 'sales@example.com',
    client: RELAYING,
    lands: ['in/bob'],
  },
  { it: 'a file destination', to: 'archive@domain1.com', lands: ['files/archive.mbox'] },
  { it: '/dev/nul makes mail vanish', to: 'noreply@domain1.com', lands: [] },
  { it: 'a forward to a robot', to: 'help@domain1.com', lands: ['robot help'] },
  { it: 'a forward to another server', to: 'away@domain1.com', lands: ['next hop john@example.com'] },

  { it: 'an alias with two destinations', to: 'support@domain1.com', lands: ['in/bob', 'in/shop/shop_anna'] },
  { it: 'an alias with $user', to: 'kate@domain1.com', lands: ['in/john', 'in/kate'] },
  { it: 'an alias of all domains', to: 'abuse@shop.example.com', lands: ['in/bob'] },
  { it: 'an alias of all domains behind one of the domain', to: 'abuse@domain1.com', lands: ['in/bob'] },
  { it: 'alias_file is looked into last', to: 'webmaster@domain1.com', lands: ['in/mary'] },
  { it: 'a prefix alias catches who is no user', to: 'list-owner@domain1.com', lands: ['in/mary'] },
  { it: 'a catch-all takes who is no user', to: 'whoever@shop.example.com', lands: ['in/shop/shop_anna'] },

  { it: 'fwd', to: 'paul@domain1.com', lands: ['in/john'] },
  { it: 'fwd with $user', to: 'tom@domain1.com', lands: ['in/john', 'in/tom'] },
  { it: '.fwd INSTEAD of the $user of fwd', to: 'rita@domain1.com', lands: ['in/john', 'in/mary'] },
  { it: 'fwd without $user outranks .fwd', to: 'ulla@domain1.com', lands: ['in/john'] },
  { it: 'fwd to a robot', to: 'vera@domain1.com', lands: ['robot vera'] },
  { it: '.fwd', to: 'susan@domain1.com', lands: ['in/mary', 'in/susan'] },
  {
    it: '.fwd of a virtual domain bears the prefix',
    to: 'eva@shop.example.com',
    lands: ['in/shop/shop_anna'],
  },

  {
    it: 'a relaying client sends through the gateway',
    to: 'guest@example.com',
    client: RELAYING,
    lands: ['next hop guest@example.com'],
  },
  {
    it: 'relay_to lets a stranger send there',
    to: 'guest@customer.example.com',
    lands: ['next hop guest@customer.example.com'],
  },
  {
    it: 'forward_from lets that sender relay',
    to: 'guest@example.com',
    from: 'ann@partner.example.com',
    lands: ['next hop guest@example.com'],
  },
]

for (const version of HARAKA_VERSIONS) {
  describe(`Haraka ${version} delivers by DMail's rules`, () => {
    let running: RoutingSite
    before(async () => {
      running = await startRoutingSite(version)
    })
    after(() => running.close())

    for (const [at, row] of ROWS.entries()) {
      it(`${row.it}: ${row.to}`, async () => {
        const subject = `row ${at}`
        const { final, rcpt } = await send(running.haraka.port, {
          from: row.from ?? 'ann@example.com',
          to: [row.to],
          message: note(subject),
          localAddress: row.client ?? STRANGER,
        })
        assert.deepEqual([...rcpt, final].map(codes), ['250 2.1.5', '250 2.0.0'], `${rcpt[0]?.text}, ${final.text}`)
        await queueIsEmpty(running.haraka)
        assert.deepEqual(landed(running, subject), row.lands)
      })
    }

    it('a drop file is an mbox as D1 says', async () => {
      const body = 'From the start\n>From quoted\n.\n..dots\n\n  last line  \n'
      await send(running.haraka.port, {
        from: 'Ann@Example.com',
        to: ['Bob@domain2.com'],
        message: `X-Note: one\n  two\nSubject: form\n\n${body}`,
      })
      const [message] = running.site.mail('bob').filter((one) => one.header('Subject') === 'form')
      assert.ok(message !== undefined)
      assert.equal(message.sender, 'Ann@Example.com')
      assert.deepEqual(message.headers.slice(0, 3), [
        ['Return-Path', '<Ann@Example.com>'],
        ['Delivered-To', 'Bob@domain2.com'],
        message.headers[2],
      ])
      assert.equal(message.headers[2]?.[0], 'Received')
      assert.equal(message.header('X-Note'), 'one  two')
      assert.equal(message.body, body)
    })

    it('a drop file is readable by the service account alone (D5)', () => {
      for (const file of ['in/bob', 'in/shop/shop_anna', 'files/archive.mbox']) {
        assert.equal(statSync(running.site.path(file)).mode & 0o777, 0o600, file)
      }
    })

    it('the null sender is MAILER-DAEMON', async () => {
      await send(running.haraka.port, { from: '', to: ['bob@domain1.com'], message: note('null') })
      const [message] = running.site.mail('bob').filter((one) => one.header('Subject') === 'null')
      assert.deepEqual([message?.sender, message?.header('Return-Path')], ['MAILER-DAEMON', '<>'])
    })
  })
}

/** Everywhere a message with this Subject is, sorted. */
function landed({ site, robots, nextHop }: RoutingSite, subject: string): string[] {
  const mark = `Subject: ${subject}`
  const hasMark = (text: Buffer): boolean => text.toString().split(/\r?\n/).includes(mark)
  const ran = ['help', 'vera'].flatMap((name) =>
    robots
      .runs(name)
      .filter(({ stdin }) => hasMark(stdin))
      .map(() => `robot ${name}`),
  )
  const sent = nextHop.messages
    .filter(({ data }) => hasMark(data))
    .flatMap(({ rcpts }) => rcpts.map(({ address }) => `next hop ${address}`))
  return [...site.holding(subject), ...ran, ...sent].sort()
}
