import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { HARAKA_VERSIONS } from '../support/haraka.js'
import { send } from '../support/smtp.js'
import { startRoutingSite, type RoutingSite } from './routing-site.js'
import { codes, note, queueIsEmpty, RELAYING } from './site.js'

const LOCAL = ['bob@domain1.com', 'archive@domain1.com', 'help@domain1.com', 'anna@shop.example.com']
const LOCAL_FILES = ['files/archive.mbox', 'in/bob', 'in/shop/shop_anna']
const MESSAGE = (subject: string): string => note(subject, 'One message.\n')

for (const version of HARAKA_VERSIONS) {
  describe(`Haraka ${version} takes one message for recipients of every kind`, () => {
    let running: RoutingSite
    before(async () => {
      running = await startRoutingSite(version)
    })
    after(() => running.close())

    it('from a client that may relay (queue_outbound)', async () => {
      const { haraka, site, robots, nextHop } = running
      const before = nextHop.messages.length
      const ran = robots.runs('help').length
      const { rcpt, final } = await send(haraka.port, {
        from: 'fred@domain1.com',
        to: [...LOCAL, 'guest@example.com', 'away@domain1.com'],
        message: MESSAGE('relayed'),
        localAddress: RELAYING,
      })
      assert.deepEqual(rcpt.map(codes), Array(6).fill('250 2.1.5'))
      assert.equal(codes(final), '250 2.0.0')
      await queueIsEmpty(haraka)
      assert.deepEqual(site.holding('relayed'), LOCAL_FILES)
      assert.equal(robots.runs('help').length, ran + 1)
      assert.deepEqual(sentSince(running, before), [
        { to: ['guest@example.com'], deliveredTo: [] },
        { to: ['john@example.com'], deliveredTo: ['away@domain1.com'] },
      ])
    })

    it('from a stranger (queue), where a forward of a local address leaves', async () => {
      const { haraka, site, robots, nextHop } = running
      const before = nextHop.messages.length
      const ran = robots.runs('help').length
      const { rcpt, final } = await send(haraka.port, {
        from: 'ann@example.com',
        to: [...LOCAL, 'away@domain1.com', 'guest@example.com'],
        message: MESSAGE('from outside'),
      })
      assert.deepEqual(rcpt.map(codes), [...Array<string>(5).fill('250 2.1.5'), '550 5.7.1'])
      assert.equal(codes(final), '250 2.0.0')
      await queueIsEmpty(haraka)
      assert.deepEqual(site.holding('from outside'), LOCAL_FILES)
      assert.equal(robots.runs('help').length, ran + 1)
      assert.deepEqual(sentSince(running, before), [{ to: ['john@example.com'], deliveredTo: ['away@domain1.com'] }])
    })

    it('and each drop file has its own recipient in Delivered-To', () => {
      const { site } = running
      const delivered = (file: string): (string | undefined)[] =>
        site.mail(file).map((message) => message.header('Delivered-To'))
      assert.deepEqual(delivered('bob'), ['bob@domain1.com', 'bob@domain1.com'])
      assert.deepEqual(delivered('shop/shop_anna'), ['anna@shop.example.com', 'anna@shop.example.com'])
      assert.deepEqual(delivered('../files/archive.mbox'), ['archive@domain1.com', 'archive@domain1.com'])
    })

    it('a forwarded message that comes back is a loop, and the others get theirs', async () => {
      const { haraka, site } = running
      const message = `Delivered-To: bob@domain1.com\n${MESSAGE('came back')}`
      const alone = await send(haraka.port, { from: 'ann@example.com', to: ['bob@domain1.com'], message })
      assert.equal(codes(alone.final), '550 5.4.6')
      const both = await send(haraka.port, {
        from: 'bob@domain1.com',
        to: ['bob@domain1.com', 'mary@domain1.com'],
        message,
      })
      assert.equal(codes(both.final), '250 2.0.0')
      assert.deepEqual(site.holding('came back'), ['in/mary'])
      await queueIsEmpty(haraka)
      const report = site.mail('bob').at(-1)
      assert.equal(report?.sender, 'MAILER-DAEMON')
      assert.match(report.body, /^Status: 5\.4\.6\b/m)
    })

    it('two names of one mailbox get a copy each (allowdup, R3)', async () => {
      const { haraka, site } = running
      await send(haraka.port, {
        from: 'ann@example.com',
        to: ['mary@domain1.com', 'mary@domain2.com'],
        message: MESSAGE('twice'),
      })
      assert.deepEqual(site.holding('twice'), ['in/mary', 'in/mary'])
    })
  })
}

interface Leaving {
  readonly to: readonly string[]
  readonly deliveredTo: readonly string[]
}

/** What the next hop got since then, by recipient. */
function sentSince({ nextHop }: RoutingSite, before: number): Leaving[] {
  return nextHop.messages
    .slice(before)
    .map(({ rcpts, data }) => ({
      to: rcpts.map(({ address }) => address),
      deliveredTo: [...data.toString().matchAll(/^Delivered-To: (.*)\r$/gm)].map(([, value]) => value ?? ''),
    }))
    .sort((a, b) => a.to.join().localeCompare(b.to.join()))
}
