import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { HOUR_MS, makeClock, type Clock } from '../support/clock.js'
import type { Haraka } from '../support/haraka.js'
import { startNextHop, type NextHop } from '../support/next-hop.js'
import { failuresOf, KINDS, submit, subjectsOf, waitForFailures, type Kind } from './outbound-site.js'
import { makeRobots, type Robots } from './robots.js'
import { makeSite, queueIsEmpty, reload, session, siteConf, siteIni, startSite, users, type Site } from './site.js'
import { makeTicks } from './ticks.js'

const DAY_MS = 24 * HOUR_MS

/** A server with two next hops: one for what is suspended, and one that shows that all other mail goes out. */
interface Running {
  readonly site: Site
  readonly robots: Robots
  readonly clock: Clock
  /** Moves the clock and resolves when what was due by then has had its turn in every process. */
  passTo(offsetMs: number): Promise<void>
  readonly hop: NextHop
  readonly others: NextHop
  readonly haraka: Haraka
  /** Puts dmail.conf with these lines in force in every process. */
  reload(lines: readonly string[], ini?: string): Promise<void>
  close(): Promise<void>
}

async function start({ version, nodes }: Kind, lines: readonly string[]): Promise<Running> {
  const site = makeSite()
  const robots = makeRobots(site)
  const clock = makeClock()
  const ticks = makeTicks(clock, robots, nodes)
  const hop = await startNextHop()
  const others = await startNextHop()
  site.write('users.txt', users('bob', 'fred', 'john'))
  const conf = (more: readonly string[]): string =>
    siteConf(site, [
      `gateway * 127.0.0.1:${others.port}`,
      `gateway example.com 127.0.0.1:${hop.port}`,
      `gateway *.example.com 127.0.0.1:${hop.port}`,
      `forward help@domain1.com |${robots.program('help')}`,
      ...ticks.conf,
      ...more,
    ])
  const haraka = await startSite(version, conf(lines), { nodes, env: clock.env })
  return {
    site,
    robots,
    clock,
    passTo: (offsetMs) => ticks.passTo(haraka, offsetMs),
    hop,
    others,
    haraka,
    reload: async (more, ini) => {
      haraka.write('config/dmail.conf', conf(more))
      if (ini !== undefined) haraka.write('config/dmail.ini', siteIni(ini))
      assert.ok(await reload(haraka))
    },
    close: async () => {
      await haraka.stop()
      await hop.close()
      await others.close()
    },
  }
}

/** Says that mail for other domains goes out, whichever process takes it, while nothing is left of it. */
async function othersGoOut({ haraka, others }: Running, subject: string): Promise<void> {
  const waiting = haraka.queueFiles().length
  const before = others.messages.length
  for (let n = 1; n <= 4; n++) {
    await submit(haraka, subject, ['guest@example.net'])
    await others.waitForMessage(before + n)
  }
  await haraka.waitFor(() => haraka.queueFiles().length === waiting, { watch: 'queue' })
}

for (const kind of KINDS) {
  describe(`${kind.name}: suspend_domain`, () => {
    let running: Running
    before(async () => {
      running = await start(kind, ['suspend_domain example.com'])
      for (let n = 1; n <= 6; n++) await submit(running.haraka, `held ${n}`, [`guest${n}@example.com`])
    })
    after(() => running.close())
    const noWorker = kind.nodes === 0 ? 'has no worker' : false
    const HELD = [1, 2, 3, 4, 5, 6].map((n) => `held ${n}`)

    /** All is still there, and nobody has knocked at the next hop. */
    async function nothingWasTried(when: string): Promise<void> {
      await othersGoOut(running, when)
      assert.equal(running.hop.connections, 0, when)
      assert.equal(running.haraka.queueFiles().length, HELD.length, when)
      assert.deepEqual(failuresOf(running.site, 'fred'), [], when)
    }

    it('not even a first attempt is made', async () => {
      await running.haraka.waitForLog(/Delivery of this email delayed for/)
      await nothingWasTried('at first')
    })

    it('nor one after a restart', async () => {
      const from = running.haraka.log.length
      await running.haraka.restart()
      await queueWasRead(from)
      await nothingWasTried('after a restart')
    })

    it('nor one after kill -9 of a worker', { skip: noWorker }, async () => {
      const from = running.haraka.log.length
      running.haraka.kill('SIGKILL', 'workers')
      await running.haraka.waitForLog(/worker \d+ listening on/, { from })
      await queueWasRead(from)
      await nothingWasTried('after kill -9 of the workers')
    })

    it('nor one after kill -9 of everything', async () => {
      const from = running.haraka.log.length
      running.haraka.kill('SIGKILL')
      await running.haraka.exited()
      await running.haraka.restart()
      await queueWasRead(from)
      await nothingWasTried('after kill -9')
    })

    it('nor one after a graceful restart, which leaves no queue file behind', { skip: noWorker }, async () => {
      const { haraka } = running
      const from = haraka.log.length
      // What `haraka --graceful` does.
      const key = haraka.read('config/internalcmd_key').trim()
      const line = `INTERNALCMD key:${key} gracefulRestart`
      const { code } = await session(haraka.port, {}, (client) => client.command(line))
      assert.equal(code, 250)
      await haraka.waitForLog(/Reload complete/, { from, timeoutMs: 60_000 })
      const isTakenOver = (file: string): boolean => haraka.workers().includes(Number(file.split('_')[3]))
      await haraka.waitFor(() => haraka.queueFiles().every(isTakenOver), { watch: 'queue', timeoutMs: 60_000 })
      await nothingWasTried('after a graceful restart')
    })

    it('it does not expire: after 100 days all of it is there', async () => {
      // Past every max_retrytime, and past the longest time that is waited in one go.
      for (const days of [4, 31, 62, 100]) {
        await running.passTo(days * DAY_MS)
        await nothingWasTried(`after ${days} days`)
      }
    })

    it('an attempt that fails while it is suspended does not send it back, however old it is', async () => {
      const { hop, haraka } = running
      let answer: (text: string) => void = () => undefined
      const answered = new Promise<string>((resolve) => {
        answer = resolve
      })
      hop.reply = { mail: () => answered }
      await running.reload([])
      await haraka.waitFor(() => hop.connections === HELD.length)
      await running.reload(['suspend_domain example.com'])
      const from = haraka.log.length
      answer('451 4.3.2 the line goes down')
      await haraka.waitForLog(/Temp failing \S+ for 7200 seconds: 451 4\.3\.2 the line goes down/, { from })
      await hop.settled()
      hop.reply = {}
      await running.passTo(101 * DAY_MS)
      assert.deepEqual([hop.connections, haraka.queueFiles().length], [HELD.length, HELD.length])
      assert.deepEqual(failuresOf(running.site, 'fred'), [])
    })

    it('lifted by a reload, all of it goes out, each once', async () => {
      await running.reload([])
      await running.hop.waitForMessage(HELD.length)
      await queueIsEmpty(running.haraka)
      assert.deepEqual(subjectsOf(running.hop.messages), HELD)
    })

    /** Every file of an earlier process has been taken over. */
    async function queueWasRead(from: number): Promise<void> {
      if (kind.nodes === 0) await running.haraka.waitForLog(/\d+ files in my temp fail queue/, { from })
      else await running.haraka.waitForLog(/files old PID queue fixed up/, { from })
    }
  })

  describe(`${kind.name}: suspend_domain and the mail it means`, () => {
    let running: Running
    before(async () => {
      running = await start(kind, [])
    })
    after(() => running.close())

    it('suspended by a reload, waiting mail is not tried any more', async () => {
      const { haraka, hop } = running
      hop.reply = { mail: () => '451 4.3.0 not now' }
      const from = haraka.log.length
      await submit(haraka, 'too late', ['guest@example.com'])
      await haraka.waitForLog(/Temp failing .* 451 4\.3\.0 not now \(/, { from })
      await running.reload(['suspend_domain example.com'])
      hop.reply = {}
      const connections = hop.connections
      await running.passTo(2.5 * HOUR_MS)
      assert.equal(hop.connections, connections)
      await running.reload([])
      await hop.waitForMessage(1)
      await queueIsEmpty(haraka)
    })

    const ROWS: readonly (readonly [line: string, suspended: readonly string[], sent: readonly string[]])[] = [
      ['example.com', ['example.com', 'EXAMPLE.COM'], ['mail.example.com', 'example.net']],
      ['*.example.com', ['mail.example.com', 'a.b.example.com'], ['example.com', 'example.net', 'notexample.com']],
      ['example.com,*.example.org', ['example.com', 'mail.example.org'], ['example.org', 'mail.example.com']],
      ['*', ['example.com', 'mail.example.com', 'example.net'], []],
      ['*,!example.net', ['example.com', 'example.org'], ['example.net']],
    ]
    for (const [line, suspended, sent] of ROWS) {
      it(`suspend_domain ${line}`, async () => {
        const { haraka, hop, others } = running
        await running.reload([`suspend_domain ${line}`])
        const [mark, connections] = [hop.messages.length + others.messages.length, hop.connections + others.connections]
        for (const domain of [...suspended, ...sent]) await submit(haraka, domain, [`guest@${domain}`])
        await haraka.waitFor(() => hop.messages.length + others.messages.length === mark + sent.length)
        await haraka.waitFor(() => haraka.queueFiles().length === suspended.length, { watch: 'queue' })
        assert.equal(hop.connections + others.connections, connections + sent.length)
        await running.reload([])
        await queueIsEmpty(haraka)
        assert.equal(hop.messages.length + others.messages.length, mark + sent.length + suspended.length)
      })
    }

    it('drop files and robots of this server know nothing of suspend_domain *', async () => {
      const { haraka, site, robots } = running
      await running.reload(['suspend_domain *', 'suspend_domain domain1.com'])
      robots.setStatus('help', 0)
      await submit(haraka, 'here', ['bob@domain1.com', 'help@domain1.com'])
      await queueIsEmpty(haraka)
      assert.deepEqual(site.holding('here'), ['in/bob'])
      assert.equal(robots.runs('help').length, 1)
    })

    it('and neither does a report to a user of this server', async () => {
      const { haraka, site, robots } = running
      robots.setStatus('help', 1)
      await submit(haraka, 'broken robot', ['help@domain1.com'], 'john@domain1.com')
      const [failure] = await waitForFailures(haraka, site, 'john', 1)
      assert.equal(failure?.recipient, 'help@domain1.com')
      await queueIsEmpty(haraka)
    })
  })

  describe(`${kind.name}: [outbound] suspend_max_hours`, () => {
    let running: Running
    before(async () => {
      running = await start(kind, ['suspend_domain example.com'])
    })
    after(() => running.close())

    it('put in force while mail waits, it counts from the arrival of each message', async () => {
      const { haraka, hop, site, clock } = running
      await submit(haraka, 'old', ['old@example.com'])
      await haraka.waitForLog(/Delivery of this email delayed for/)
      clock.set(100 * HOUR_MS)
      await submit(haraka, 'new', ['new@example.com'], 'bob@domain1.com')
      await running.reload(['suspend_domain example.com'], '[outbound]\nsuspend_max_hours=200\n')
      await running.passTo(199 * HOUR_MS)
      assert.deepEqual(failuresOf(site, 'fred'), [])
      clock.set(201 * HOUR_MS)
      const [failure] = await waitForFailures(haraka, site, 'fred', 1)
      assert.equal(failure?.recipient, 'old@example.com')
      await haraka.waitFor(() => haraka.queueFiles().length === 1, { watch: 'queue' })
      assert.deepEqual(failuresOf(site, 'bob'), [], 'the younger one waits')
      assert.equal(hop.connections, 0)
    })

    it('after a restart too', async () => {
      const { haraka, hop, site, clock } = running
      await haraka.restart()
      clock.set(301 * HOUR_MS)
      const [failure] = await waitForFailures(haraka, site, 'bob', 1)
      assert.equal(failure?.recipient, 'new@example.com')
      await queueIsEmpty(haraka)
      assert.deepEqual([hop.connections, site.mail('fred').length], [0, 1])
    })
  })
}
