import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { HARAKA_VERSIONS, type Haraka, type HarakaVersion } from '../support/haraka.js'
import { startNextHop, type NextHop } from '../support/next-hop.js'
import { connect, send } from '../support/smtp.js'
import { makeRobots, type Robots } from './robots.js'
import { codes, makeSite, note, queueIsEmpty, RELAYING, siteConf, startSite, users, type Site } from './site.js'

const LINES = ['dmail/access', 'dmail/rcpt', 'dmail/queue', 'dmail/outbound'] as const

interface Scene {
  readonly haraka: Haraka
  readonly site: Site
  readonly robots: Robots
  readonly nextHop: NextHop
}

for (const version of HARAKA_VERSIONS) {
  describe(`Haraka ${version} with these lines in config/plugins`, () => {
    it('dmail/access, dmail/rcpt, dmail/queue, dmail/outbound: the same as dmail', async () => {
      await withLines(version, LINES, async ({ haraka, site, robots, nextHop }) => {
        assert.deepEqual(loadedBy(haraka), LINES)
        assert.doesNotMatch(haraka.log, /loaded twice/)
        const banned = await connect(haraka.port, { localAddress: '127.0.0.66' })
        assert.equal(codes(banned.greeting), '554 5.7.1')
        banned.close()
        const { rcpt, final } = await send(haraka.port, {
          from: 'fred@domain1.com',
          to: ['bob@domain1.com', 'help@domain1.com', 'guest@example.com', 'nobody@domain1.com'],
          message: note('lines'),
          localAddress: RELAYING,
        })
        assert.deepEqual(rcpt.map(codes), ['250 2.1.5', '250 2.1.5', '250 2.1.5', '550 5.1.1'])
        assert.equal(codes(final), '250 2.0.0')
        await queueIsEmpty(haraka)
        assert.deepEqual(site.holding('lines'), ['in/bob'])
        assert.equal(robots.runs('help').length, 1)
        assert.deepEqual(
          nextHop.messages.map(({ rcpts }) => rcpts.map(({ address }) => address)),
          [['guest@example.com']],
        )
      })
    })

    it('dmail: every line of the suite', async () => {
      await withLines(version, ['dmail'], ({ haraka }) => {
        assert.deepEqual(loadedBy(haraka), ['dmail'])
        for (const hook of ['connect', 'mail', 'rcpt', 'queue', 'queue_outbound', 'send_email', 'get_mx']) {
          assert.match(haraka.log, new RegExp(`registered hook ${hook} to dmail\\.`))
        }
      })
    })

    it('dmail and dmail/rcpt: a warning, and one delivery', async () => {
      await withLines(version, ['dmail', 'dmail/rcpt', 'dmail/queue'], async ({ haraka, site }) => {
        for (const line of ['dmail/rcpt', 'dmail/queue']) {
          await haraka.waitForLog(new RegExp(`\\[WARN\\].*${line} is loaded twice: remove the second line`))
        }
        await send(haraka.port, { from: 'ann@example.com', to: ['bob@domain1.com'], message: note('once') })
        assert.deepEqual(site.holding('once'), ['in/bob'])
      })
    })

    it('dmail/rcpt and dmail/queue without dmail/outbound: robots run all the same', async () => {
      await withLines(version, ['dmail/rcpt', 'dmail/queue'], async ({ haraka, robots }) => {
        const { final } = await send(haraka.port, {
          from: 'ann@example.com',
          to: ['help@domain1.com'],
          message: note('no outbound line'),
        })
        assert.equal(codes(final), '250 2.0.0')
        await queueIsEmpty(haraka)
        assert.equal(robots.runs('help').length, 1)
      })
    })

    it('dmail/access alone: turns away, and leaves recipients to others', async () => {
      await withLines(version, ['dmail/access', 'rcpt_to.in_host_list'], async ({ haraka }) => {
        const banned = await connect(haraka.port, { localAddress: '127.0.0.66' })
        assert.equal(codes(banned.greeting), '554 5.7.1')
        banned.close()
        const client = await connect(haraka.port)
        await client.ehlo()
        await client.mail('ann@example.com')
        assert.equal((await client.rcpt('whoever@domain9.example.com')).code, 250, 'the other plugin says so')
        assert.equal(codes(await client.rcpt('secret@domain9.example.com')), '550 5.7.1')
        await client.quit()
      })
    })

    it('dmail/outbound alone: the gateway serves mail that another plugin queued', async () => {
      await withLines(version, ['relay_for_all', 'dmail/outbound'], async ({ haraka, nextHop }) => {
        const { final } = await send(haraka.port, {
          from: 'ann@example.com',
          to: ['guest@example.com'],
          message: note('gateway only'),
        })
        assert.equal(final.code, 250, final.text)
        const { rcpts } = await nextHop.waitForMessage()
        assert.deepEqual(
          rcpts.map(({ address }) => address),
          ['guest@example.com'],
        )
        await queueIsEmpty(haraka)
      })
    })
  })
}

async function withLines(
  version: HarakaVersion,
  plugins: readonly string[],
  use: (scene: Scene) => Promise<void> | void,
): Promise<void> {
  const site = makeSite()
  const robots = makeRobots(site)
  const nextHop = await startNextHop()
  site.write('users.txt', users('bob', 'fred'))
  const conf = siteConf(site, [
    `forward help@domain1.com |${robots.program('help')}`,
    `gateway example.com 127.0.0.1:${nextHop.port}`,
    'ban_ip 127.0.0.66',
    'ban_rcptto secret@*',
  ])
  const haraka = await startSite(version, conf, {
    plugins,
    config: { host_list: 'domain9.example.com\n' },
    files: { 'plugins/relay_for_all.js': RELAY_FOR_ALL },
  })
  try {
    await use({ haraka, site, robots, nextHop })
  } finally {
    await haraka.stop()
    await nextHop.close()
  }
}

/** A plugin that lets everybody relay, so that core queues every message. */
const RELAY_FOR_ALL = `
exports.hook_rcpt = function (next, connection) {
  connection.relaying = true
  next(OK)
}
`

/** The lines of the suite in the order in which the running Haraka found and loaded them. */
function loadedBy({ log }: Haraka): string[] {
  const names = [...log.matchAll(/\[plugins\] loading (dmail\S*)$/gm)].map(([, name]) => name ?? '')
  return [...new Set(names)]
}
