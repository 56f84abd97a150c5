import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { HOUR_MS, makeClock } from '../support/clock.js'
import type { Haraka } from '../support/haraka.js'
import { startNextHop, type NextHop } from '../support/next-hop.js'
import { failuresOf, KINDS, submit, subjectsOf, waitForFailures } from './outbound-site.js'
import { makeRobots } from './robots.js'
import { makeSite, queueIsEmpty, siteConf, startSite, users } from './site.js'
import { makeTicks } from './ticks.js'
import { allWait } from './waiting.js'

for (const { name, version, nodes } of KINDS) {
  describe(`${name}: DMail's two hours and three days`, () => {
    const site = makeSite()
    const clock = makeClock()
    const ticks = makeTicks(clock, makeRobots(site), nodes)
    let hop: NextHop
    let haraka: Haraka
    before(async () => {
      hop = await startNextHop({ reply: { rcpt: () => '451 4.3.0 not today' } })
      site.write('users.txt', users('bob', 'fred'))
      haraka = await startSite(version, siteConf(site, [`gateway * 127.0.0.1:${hop.port}`, ...ticks.conf]), {
        nodes,
        env: clock.env,
      })
    })
    after(async () => {
      await haraka.stop()
      await hop.close()
    })

    /** Moves the clock and resolves when the message due by then has been tried, and failed. */
    async function triedAt(hours: number, reason = '451 4\\.3\\.0 not today'): Promise<string> {
      const from = haraka.log.length
      clock.set(hours * HOUR_MS)
      return failed(from, reason)
    }

    /** The log line of a failed attempt, when the message has its next time. The clock must not move in between. */
    async function failed(from: number, reason = ''): Promise<string> {
      const line = await haraka.waitForLog(new RegExp(`Temp failing \\S+ for [\\d.]+ seconds: ${reason}`), { from })
      const [arrived, , attempts, , unique] = (/Temp failing (\S+)/.exec(line)?.[1] ?? '').split('_')
      const isNext = (file: string): boolean => {
        const parts = file.split('_')
        return parts[0] === arrived && parts[4] === unique && Number(parts[2]) > Number(attempts)
      }
      await haraka.waitFor(() => haraka.queueFiles().some(isNext), { watch: 'queue' })
      await allWait(haraka, () => true)
      return line
    }

    /** Moves the clock; whatever was due by then would have been tried. */
    async function nothingIsTriedBy(hours: number): Promise<void> {
      const before = hop.connections
      await ticks.passTo(haraka, hours * HOUR_MS)
      assert.equal(hop.connections, before)
    }

    it('the next try comes two hours after the one before, not sooner', async () => {
      const from = haraka.log.length
      await submit(haraka, 'first', ['guest@example.com'])
      assert.match(await failed(from), / for 7200 seconds: 451 4\.3\.0 not today/)
      await nothingIsTriedBy(1.9)
      assert.match(await triedAt(2.1), / for 7200 seconds: /)
    })

    it('after a restart it is tried when its time has come, and waits no longer than that', async () => {
      await haraka.restart()
      await nothingIsTriedBy(4)
      // Started well before: a server that counts the waiting time from its start again would try at 6.2 hours.
      await triedAt(4.2)
    })

    it('what was due while the server was down is tried when it comes up', async () => {
      await haraka.stop()
      clock.set(30 * HOUR_MS)
      const from = haraka.log.length
      await haraka.restart()
      await failed(from)
    })

    it('after 71 hours it still waits, and nobody was told; its last try comes when its time is up', async () => {
      const line = await triedAt(71)
      const [, seconds] = / for ([\d.]+) seconds/.exec(line) ?? []
      assert.ok(Number(seconds) > 3400 && Number(seconds) < 3600, line)
      assert.deepEqual(site.mail('fred'), [])
    })

    it('after 72 hours the sender has a report; a later message goes on waiting', async () => {
      const from = haraka.log.length
      await submit(haraka, 'second', ['friend@example.com'], 'bob@domain1.com')
      await failed(from)
      await haraka.restart()
      clock.set(72.01 * HOUR_MS)
      const [failure] = await waitForFailures(haraka, site, 'fred', 1)
      assert.equal(failure?.recipient, 'guest@example.com')
      assert.match(failure.text, /451 4\.3\.0 not today/)
      await triedAt(73.5)
      await triedAt(142)
      assert.deepEqual([failuresOf(site, 'fred').length, failuresOf(site, 'bob').length], [1, 0])
    })

    it('and 72 hours after it came that one fails too', async () => {
      clock.set(143.1 * HOUR_MS)
      const [failure] = await waitForFailures(haraka, site, 'bob', 1)
      assert.equal(failure?.recipient, 'friend@example.com')
      await queueIsEmpty(haraka)
      assert.deepEqual(subjectsOf(hop.messages), [])
      assert.equal(site.mail('fred').length, 1, 'told once')
    })
  })
}
