import assert from 'node:assert/strict'
import { statSync } from 'node:fs'
import { after, before, describe, it } from 'node:test'
import { callServer, ServerRefused, ServerUnreachable } from '../../lib/control/client.js'
import type { CommandName, Commands, Progress, QueueRow, Status } from '../../lib/control/protocol.js'
import type { Haraka, HarakaVersion } from '../support/haraka.js'
import { startNextHop, type NextHop } from '../support/next-hop.js'
import { connect } from '../support/smtp.js'
import { until } from '../support/wait.js'
import { makeSite, note, RELAYING, siteConf, siteIni, startSite, users, type Site } from './site.js'

const SETUPS: readonly { version: HarakaVersion; nodes?: number; processes: number }[] = [
  { version: '3.3', processes: 1 },
  { version: '3.3', nodes: 3, processes: 3 },
  { version: '3.1', nodes: 0, processes: 1 },
  { version: '3.1', nodes: 3, processes: 3 },
]

for (const { version, nodes, processes } of SETUPS) {
  const name = nodes === undefined ? 'nodes unset' : `nodes=${nodes}`
  describe(`the control socket of Haraka ${version}, ${name}`, () => {
    let site: Site
    let nextHop: NextHop
    let haraka: Haraka
    before(async () => {
      site = makeSite()
      site.write('users.txt', users('bob', 'fred'))
      nextHop = await startNextHop()
      haraka = await startSite(
        version,
        siteConf(site, [
          `gateway *.example.com 127.0.0.1:${nextHop.port}`,
          'suspend_domain off.example.com, *.off.example.com',
        ]),
        {
          ...(nodes === undefined ? {} : { nodes }),
          config: { 'dmail.ini': siteIni('[outbound]\nretry_interval=2h\n') },
        },
      )
    })
    after(async () => {
      await haraka.stop()
      await nextHop.close()
    })

    const call = <Name extends CommandName>(
      command: Name,
      args: Commands[Name]['args'],
    ): Promise<Commands[Name]['result']> => callServer(haraka.dir, command, args)

    /** Rows by subject, which is the recipient's user part. */
    async function list(...filter: readonly string[]): Promise<QueueRow[]> {
      const rows: QueueRow[] = []
      const { count, ...coverage } = await callServer(
        haraka.dir,
        'queue.list',
        { filter },
        { item: (row) => rows.push(row) },
      )
      assert.equal(count, rows.length)
      assert.deepEqual(coverage, { workers: processes, missing: 0, complete: true })
      return rows
    }

    /** Many short connections: every worker takes some. */
    async function submit(...recipients: readonly string[]): Promise<void> {
      for (const to of recipients) {
        const client = await connect(haraka.port, { localAddress: RELAYING })
        await client.ehlo()
        await client.mail('fred@domain1.com')
        await client.rcpt(to)
        assert.equal((await client.data(note(to.split('@')[0] ?? ''))).code, 250)
        await client.quit()
      }
    }

    async function listed(count: number, state: QueueRow['state'], ...filter: readonly string[]): Promise<QueueRow[]> {
      let rows: QueueRow[] = []
      await eventually(async () => {
        rows = await list(...filter)
        return rows.length === count && rows.every((row) => row.state === state)
      })
      return rows
    }

    const arrived = (): string[] => nextHop.messages.flatMap(({ rcpts }) => rcpts.map(({ address }) => address)).sort()

    it('is for the account of the server alone', () => {
      const { mode } = statSync(`${haraka.dir}/dmail.sock`)
      assert.equal(mode & 0o777, 0o600)
    })

    it('lists what waits in every process, with all there is to say', async () => {
      const many = Array.from({ length: 12 }, (_, n) => `user${n}@off.example.com`)
      await submit(...many)
      const rows = await listed(12, 'suspended')
      assert.deepEqual(rows.map(({ recipients }) => recipients[0]).sort(), [...many].sort())
      assert.equal(nextHop.connections, 0)
      const [row] = rows
      assert.deepEqual(
        { ...row, id: '', uuid: '', recipients: [], bytes: 0, arrivedMs: 0 },
        {
          id: '',
          uuid: '',
          domain: 'off.example.com',
          sender: 'fred@domain1.com',
          recipients: [],
          bytes: 0,
          arrivedMs: 0,
          attempts: 0,
          state: 'suspended',
          reason: '',
          kind: 'remote',
          suspension: row?.suspension,
        },
      )
      assert.match(row?.suspension?.at ?? '', /^dmail\.conf:\d+/)
      assert.ok((row?.bytes ?? 0) > 100)
      if (processes > 1) {
        const pids = new Set<number>()
        for (const { id } of rows) pids.add((await call('queue.show', { id })).pid)
        assert.ok(pids.size > 1, 'more than one worker has mail')
      }
    })

    it('finds them by each word of the filter', async () => {
      const [row] = await list('to=user7@*')
      assert.ok(row !== undefined)
      for (const filter of [[row.id], [`id=${row.id}`], [row.uuid], ['from=fred@*', 'to=user7@off.example.com']]) {
        assert.deepEqual(await list(...filter), [row], filter.join(' '))
      }
      assert.equal((await list('domain=OFF.example.com')).length, 12)
      assert.equal((await list('domain=*.off.example.com')).length, 0)
      assert.equal((await list('older=1h')).length, 0)
      await assert.rejects(
        call('queue.list', { filter: ['color=blue'] }),
        (error) => error instanceof ServerRefused && /color=blue/.test(error.message) && error.hint.includes('domain='),
      )
    })

    it('shows one with its header section', async () => {
      const [row] = await list('to=user3@*')
      const detail = await call('queue.show', { id: row?.uuid ?? '' })
      assert.equal(detail.id, row?.id)
      assert.match(detail.headers, /^Subject: user3$/m)
      assert.doesNotMatch(detail.headers, /At noon/)
      assert.ok(haraka.queueFiles().includes(detail.file))
      await assert.rejects(call('queue.show', { id: 'nothing0' }), /there is no message nothing0 in the queue/)
    })

    it('actions without a filter are refused', async () => {
      for (const command of ['queue.send', 'queue.hold', 'queue.release', 'queue.drop'] as const) {
        await assert.rejects(
          call(command, { filter: [] }),
          (error) => error instanceof ServerRefused && /"all"/.test(error.hint),
        )
      }
    })

    it('send: sends what is suspended; held messages stay, also when ETRN comes', async () => {
      const held = await call('queue.hold', { filter: ['to=user0@*,user1@*'] })
      assert.deepEqual([held.done, held.skipped], [2, 0])
      const progress: Progress[] = []
      const sent = await callServer(
        haraka.dir,
        'queue.send',
        { filter: ['to=user0@*,user2@*'] },
        { progress: (step) => progress.push(step) },
      )
      assert.deepEqual([sent.done, sent.skipped, sent.examples[0]?.why], [1, 1, 'is held: release it first'])
      assert.deepEqual(progress.at(-1), { done: 12, total: 12 })
      await nextHop.waitForMessage(1)
      const flushed = await call('etrn', { node: '@example.com' })
      assert.deepEqual(flushed, { count: 9, running: false, complete: true, workers: processes, missing: 0 })
      await nextHop.waitForMessage(10)
      await listed(2, 'held')
      assert.equal(arrived().length, 10)
      assert.ok(!arrived().includes('user0@off.example.com') && !arrived().includes('user1@off.example.com'))
    })

    it('holds survive a restart, and the death of every worker', async () => {
      const rows = await list()
      await haraka.restart()
      assert.deepEqual((await listed(2, 'held')).map(({ id }) => id).sort(), rows.map(({ id }) => id).sort())
      if (nodes === 0) return
      const before = haraka.workers()
      haraka.kill('SIGKILL', 'workers')
      // Answers say what is missing until all are back.
      await eventually(async () => {
        const { workers, missing, complete, held } = await call('status', {})
        return workers === processes && missing === 0 && complete && held === 2
      })
      assert.ok(haraka.workers().every((pid) => !before.includes(pid)))
      assert.deepEqual((await listed(2, 'held')).map(({ id }) => id).sort(), rows.map(({ id }) => id).sort())
    })

    it('release: those it is about are held no more, and wait for what else keeps them', async () => {
      const [first] = await list('to=user0@*')
      const released = await call('queue.release', { filter: [first?.id ?? ''] })
      assert.deepEqual([released.done, released.skipped], [1, 0])
      assert.equal((await list('to=user0@*'))[0]?.state, 'suspended')
      const again = await call('queue.release', { filter: [first?.id ?? ''] })
      assert.deepEqual([again.done, again.examples], [0, [{ id: first?.id, why: 'is not held' }]])
    })

    it('drop: removed without a word to the sender', async () => {
      const dropped = await call('queue.drop', { filter: ['to=user0@*,user1@*'] })
      assert.deepEqual([dropped.done, dropped.skipped], [2, 0])
      assert.deepEqual(haraka.queueFiles(), [])
      assert.deepEqual(await list(), [])
      assert.equal((await call('status', {})).held, 0)
      assert.deepEqual(JSON.parse(haraka.read('dmail-state.json')), { version: 1, suspensions: [], held: [] })
      assert.deepEqual(site.mail('fred'), [])
    })

    it('suspend: nothing is tried, with the reason shown, until resume', async () => {
      const untilMs = Date.now() + 3_600_000
      const { suspension } = await call('suspend', {
        domain: 'Busy.example.com',
        reason: 'their disk is full',
        untilMs,
      })
      assert.deepEqual(
        { ...suspension, sinceMs: 0 },
        { domain: 'busy.example.com', reason: 'their disk is full', sinceMs: 0, untilMs },
      )
      const before = nextHop.connections
      await submit(...Array.from({ length: 6 }, (_, n) => `busy${n}@busy.example.com`))
      const rows = await listed(6, 'suspended')
      assert.deepEqual(rows[0]?.suspension, suspension)
      assert.equal(rows[0]?.nextMs, untilMs)
      const again = await call('suspend', { domain: 'busy.example.com', reason: 'still full' })
      assert.equal(again.waiting, 6)
      await haraka.restart()
      assert.deepEqual((await listed(6, 'suspended'))[0]?.suspension, again.suspension)
      assert.equal(nextHop.connections, before)
      const status = await call('status', {})
      assert.deepEqual(
        status.suspensions.map(({ domain, count, reason }) => ({ domain, count, reason })),
        [
          { domain: 'busy.example.com', count: 6, reason: 'still full' },
          { domain: 'off.example.com,*.off.example.com', count: 0, reason: undefined },
        ].map((one, at) => (at === 0 ? one : { ...one, domain: status.suspensions[1]?.domain ?? '' })),
      )
      assertBusy(status, processes)
      const taken = nextHop.messages.length
      assert.deepEqual(await call('resume', { domain: 'busy.example.com' }), { resumed: true })
      await nextHop.waitForMessage(taken + 6)
      await listed(0, 'waiting')
    })

    it('resume says what suspends a domain nevertheless', async () => {
      const line = await call('resume', { domain: 'off.example.com' })
      assert.equal(line.resumed, false)
      assert.match(line.still?.at ?? '', /^dmail\.conf:\d+/)
      await call('suspend', { domain: '*' })
      await call('suspend', { domain: 'busy.example.com' })
      const { resumed, still } = await call('resume', { domain: 'busy.example.com' })
      assert.deepEqual([resumed, still?.domain], [true, '*'])
      assert.deepEqual(await call('resume', { domain: '*' }), { resumed: true })
      await assert.rejects(call('suspend', { domain: 'not a domain' }), /is not a domain/)
      await assert.rejects(call('suspend', { domain: 'busy.example.com', untilMs: 1 }), /has passed/)
    })

    it('a failed attempt is listed with the reason in the words of the other side, and release gives it another', async () => {
      nextHop.reply = { rcpt: () => '450 4.2.0 come back later' }
      const from = haraka.log.length
      await submit('later@busy.example.com')
      await haraka.waitForLog(/come back later/, { from })
      const [row] = await listed(1, 'waiting')
      assert.match(row?.reason ?? '', /^450 4\.2\.0 come back later/)
      assert.equal(row?.attempts, 1)
      assert.ok((row?.nextMs ?? 0) > Date.now() + 3_600_000)
      await call('queue.hold', { filter: [row?.id ?? ''] })
      const taken = nextHop.messages.length
      nextHop.reply = {}
      await call('queue.release', { filter: ['domain=busy.example.com'] })
      await nextHop.waitForMessage(taken + 1)
      await listed(0, 'waiting')
    })

    it('a second server does not take the socket over', async () => {
      await assert.rejects(callServer(site.dir, 'status', {}), ServerUnreachable)
      assert.equal((await call('status', {})).pid, haraka.pid)
    })
  })
}

function assertBusy({ queue, domains, version, workers, missing, complete }: Status, processes: number): void {
  assert.match(version, /^\d+\.\d+\.\d+/)
  assert.deepEqual({ workers, missing, complete }, { workers: processes, missing: 0, complete: true })
  assert.deepEqual([queue.count, queue.sending], [6, 0])
  const [busy] = domains
  assert.deepEqual(
    [domains.length, busy?.domain, busy?.count, busy?.bytes, busy?.suspended],
    [1, 'busy.example.com', 6, queue.bytes, true],
  )
}

/** Asks again until the answer is yes. */
async function eventually(probe: () => Promise<boolean>): Promise<void> {
  let yes = false
  let failed: unknown
  let asking = false
  await until(
    () => {
      if (failed !== undefined) throw failed
      if (!asking && !yes) {
        asking = true
        probe()
          .then((answer) => {
            yes = answer
          })
          .catch((error: unknown) => {
            failed = error
          })
          .finally(() => {
            asking = false
          })
      }
      return yes
    },
    { otherwise: () => 'the answer stays no' },
  )
}
