import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { makeRobots, type Robots } from '../e2e/robots.js'
import { codes, makeSite, note, queueIsEmpty, siteConf, startSite, users } from '../e2e/site.js'
import { HARAKA_VERSIONS, type Haraka } from '../support/haraka.js'
import { send } from '../support/smtp.js'
import { holdLock, type LockHolder } from './locks.js'
import { ageQueue } from './queue-age.js'
import { failedInQueue, faultIni, queueTexts } from './site.js'

const HOUR_MS = 3_600_000
const MAX_HOURS = 5

for (const version of HARAKA_VERSIONS) {
  describe(`Haraka ${version} and mail that waits for max_retrytime`, () => {
    const site = makeSite()
    let robots: Robots
    let haraka: Haraka
    let holder: LockHolder
    before(async () => {
      robots = makeRobots(site)
      site.write('users.txt', users('bob', 'fred', 'john'))
      haraka = await startSite(
        version,
        siteConf(site, [`max_retrytime ${MAX_HOURS}`, `forward help@domain1.com |${robots.program('help')}`]),
        { config: { 'dmail.ini': faultIni({ drop: ['lock_wait=1s'] }) } },
      )
      robots.setStatus('help', 75)
      holder = await holdLock(site.path('in/bob'))
      for (const name of ['bob', 'help']) {
        const { final } = await send(haraka.port, {
          from: 'fred@domain1.com',
          to: [`${name}@domain1.com`, 'john@domain1.com'],
          message: note(`for ${name}`),
        })
        assert.equal(codes(final), '250 2.0.0')
        await failedInQueue(haraka, `Subject: for ${name}\r\n`)
      }
    })
    after(async () => {
      await haraka.stop()
    })

    it('an hour before its time it still waits, and nobody is told', async () => {
      await haraka.stop()
      ageQueue(haraka, (MAX_HOURS - 1) * HOUR_MS)
      await haraka.restart()
      for (const name of ['bob', 'help']) await failedInQueue(haraka, `Subject: for ${name}\r\n`, 2)
      assert.equal(queueTexts(haraka).length, 2)
      assert.deepEqual(site.mail('fred'), [])
    })

    it('after its time it goes back to the sender, and the queue is empty', async () => {
      await haraka.stop()
      ageQueue(haraka, HOUR_MS)
      await haraka.restart()
      await queueIsEmpty(haraka)
      const reports = site.mail('fred')
      const told = reports.map(({ sender, body }) => ({
        sender,
        recipient: /^Final-Recipient: rfc822; ?(.*)$/m.exec(body)?.[1],
        action: /^Action: (.*)$/m.exec(body)?.[1],
        status: /^Status: ([0-9.]+)/m.exec(body)?.[1],
      }))
      assert.deepEqual(
        told.sort((a, b) => (a.recipient ?? '').localeCompare(b.recipient ?? '')),
        [
          { sender: 'MAILER-DAEMON', recipient: 'bob@domain1.com', action: 'failed', status: '5.2.0' },
          { sender: 'MAILER-DAEMON', recipient: 'help@domain1.com', action: 'failed', status: '5.3.0' },
        ],
      )
    })

    it('and when the lock goes nothing comes any more', async () => {
      await holder.release()
      const { final } = await send(haraka.port, {
        from: 'fred@domain1.com',
        to: ['bob@domain1.com'],
        message: note('next'),
      })
      assert.equal(codes(final), '250 2.0.0')
      assert.deepEqual(
        site.mail('bob').map((message) => message.header('Subject')),
        ['next'],
      )
      assert.deepEqual(site.holding('for bob'), ['in/john'])
    })
  })
}
