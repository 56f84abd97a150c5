import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { makeRobots, type Robots } from '../e2e/robots.js'
import { codes, makeSite, note, queueIsEmpty, siteConf, startSite, users } from '../e2e/site.js'
import { HARAKA_VERSIONS, type Haraka } from '../support/haraka.js'
import { startNextHop, type NextHop } from '../support/next-hop.js'
import { send } from '../support/smtp.js'
import { holdLock, type LockHolder } from './locks.js'
import { failedInQueue, faultIni, queueTexts } from './site.js'

const TO = ['bob', 'fred', 'help', 'away'].map((name) => `${name}@domain1.com`)

for (const version of HARAKA_VERSIONS) {
  describe(`Haraka ${version} and one message of whose destinations only one works`, () => {
    const site = makeSite()
    let robots: Robots
    let nextHop: NextHop
    let haraka: Haraka
    let holder: LockHolder
    before(async () => {
      robots = makeRobots(site)
      nextHop = await startNextHop({ reply: { message: () => '451 4.2.0 not now' } })
      site.write('users.txt', users('bob', 'fred'))
      haraka = await startSite(
        version,
        siteConf(site, [
          `forward help@domain1.com |${robots.program('help')}`,
          'forward away@domain1.com guest@example.com',
          `gateway example.com 127.0.0.1:${nextHop.port}`,
        ]),
        { config: { 'dmail.ini': faultIni({ drop: ['lock_wait=1s'] }) } },
      )
      robots.setStatus('help', 75)
      holder = await holdLock(site.path('in/bob'))
    })
    after(async () => {
      await haraka.stop()
      await nextHop.close()
    })

    /** What each destination has of the message, and what waits. */
    const state = (): Record<string, unknown> => ({
      mailboxes: site.holding('four'),
      remote: nextHop.messages.length,
      waiting: queueTexts(haraka).filter((text) => text.includes('Subject: four\r\n')).length,
    })
    const envelope = (name: string): string => `"original": "${name}@domain1.com"`

    it('it is accepted, and each of the other three waits for itself', async () => {
      const { rcpt, final } = await send(haraka.port, { from: 'ann@example.com', to: TO, message: note('four') })
      assert.deepEqual(rcpt.map(codes), Array(TO.length).fill('250 2.1.5'))
      assert.equal(codes(final), '250 2.0.0')
      await failedInQueue(haraka, envelope('bob'))
      await failedInQueue(haraka, envelope('help'))
      await failedInQueue(haraka, 'guest')
      assert.deepEqual(state(), { mailboxes: ['in/fred'], remote: 0, waiting: 3 })
    })

    it('a restart changes nothing of it', async () => {
      await haraka.restart()
      const runs = robots.runs('help').length
      await haraka.waitFor(() => robots.runs('help').length > runs)
      assert.deepEqual(state(), { mailboxes: ['in/fred'], remote: 0, waiting: 3 })
    })

    it('the lock goes: that mailbox has its copy, and nobody else', async () => {
      await holder.release()
      await haraka.waitFor(() => site.holding('four').includes('in/bob'))
      await haraka.waitFor(() => haraka.queueFiles().length === 2, { watch: 'queue' })
      assert.deepEqual(state(), { mailboxes: ['in/bob', 'in/fred'], remote: 0, waiting: 2 })
    })

    it('a crash of everything changes nothing of it', async () => {
      haraka.kill('SIGKILL')
      await haraka.exited()
      await haraka.restart()
      await failedInQueue(haraka, 'guest', 2)
      assert.deepEqual(state(), { mailboxes: ['in/bob', 'in/fred'], remote: 0, waiting: 2 })
    })

    it('the next hop takes it: once', async () => {
      nextHop.reply = {}
      const { rcpts } = await nextHop.waitForMessage(1)
      assert.deepEqual(
        rcpts.map(({ address }) => address),
        ['guest@example.com'],
      )
      await haraka.waitFor(() => haraka.queueFiles().length === 1, { watch: 'queue' })
    })

    it('the robot takes it: once, and that was all', async () => {
      robots.hold('help')
      await haraka.waitFor(() => robots.held('help') === 1)
      const failed = robots.runs('help').length
      robots.setStatus('help', 0)
      robots.release('help')
      await queueIsEmpty(haraka)
      assert.equal(robots.runs('help').length, failed + 1)
      assert.deepEqual(state(), { mailboxes: ['in/bob', 'in/fred'], remote: 1, waiting: 0 })
    })
  })
}
