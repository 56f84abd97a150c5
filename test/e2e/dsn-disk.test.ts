import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { after, before, describe, it, type TestContext } from 'node:test'
import { entries, rootOnly } from '../faults/site.js'
import { FILLER, mountSmallDisk, type SmallDisk } from '../faults/tmpfs.js'
import { HOUR_MS, makeClock } from '../support/clock.js'
import { HARAKA_VERSIONS } from '../support/haraka.js'
import { HOPS, post, startDsnSite, submit, told, tried, type DsnSite } from './dsn-site.js'
import { codes, note } from './site.js'
import { allWait } from './waiting.js'

const BUSY = (): string => '450 4.2.1 mailbox busy'
const REFUSED = (): string => '550 5.1.1 no such user'

for (const version of HARAKA_VERSIONS) {
  describe(`Haraka ${version}: a report that cannot be written, the queue being full`, { skip: rootOnly }, () => {
    const clock = makeClock()
    let running: DsnSite<'plain'>
    let disk: SmallDisk | undefined
    before(async () => {
      running = await startDsnSite({ version, hops: { plain: HOPS.plain }, env: clock.env })
      const queue = path.join(running.haraka.dir, 'queue')
      mkdirSync(queue, { recursive: true })
      disk = mountSmallDisk(queue, 256)
    })
    after(async () => {
      await running.close()
      disk?.unmount()
    })

    /** The disk, or the test is skipped: a container may not be allowed to mount. */
    function mounted(t: TestContext): SmallDisk | undefined {
      if (disk === undefined) t.skip('a file system cannot be mounted here')
      return disk
    }
    const queue = (): string[] => entries(path.join(running.haraka.dir, 'queue')).filter((name) => name !== FILLER)
    /** Its next attempt is to come. */
    const waits = (offsetMs: number): Promise<void> =>
      allWait(running.haraka, ({ nextMs = 0 }) => nextMs > Date.now() + offsetMs)
    const queueIsEmpty = async (): Promise<void> => {
      await running.haraka.waitFor(() => queue().length === 0, { watch: 'queue' })
    }

    const FAILURES = [
      { it: 'refused by the next hop', hours: 2.1, reply: REFUSED },
      { it: 'too old', hours: 73, reply: BUSY },
    ]
    for (const { it: why, hours, reply } of FAILURES) {
      it(`of a failure, ${why}: the message is not lost but waits, and the sender hears when there is room`, async (t) => {
        const full = mounted(t)
        if (full === undefined) return
        const { haraka, hops, site } = running
        clock.set(0)
        hops.plain.reply = { rcpt: BUSY }
        await submit(haraka, { subject: why, to: ['guest@plain.example.com'] })
        await tried(haraka)
        full.fill()
        hops.plain.reply = { rcpt: reply }
        const from = haraka.log.length
        clock.set(hours * HOUR_MS)
        await haraka.waitForLog(/the report of a failure cannot be written/, { from })
        await haraka.waitForLog(/Temp failing \S+ for 300 seconds/, { from })
        await waits(hours * HOUR_MS)
        assert.equal(queue().length, 1)
        assert.deepEqual(told(site, 'fred', why), [])
        full.makeRoom()
        clock.set((hours + 0.1) * HOUR_MS)
        await queueIsEmpty()
        assert.deepEqual(told(site, 'fred', why), ['failed guest@plain.example.com'])
      })
    }

    it('of a failure at acceptance: 451, and nothing stays in the queue', async (t) => {
      const full = mounted(t)
      if (full === undefined) return
      const { haraka, site } = running
      const letter = {
        subject: 'half',
        to: ['fred@domain1.com', 'bob@domain1.com'],
        message: `Delivered-To: fred@domain1.com\n${note('half')}`,
      }
      full.fill()
      assert.equal(codes((await post(haraka, letter)).final), '451 4.3.0')
      assert.deepEqual(queue(), [])
      full.makeRoom()
      await submit(haraka, letter)
      await queueIsEmpty()
      assert.deepEqual(told(site, 'fred', 'half'), ['failed fred@domain1.com'])
    })

    it('of a success: the message is accepted all the same', async (t) => {
      const full = mounted(t)
      if (full === undefined) return
      const { haraka, site } = running
      const from = haraka.log.length
      full.fill()
      await submit(haraka, { subject: 'kept', to: [['bob@domain1.com', 'NOTIFY=SUCCESS']] })
      await haraka.waitForLog(/no report of success/, { from })
      full.makeRoom()
      await queueIsEmpty()
      assert.deepEqual(told(site, 'fred', 'kept'), [])
      assert.deepEqual(site.holding('kept'), ['in/bob'])
    })

    it('of a delay: the message waits as it would have', async (t) => {
      const full = mounted(t)
      if (full === undefined) return
      const { haraka, hops, site } = running
      const from = haraka.log.length
      clock.set(0)
      hops.plain.reply = {
        rcpt: () => {
          // The message is in the queue by now.
          full.fill()
          return BUSY()
        },
      }
      await submit(haraka, { subject: 'delay', to: [['guest@plain.example.com', 'NOTIFY=DELAY']] })
      await haraka.waitForLog(/a report cannot be written/, { from })
      await haraka.waitForLog(/Temp failing \S+ for 7200 seconds/, { from })
      await waits(0)
      hops.plain.reply = {}
      full.makeRoom()
      clock.set(2.1 * HOUR_MS)
      await queueIsEmpty()
      assert.deepEqual(told(site, 'fred', 'delay'), [])
      assert.equal(hops.plain.messages.length, 1)
    })
  })
}
