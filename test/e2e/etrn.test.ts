import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import {
  BRANCH,
  countOf,
  CUSTOMER,
  ETRN_SERVERS,
  failedOnce,
  holdMessages,
  queuePids,
  said,
  startEtrnSite,
  type EtrnSite,
} from './etrn-site.js'
import { queueIsEmpty } from './site.js'

for (const { version, nodes } of ETRN_SERVERS) {
  describe(`Haraka ${version}, ${nodes} workers: mail that waits is fetched by ETRN`, () => {
    let site: EtrnSite
    before(async () => {
      site = await startEtrnSite({ version, nodes })
    })
    after(async () => {
      await site.close()
    })

    /** Resolves when the queue is empty and everything that was taken so far was taken once. */
    const fetched = async (...subjects: readonly string[]): Promise<void> => {
      await queueIsEmpty(site.haraka)
      const mine = site.taken().filter((subject) => subjects.includes(subject))
      assert.deepEqual(mine, [...subjects].sort())
    }

    it('suspended mail is not tried; ETRN sends all of it, once, from every worker', async () => {
      const subjects = ['s1', 's2', 's3', 's4', 's5', 's6']
      await site.submit(CUSTOMER, ...subjects)
      assert.equal(queuePids(site.haraka).length, nodes, 'each worker has some')
      assert.equal(site.nextHop.connections, 0)
      assert.equal(said(await site.etrn(CUSTOMER)), `253 6 pending messages for node ${CUSTOMER} started`)
      await fetched(...subjects)
      assert.equal((await site.etrn(CUSTOMER)).code, 251)
    })

    it('two ETRNs in a row: once', async () => {
      await site.submit(CUSTOMER, 'two 1', 'two 2')
      const replies = [await site.etrn(CUSTOMER), await site.etrn(CUSTOMER)]
      assert.equal(
        replies.map(countOf).reduce((sum, count) => sum + count),
        2,
      )
      await fetched('two 1', 'two 2')
    })

    it('ten ETRNs at once, by ten sessions: each message is started by one of them', async () => {
      const subjects = ['ten 1', 'ten 2', 'ten 3', 'ten 4', 'ten 5']
      await site.submit(CUSTOMER, ...subjects)
      const replies = await Promise.all(Array.from({ length: 10 }, () => site.etrn(CUSTOMER)))
      assert.equal(
        replies.map(countOf).reduce((sum, count) => sum + count),
        5,
      )
      for (const { code } of replies) assert.ok([251, 253, 458].includes(code), String(code))
      await fetched(...subjects)
    })

    it('sub-domains: with @ only; nobody else gets anything', async () => {
      await site.submit(CUSTOMER, 'sub 1')
      assert.equal((await site.etrn('example.com')).code, 251)
      assert.equal(said(await site.etrn('@example.com')), '253 1 pending messages for node @example.com started')
      await fetched('sub 1')
    })

    it('while an attempt is under way: 458 the second time; what then fails is tried again at once', async () => {
      const held = holdMessages(site.nextHop)
      await site.submit(BRANCH, 'stalled')
      await site.haraka.waitFor(() => held.count === 1)
      assert.equal(said(await site.etrn(BRANCH)), `253 1 pending messages for node ${BRANCH} started`)
      assert.match(said(await site.etrn(BRANCH)), /^458 .* are being sent already$/)
      held.release(() => '450 4.3.0 not now')
      // The retry of the schedule would come in two hours.
      await fetched('stalled')
    })

    it('while an attempt is under way that succeeds: once', async () => {
      const held = holdMessages(site.nextHop)
      await site.submit(BRANCH, 'slow')
      await site.haraka.waitFor(() => held.count === 1)
      assert.equal(countOf(await site.etrn(BRANCH)), 1)
      held.release(() => '250 2.0.0 taken at last')
      await fetched('slow')
    })

    it('a customer that is away again: its mail waits on, and is not reported', async () => {
      site.nextHop.reply = { connect: () => '421 4.3.2 away' }
      await site.submit(CUSTOMER, 'away')
      assert.equal(countOf(await site.etrn(CUSTOMER)), 1)
      await failedOnce(site.haraka, 1)
      site.nextHop.reply = {}
      assert.equal(countOf(await site.etrn(CUSTOMER)), 1)
      await fetched('away')
    })

    it('after a restart nothing was tried, and ETRN sends it', async () => {
      const subjects = ['r1', 'r2', 'r3']
      await site.submit(CUSTOMER, ...subjects)
      const before = site.nextHop.connections
      await site.haraka.restart()
      assert.equal(site.nextHop.connections, before)
      // 250 where the queue is still being read.
      const { code } = await site.etrn(CUSTOMER)
      assert.ok(code === 253 || code === 250, String(code))
      await fetched(...subjects)
    })

    it('no message was sent twice, and no sender got a report', () => {
      const taken = site.taken()
      assert.deepEqual(taken, [...new Set(taken)])
      assert.deepEqual(
        site.nextHop.messages.filter(({ mailFrom }) => mailFrom !== 'ann@example.com'),
        [],
      )
    })
  })
}
