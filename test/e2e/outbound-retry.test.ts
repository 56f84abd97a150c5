import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Haraka } from '../support/haraka.js'
import { startNextHop, type NextHop, type NextHopReplies } from '../support/next-hop.js'
import { freePort } from '../support/ports.js'
import { failuresOf, KINDS, submit, subjectsOf, waitForFailures } from './outbound-site.js'
import { makeSite, queueIsEmpty, siteConf, siteIni, startSite, users } from './site.js'

/** Everything a next hop is asked on the way to a message, and what makes it answer there. */
const STAGES: readonly (readonly [stage: string, reply: (text: string) => NextHopReplies])[] = [
  ['the greeting', (text) => ({ connect: () => text })],
  ['EHLO', (text) => ({ ehlo: () => text })],
  ['HELO', (text) => ({ ehlo: () => '502 5.5.1 what is EHLO?', helo: () => text })],
  ['MAIL', (text) => ({ mail: () => text })],
  ['RCPT', (text) => ({ rcpt: () => text })],
  ['DATA', (text) => ({ data: () => text })],
  ['the end of data', (text) => ({ message: () => text })],
]

/** What becomes of a message at a stage; each has a domain and a next hop of its own, so that all can be tried at the same time. */
const WAYS = ['later', 'closed', 'never'] as const
type Way = (typeof WAYS)[number]

const domainOf = (way: Way | 'helo', at: number): string => `${way}${at}.example.com`

/** What Haraka logs for an attempt that failed for now: our delay, and the reason. */
function deferred(reason: string): RegExp {
  return new RegExp(`Temp failing \\S+ for 1 seconds: ${reason.replace(/[()[\].]/g, '\\$&')}`)
}

for (const { name, version, nodes } of KINDS) {
  describe(`${name}: mail that is not taken at once`, () => {
    const site = makeSite()
    const hops = new Map<string, NextHop>()
    let hop: NextHop
    let goneHop: number
    let haraka: Haraka
    before(async () => {
      const domains = [domainOf('helo', 0), ...WAYS.flatMap((way) => STAGES.map((_, at) => domainOf(way, at)))]
      for (const domain of domains) hops.set(domain, await startNextHop())
      hop = await startNextHop()
      goneHop = await freePort()
      site.write('users.txt', users('bob', 'fred', 'john'))
      haraka = await startSite(
        version,
        siteConf(site, [
          `gateway * 127.0.0.1:${hop.port}`,
          `gateway gone.example.com 127.0.0.1:${goneHop}`,
          ...Array.from(hops, ([domain, { port }]) => `gateway ${domain} 127.0.0.1:${port}`),
        ]),
        { nodes, config: { 'dmail.ini': siteIni('[outbound]\nretry_interval=1s\n') } },
      )
    })
    after(async () => {
      await haraka.stop()
      for (const each of [hop, ...hops.values()]) await each.close()
    })

    function hopOf(domain: string): NextHop {
      const found = hops.get(domain)
      assert.ok(found !== undefined, domain)
      return found
    }

    describe('at each stage of the session, all at the same time', { concurrency: true }, () => {
      for (const [at, [stage, reply]] of STAGES.entries()) {
        it(`4xx to ${stage}: tried again, for the reason the remote gave`, async () => {
          const domain = domainOf('later', at)
          const own = hopOf(domain)
          const from = haraka.log.length
          own.reply = reply(`450 4.2.9 come back later, said at ${stage}`)
          await submit(haraka, `450 to ${stage}`, [`guest@${domain}`])
          await haraka.waitForLog(deferred(`450 4.2.9 come back later, said at ${stage} (127.0.0.1)`), { from })
          own.reply = {}
          await own.waitForMessage()
        })

        it(`a connection that is closed instead of an answer to ${stage}: tried again`, async () => {
          const domain = domainOf('closed', at)
          const own = hopOf(domain)
          const from = haraka.log.length
          own.reply = reply('close')
          await submit(haraka, `closed at ${stage}`, [`guest@${domain}`])
          await haraka.waitForLog(
            deferred(`[127.0.0.1]:${own.port}: the connection was closed before the message was through`),
            { from },
          )
          own.reply = {}
          await own.waitForMessage()
        })

        it(`5xx to ${stage}: the sender has a report with what the remote said`, async () => {
          const domain = domainOf('never', at)
          hopOf(domain).reply = reply('554 5.7.9 we take nothing from you')
          await submit(haraka, `554 to ${stage}`, [`guest@${domain}`], 'bob@domain1.com')
          const failure = await haraka.waitFor(() =>
            failuresOf(site, 'bob').find(({ recipient }) => recipient === `guest@${domain}`),
          )
          assert.equal(failure.status, '5.7.9')
          assert.match(failure.text, /554 5\.7\.9 we take nothing from you/)
        })
      }

      it('EHLO unknown, HELO taken: the message goes out', async () => {
        const own = hopOf(domainOf('helo', 0))
        own.reply = { ehlo: () => '502 5.5.1 what is EHLO?', helo: () => '250 hello' }
        await submit(haraka, 'HELO', [`guest@${domainOf('helo', 0)}`])
        await own.waitForMessage()
      })
    })

    it('each was taken once, or reported once, and other senders heard nothing', async () => {
      await queueIsEmpty(haraka)
      for (const [domain, { messages }] of hops) {
        assert.equal(messages.length, domain.startsWith('never') ? 0 : 1, domain)
      }
      assert.equal(site.mail('bob').length, STAGES.length)
      assert.deepEqual(site.mail('fred'), [])
    })

    it('nobody listens: tried again until someone does', async () => {
      const from = haraka.log.length
      await submit(haraka, 'refused', ['guest@gone.example.com'])
      await haraka.waitForLog(deferred(`[127.0.0.1]:${goneHop}: connect ECONNREFUSED 127.0.0.1:${goneHop}`), { from })
      const late = await startNextHop({ port: goneHop })
      await late.waitForMessage()
      await queueIsEmpty(haraka)
      assert.deepEqual(subjectsOf(late.messages), ['refused'])
      await late.close()
    })

    it('one recipient of two is put off: the other has the message once, and the next try comes by our schedule', async () => {
      const from = haraka.log.length
      hop.reply = { rcpt: (address) => (address.startsWith('slow') ? '450 4.2.1 mailbox busy' : undefined) }
      await submit(haraka, 'two', ['quick@example.com', 'slow@example.com'])
      await haraka.waitForLog(deferred('450 4.2.1 mailbox busy (127.0.0.1)'), { from })
      hop.reply = {}
      await queueIsEmpty(haraka)
      assert.deepEqual(recipientsOf('two'), ['quick@example.com', 'slow@example.com'])
    })

    it('three recipients, three answers', async () => {
      const from = haraka.log.length
      const replies: Record<string, string> = { slow: '450 4.2.1 mailbox busy', none: '550 5.1.1 no such user here' }
      hop.reply = { rcpt: (address) => replies[address.slice(0, 4)] }
      await submit(haraka, 'three', ['good@example.com', 'slow@example.com', 'none@example.com'], 'john@domain1.com')
      await haraka.waitForLog(deferred('450 4.2.1 mailbox busy (127.0.0.1)'), { from })
      const [failure, ...more] = await waitForFailures(haraka, site, 'john', 1)
      assert.deepEqual([failure?.recipient, failure?.status, more.length], ['none@example.com', '5.1.1', 0])
      assert.match(failure?.text ?? '', /550 5\.1\.1 no such user here/)
      hop.reply = {}
      await queueIsEmpty(haraka)
      assert.deepEqual(recipientsOf('three'), ['good@example.com', 'slow@example.com'])
      assert.equal(site.mail('john').length, 1)
    })

    function recipientsOf(subject: string): string[] {
      return hop.messages
        .filter((message) => subjectsOf([message])[0] === subject)
        .flatMap(({ rcpts }) => rcpts.map(({ address }) => address))
        .sort()
    }
  })
}
