import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, before, describe, it } from 'node:test'
import { HARAKA_VERSIONS } from '../support/haraka.js'
import { connect, send } from '../support/smtp.js'
import { startRoutingSite, type RoutingSite } from './routing-site.js'
import { codes, note, queueIsEmpty, RELAYING, session } from './site.js'

interface Row {
  readonly it: string
  readonly to: string
  readonly from?: string
  readonly client?: string
  readonly answer: string
}

const REFUSED: readonly Row[] = [
  { it: 'an unknown user', to: 'nobody@domain1.com', answer: '550 5.1.1' },
  { it: 'an unknown user of the second domain', to: 'nobody@domain2.com', answer: '550 5.1.1' },
  { it: 'a local part that means something in an alias file', to: '$user@domain1.com', answer: '550 5.1.1' },
  { it: 'relaying for a stranger', to: 'guest@example.com', answer: '550 5.7.1' },
  { it: 'relaying through a wildcard forward (A2)', to: 'sales@example.com', answer: '550 5.7.1' },
  {
    it: 'relaying for a sender of a sub-domain that forward_from does not name',
    to: 'guest@example.com',
    from: 'ann@sub.partner.example.com',
    answer: '550 5.7.1',
  },
  { it: 'relaying for a local sender name', to: 'guest@example.com', from: 'bob@domain1.com', answer: '550 5.7.1' },
  { it: 'relaying to a sub-domain of relay_to', to: 'guest@a.customer.example.com', answer: '550 5.7.1' },
  { it: 'a recipient of ban_rcptto', to: 'secret@domain1.com', answer: '550 5.7.1' },
  { it: 'a recipient of ban_rcptto to who may relay', to: 'secret@domain1.com', client: RELAYING, answer: '550 5.7.1' },
]

/** R21, U8: addresses that are no names of mailboxes, however they are written. */
const BAD_FORMS = [
  '"../evil"@domain1.com',
  '"../../files/evil"@domain1.com',
  '"..\\\\evil"@domain1.com',
  '"a/b"@domain1.com',
  '/etc/passwd@domain1.com',
  '"/etc/passwd"@domain1.com',
  '.hidden@domain1.com',
  '".hidden"@domain1.com',
  '-rf@domain1.com',
  '"|/bin/sh"@domain1.com',
  '"ev\til"@domain1.com',
  '"ev\u0001il"@domain1.com',
  '"ev\u007fil"@domain1.com',
  '"bob evil"@domain1.com',
  '"ev\\"il"@domain1.com',
  'guest%example.com@domain1.com',
  '"guest@example.com"@domain1.com',
  'example.com!guest@domain1.com',
  '@example.com:guest@domain1.com',
  '@a.example.com,@b.example.com:guest@domain1.com',
]

for (const version of HARAKA_VERSIONS) {
  describe(`Haraka ${version} refuses`, () => {
    let running: RoutingSite
    before(async () => {
      running = await startRoutingSite(version)
    })
    after(() => running.close())

    for (const row of REFUSED) {
      it(`${row.it}: ${row.to}`, async () => {
        const { rcpt } = await send(running.haraka.port, {
          from: row.from ?? 'ann@example.com',
          to: [row.to],
          message: note('refused'),
          localAddress: row.client ?? '127.0.0.1',
        })
        assert.deepEqual(rcpt.map(codes), [row.answer])
        assert.ok(rcpt[0]?.text.includes(row.to), 'the answer names the address')
        assert.ok(
          rcpt.every(({ text }) => !text.includes(running.site.dir)),
          'and no path',
        )
      })
    }

    it('addresses of bad form, and writes nothing for them', async () => {
      const { haraka, site } = running
      const before = site.files()
      for (const address of BAD_FORMS) {
        const { rcpt, final } = await send(haraka.port, {
          from: 'ann@example.com',
          to: [address],
          message: note('bad form'),
        })
        assert.match(rcpt.map(codes).join(), /^550 5\.1\.3$|^501$/, `${JSON.stringify(address)}: ${final.text}`)
      }
      assert.deepEqual(site.files(), before)
      assert.deepEqual(haraka.queueFiles(), [])
    })

    it('a client of ban_ip: 554 and the connection is closed', async () => {
      const client = await connect(running.haraka.port, { localAddress: '127.0.0.61' })
      assert.equal(codes(client.greeting), '554 5.7.1')
      if (!client.socket.readableEnded) await once(client.socket, 'end')
      client.close()
    })

    it('not the one of ban_ip_except', async () => {
      const { final } = await send(running.haraka.port, {
        from: 'ann@example.com',
        to: ['mary@domain1.com'],
        message: note('exempt'),
        localAddress: '127.0.0.65',
      })
      assert.equal(codes(final), '250 2.0.0')
    })

    it('a sender of ban_mailfrom, and takes the next one in the same session', async () => {
      await session(running.haraka.port, {}, async (client) => {
        assert.equal(codes(await client.mail('x@spam.example.com')), '550 5.7.1')
        assert.equal((await client.mail('x@ham.example.com')).code, 250)
      })
    })

    it('more than max_rcpts, whoever they are, and takes those before', async () => {
      const { haraka, site } = running
      const to = ['bob', 'fred', 'john', 'kate', 'mary', 'susan', 'bob', 'paul'].map((name) => `${name}@domain1.com`)
      const { rcpt, final } = await send(haraka.port, { from: 'ann@example.com', to, message: note('many') })
      assert.deepEqual(rcpt.map(codes), [...Array<string>(6).fill('250 2.1.5'), '452 4.5.3', '452 4.5.3'])
      assert.equal(codes(final), '250 2.0.0')
      await queueIsEmpty(haraka)
      assert.ok(site.holding('many').includes('in/susan'))
    })

    it('a refused recipient does not count for max_rcpts', async () => {
      const names = ['nobody', 'bob', 'fred', 'john', 'kate', 'mary', 'susan']
      const { rcpt } = await send(running.haraka.port, {
        from: 'ann@example.com',
        to: names.map((name) => `${name}@domain1.com`),
        message: note('one unknown'),
      })
      assert.deepEqual(rcpt.map(codes), ['550 5.1.1', ...Array<string>(6).fill('250 2.1.5')])
    })

    it('a message of 31 hops', async () => {
      const received = 'Received: from a.example.com by b.example.com; Tue, 1 Jan 2030 00:00:00 +0000\n'
      const { final } = await send(running.haraka.port, {
        from: 'ann@example.com',
        to: ['bob@domain1.com'],
        message: received.repeat(31) + note('far'),
      })
      assert.equal(codes(final), '550 5.4.6')
    })
  })
}
