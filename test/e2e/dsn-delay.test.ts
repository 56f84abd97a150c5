import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { HOUR_MS, makeClock } from '../support/clock.js'
import {
  groupOf,
  HOPS,
  newsIn,
  reportsOn,
  startDsnSite,
  submit,
  told,
  toldOf,
  tried,
  withEveryWish,
  WISHES,
  type DsnSite,
} from './dsn-site.js'
import { KINDS } from './outbound-site.js'
import { note, queueIsEmpty } from './site.js'

const BUSY = '450 4.2.1 mailbox busy'
const MAX_RETRY_MS = 72 * HOUR_MS

const guest = (n: number): string => `guest${n}@plain.example.com`
const full = (n: number): string => `full${n}@domain1.com`
const slow = (n: number): string => `slow${n}@domain1.com`

/** What the sender hears of messages that wait, by the subject. */
const DELAYED = {
  remote: toldOf('DELAY', 'delayed', guest),
  quota: toldOf('DELAY', 'delayed', full),
  robot: toldOf('DELAY', 'delayed', slow),
  split: ['delayed b@plain.example.com', 'delayed c@plain.example.com'],
} as const
type Subject = keyof typeof DELAYED

for (const { name, version, nodes } of KINDS) {
  describe(`${name}: reports on mail that waits, on the way through restarts and a crash`, () => {
    const clock = makeClock()
    let running: DsnSite<'plain'>
    before(async () => {
      running = await startDsnSite({
        version,
        nodes,
        hops: { plain: HOPS.plain },
        users: WISHES.map((_, n) => `full${n} quota="100"`),
        conf: (_site, robots) => [`forward slow*@domain1.com |${robots.program('slow')}`],
        env: clock.env,
      })
      running.hops.plain.reply = { rcpt: (address) => (address === 'a@plain.example.com' ? undefined : BUSY) }
      running.robots.setStatus('slow', 75)
    })
    after(() => running.close())

    const heard = (): Record<Subject, string[]> => {
      const { site } = running
      const of = (subject: Subject): string[] => told(site, 'fred', subject)
      return { remote: of('remote'), quota: of('quota'), robot: of('robot'), split: of('split') }
    }
    /** RCPT is refused once a mailbox is full (D7). */
    const fillMailboxes = (): void => {
      for (const n of WISHES.keys()) {
        running.site.write(`in/full${n}`, `From ann@example.com Tue Jan 05 16:41:58 1999\n${note('old')}\n`)
      }
    }
    /** Moves the clock; resolves when all that waits has been tried once more, and the sender told of it. */
    const passTo = async (hours: number, attempts: number): Promise<void> => {
      clock.set(hours * HOUR_MS)
      await tried(running.haraka, attempts)
    }

    it('the first deferral: who asked for DELAY hears, and until when it is tried', async () => {
      const { haraka, site } = running
      await submit(haraka, {
        subject: 'remote',
        to: WISHES.map(({ params }, n) => [guest(n), `${params ?? ''} ORCPT=rfc822;first${n}@example.com`.trim()]),
        mailParams: 'ENVID=remote+2B1',
      })
      await submit(haraka, { subject: 'quota', to: withEveryWish(full), meanwhile: fillMailboxes })
      await submit(haraka, { subject: 'robot', to: withEveryWish(slow) })
      await submit(haraka, {
        subject: 'split',
        to: ['a', 'b', 'c'].map((each) => [`${each}@plain.example.com`, 'NOTIFY=SUCCESS,FAILURE,DELAY']),
      })
      await tried(haraka)
      assert.deepEqual(heard(), {
        ...DELAYED,
        split: ['delayed b@plain.example.com', 'delayed c@plain.example.com', 'relayed a@plain.example.com'],
      })
      const [report, ...more] = reportsOn(site, 'fred', 'remote')
      assert.ok(report !== undefined && more.length === 0, 'one report')
      assert.equal(report.subject, 'Your message is delayed')
      const group = groupOf([report], guest(4))
      assert.equal(group.get('status'), '4.2.1')
      assert.equal(group.get('diagnostic-code'), `smtp; ${BUSY}`)
      assert.equal(group.get('original-recipient'), 'rfc822; first4@example.com')
      const until = Date.parse(group.get('will-retry-until') ?? '')
      assert.equal(until - Date.parse(report.message.get('arrival-date') ?? ''), MAX_RETRY_MS)
      assert.equal(groupOf(reportsOn(site, 'fred', 'quota'), full(4)).get('status'), '4.2.2')
    })

    const still = (): Record<Subject, string[]> => ({
      ...DELAYED,
      split: [...DELAYED.split, 'relayed a@plain.example.com'],
    })

    it('the next deferrals: nobody hears again', async () => {
      await passTo(2.1, 2)
      assert.deepEqual(heard(), still())
    })

    it('nor when a message of several is split then', async () => {
      const { haraka, hops, site } = running
      const usual = hops.plain.reply
      hops.plain.reply = { mail: () => BUSY }
      await submit(haraka, {
        subject: 'split later',
        to: ['x', 'y'].map((each) => [`${each}@plain.example.com`, 'NOTIFY=SUCCESS,FAILURE,DELAY']),
      })
      await tried(haraka)
      const delays = ['delayed x@plain.example.com', 'delayed y@plain.example.com']
      assert.deepEqual(told(site, 'fred', 'split later'), delays)
      hops.plain.reply = { rcpt: (address) => (address === 'x@plain.example.com' ? undefined : BUSY) }
      clock.set(4.3 * HOUR_MS)
      await haraka.waitFor(() => told(site, 'fred', 'split later').length > 2)
      await tried(haraka)
      assert.deepEqual(told(site, 'fred', 'split later'), [...delays, 'relayed x@plain.example.com'])
      hops.plain.reply = usual
    })

    it('nor after a restart', async () => {
      const { haraka, site } = running
      await haraka.restart()
      await passTo(6.5, 2)
      assert.deepEqual(heard(), still())
      assert.equal(told(site, 'fred', 'split later').length, 3)
    })

    it('a success after that restart, and after processes were killed: who asked for it hears', async () => {
      const { haraka, robots } = running
      if (nodes === 0) {
        haraka.kill('SIGKILL')
        await haraka.exited()
        await haraka.restart()
      } else {
        const from = haraka.log.length
        haraka.kill('SIGKILL', 'workers')
        await haraka.waitFor(() => haraka.log.slice(from).split(/worker \d+ listening on /).length > nodes)
      }
      robots.setStatus('slow', 0)
      clock.set(9 * HOUR_MS)
      const robot = [...DELAYED.robot, ...toldOf('SUCCESS', 'delivered', slow)].sort()
      await haraka.waitFor(() => heard().robot.length >= robot.length)
      await tried(haraka, 2)
      assert.deepEqual(heard(), { ...still(), robot })
    })

    it('expiry: who did not ask for other things only has a report of failure, in the words of the last try', async () => {
      const { haraka, site } = running
      // The second of two that were split off later has waited for two hours less.
      clock.set(MAX_RETRY_MS + 3 * HOUR_MS)
      await queueIsEmpty(haraka)
      const failed = (address: (n: number) => string): string[] => toldOf('FAILURE', 'failed', address)
      const { remote, quota, split } = heard()
      assert.deepEqual(remote, [...DELAYED.remote, ...failed(guest)])
      assert.deepEqual(quota, [...DELAYED.quota, ...failed(full)])
      assert.deepEqual(split, [
        ...DELAYED.split,
        'failed b@plain.example.com',
        'failed c@plain.example.com',
        'relayed a@plain.example.com',
      ])
      assert.deepEqual(
        told(site, 'fred', 'split later').filter((news) => news.startsWith('failed')),
        ['failed y@plain.example.com'],
      )

      const [, report, ...more] = reportsOn(site, 'fred', 'remote')
      assert.ok(report !== undefined && more.length === 0, 'one report of all failures')
      assert.deepEqual(newsIn([report]), failed(guest))
      assert.equal(report.message.get('original-envelope-id'), 'remote+1')
      const group = groupOf([report], guest(0))
      assert.equal(group.get('original-recipient'), 'rfc822; first0@example.com')
      assert.equal(group.get('status'), '5.2.1')
      assert.equal(group.get('diagnostic-code'), `smtp; ${BUSY}`)
      assert.match(
        report.words.replace(/\s+/g, ' '),
        /could not be delivered in time\. The last reason: 450 4\.2\.1 mailbox busy/,
      )
      const late = reportsOn(site, 'fred', 'quota').filter((each) => newsIn([each])[0]?.startsWith('failed'))
      assert.equal(groupOf(late, full(0)).get('status'), '5.2.2')
    })
  })
}
