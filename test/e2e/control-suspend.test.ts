import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Status } from '../../lib/control/protocol.js'
import { SETUPS, setupName, startControlSite, type ControlSite } from './control-site.js'

for (const setup of SETUPS) {
  describe(`suspend, resume and reasons, ${setupName(setup)}`, () => {
    let on: ControlSite
    before(async () => {
      on = await startControlSite(setup)
    })
    after(() => on.close())

    it('suspend: nothing is tried, with the reason shown, until resume', async () => {
      const untilMs = Date.now() + 3_600_000
      const { suspension } = await on.call('suspend', {
        domain: 'Busy.example.com',
        reason: 'their disk is full',
        untilMs,
      })
      assert.deepEqual(
        { ...suspension, sinceMs: 0 },
        { domain: 'busy.example.com', reason: 'their disk is full', sinceMs: 0, untilMs },
      )
      const before = on.nextHop.connections
      await on.submit(...Array.from({ length: 6 }, (_, n) => `busy${n}@busy.example.com`))
      const rows = await on.listed(6, 'suspended')
      for (const row of rows) assert.deepEqual([row.suspension, row.nextMs], [suspension, untilMs])
      const again = await on.call('suspend', { domain: 'busy.example.com', reason: 'still full' })
      assert.equal(again.waiting, 6)
      await on.haraka.restart()
      assert.deepEqual((await on.listed(6, 'suspended'))[0]?.suspension, again.suspension)
      assert.equal(on.nextHop.connections, before)
      const status = await on.call('status', {})
      assert.deepEqual(
        status.suspensions.map(({ count, reason, at }) => ({ count, reason, operator: at === undefined })),
        [
          { count: 6, reason: 'still full', operator: true },
          { count: 0, reason: undefined, operator: false },
        ],
      )
      assertBusy(status, setup.processes)
      const taken = on.nextHop.messages.length
      assert.deepEqual(await on.call('resume', { domain: 'busy.example.com' }), { resumed: true })
      await on.nextHop.waitForMessage(taken + 6)
      await on.listed(0, 'waiting')
    })

    it('resume says what suspends a domain nevertheless', async () => {
      const line = await on.call('resume', { domain: 'off.example.com' })
      assert.equal(line.resumed, false)
      assert.match(line.still?.at ?? '', /^dmail\.conf:\d+/)
      await on.call('suspend', { domain: '*' })
      await on.call('suspend', { domain: 'busy.example.com' })
      const { resumed, still } = await on.call('resume', { domain: 'busy.example.com' })
      assert.deepEqual([resumed, still?.domain], [true, '*'])
      assert.deepEqual(await on.call('resume', { domain: '*' }), { resumed: true })
      await assert.rejects(on.call('suspend', { domain: 'not a domain' }), /is not a domain/)
      await assert.rejects(on.call('suspend', { domain: 'busy.example.com', untilMs: 1 }), /has passed/)
    })

    it('a failed attempt is listed with the reason in the words of the other side, and release gives it another', async () => {
      on.nextHop.reply = { rcpt: () => '450 4.2.0 come back later' }
      const from = on.haraka.log.length
      await on.submit('later@busy.example.com')
      await on.haraka.waitForLog(/come back later/, { from })
      const [row] = await on.listed(1, 'waiting')
      assert.ok(row !== undefined)
      assert.match(row.reason, /^450 4\.2\.0 come back later/)
      assert.equal(row.attempts, 1)
      assert.ok((row.nextMs ?? 0) > Date.now() + 3_600_000)
      await on.call('queue.hold', { filter: [row.id] })
      const taken = on.nextHop.messages.length
      on.nextHop.reply = {}
      await on.call('queue.release', { filter: ['domain=busy.example.com'] })
      await on.nextHop.waitForMessage(taken + 1)
      await on.listed(0, 'waiting')
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
