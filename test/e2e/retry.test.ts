import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { HARAKA_VERSIONS, type Haraka } from '../support/haraka.js'
import { startNextHop, type NextHop } from '../support/next-hop.js'
import { send } from '../support/smtp.js'
import { makeRobots, type Robots } from './robots.js'
import { codes, makeSite, note, queueIsEmpty, siteConf, siteIni, startSite, users } from './site.js'

for (const version of HARAKA_VERSIONS) {
  describe(`Haraka ${version} goes on with what waits`, () => {
    const site = makeSite()
    let robots: Robots
    let nextHop: NextHop
    let haraka: Haraka
    before(async () => {
      robots = makeRobots(site)
      nextHop = await startNextHop()
      site.write('users.txt', users('bob', 'fred'))
      haraka = await startSite(
        version,
        siteConf(site, [
          `forward flaky@domain1.com |${robots.program('flaky')}`,
          `forward wrong@domain1.com |${robots.program('wrong')}`,
          `forward gone@domain1.com |${site.path('robots/gone')}`,
          `gateway example.com 127.0.0.1:${nextHop.port}`,
          'forward away@domain1.com guest@example.com',
        ]),
        { config: { 'dmail.ini': siteIni('[outbound]\nretry_interval=1s\n') } },
      )
    })
    after(async () => {
      await haraka.stop()
      await nextHop.close()
    })

    const submit = async (subject: string, to: string, from = 'ann@example.com'): Promise<void> => {
      const { final } = await send(haraka.port, { from, to: [to], message: note(subject) })
      assert.equal(codes(final), '250 2.0.0', final.text)
    }

    it('a robot that asks for another try (75) gets it, and its success ends the matter', async () => {
      robots.setStatus('flaky', 75)
      await submit('again', 'flaky@domain1.com')
      await waitingFile(haraka)
      assert.equal(haraka.queueFiles().length, 1)
      robots.hold('flaky')
      await haraka.waitFor(() => robots.held('flaky') === 1)
      const failed = robots.runs('flaky').length
      assert.ok(failed > 0)
      robots.setStatus('flaky', 0)
      robots.release('flaky')
      await queueIsEmpty(haraka)
      assert.equal(robots.runs('flaky').length, failed + 1)
      assert.equal(nextHop.messages.length, 0, 'nobody is told')
    })

    it('a robot that runs when the whole server crashes runs again', async () => {
      const [begun, runs] = [robots.started('flaky'), robots.runs('flaky').length]
      robots.hold('flaky')
      await submit('crash', 'flaky@domain1.com')
      await haraka.waitFor(() => robots.started('flaky') === begun + 1)
      haraka.kill('SIGKILL')
      await haraka.exited()
      robots.release('flaky')
      await haraka.restart()
      await queueIsEmpty(haraka)
      assert.equal(robots.runs('flaky').length, runs + 1)
      assert.match(robots.runs('flaky').at(-1)?.stdin.toString() ?? '', /^Subject: crash$/m)
    })

    it('a robot that waits for another try has it after a restart', async () => {
      robots.setStatus('flaky', 75)
      await submit('restart', 'flaky@domain1.com')
      await waitingFile(haraka)
      await haraka.stop()
      const failed = robots.runs('flaky').length
      robots.setStatus('flaky', 0)
      await haraka.restart()
      await queueIsEmpty(haraka)
      assert.equal(robots.runs('flaky').length, failed + 1)
    })

    it('a robot that is missing: a local sender has the report in the drop file', async () => {
      await submit('no robot', 'gone@domain1.com', 'fred@domain1.com')
      await queueIsEmpty(haraka)
      const reports = site.mail('fred')
      assert.equal(reports.length, 1)
      const [report] = reports
      assert.deepEqual([report?.sender, report?.header('Return-Path')], ['MAILER-DAEMON', '<>'])
      assert.match(report?.body ?? '', /^Final-Recipient: rfc822; ?gone@domain1\.com$/m)
      assert.match(report?.body ?? '', /^Status: 5\.3\.0\b/m)
      assert.ok(!(report?.body ?? site.dir).includes(site.dir), 'without a path')
    })

    it('a robot that refuses (other than 75): a remote sender gets the report', async () => {
      robots.setStatus('wrong', 1)
      await submit('refused', 'wrong@domain1.com', 'ann@example.com')
      const report = await nextHop.waitForMessage(1)
      assert.deepEqual([report.mailFrom, report.rcpts.map(({ address }) => address)], ['', ['ann@example.com']])
      await queueIsEmpty(haraka)
      assert.equal(robots.runs('wrong').length, 1)
    })

    it('a report that cannot be delivered is not reported again', async () => {
      await submit('double', 'gone@domain1.com', 'nobody@domain1.com')
      await queueIsEmpty(haraka)
      assert.deepEqual(
        site.files().filter((file) => file.includes('nobody')),
        [],
      )
    })

    it('a next hop that is not there leaves the message in the queue, the local copy is delivered', async () => {
      await nextHop.close()
      const { final } = await send(haraka.port, {
        from: 'ann@example.com',
        to: ['bob@domain1.com', 'away@domain1.com'],
        message: note('next hop down'),
      })
      assert.equal(codes(final), '250 2.0.0')
      assert.deepEqual(site.holding('next hop down'), ['in/bob'])
      await waitingFile(haraka)
    })
  })
}

/** Resolves when a queue file has failed; its name has arrival, time of the next try and number of failures. */
async function waitingFile(haraka: Haraka): Promise<void> {
  await haraka.waitFor(() => haraka.queueFiles().some((name) => /^\d+_\d+_[1-9]/.test(name)), { watch: 'queue' })
}
