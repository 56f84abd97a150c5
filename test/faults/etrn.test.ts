import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import {
  countOf,
  CUSTOMER,
  holdMessages,
  queuedBy,
  queuePids,
  said,
  startEtrnSite,
  type EtrnSite,
} from '../e2e/etrn-site.js'
import { queueIsEmpty } from '../e2e/site.js'
import { connect } from '../support/smtp.js'

const WORKERS = 3

/*
 * Whenever a process dies here, the next hop has the text of some messages and has not answered: nothing it took is forgotten by a
 * sender that died before it could note that. So each message must arrive exactly once.
 */
describe('Haraka 3.3, kill -9 between the steps of an ETRN', () => {
  let site: EtrnSite
  let number = 0
  before(async () => {
    site = await startEtrnSite({ version: '3.3', nodes: WORKERS })
  })
  after(async () => {
    await site.close()
  })

  /** Six messages, some in each worker's queue. */
  const waiting = async (): Promise<string[]> => {
    const subjects = Array.from({ length: 6 }, () => `m${++number}`)
    await site.submit(CUSTOMER, ...subjects)
    assert.equal(queuePids(site.haraka).length, WORKERS)
    return subjects
  }

  const arrivedOnce = async (subjects: readonly string[]): Promise<void> => {
    await queueIsEmpty(site.haraka)
    assert.deepEqual(
      site.taken().filter((subject) => subjects.includes(subject)),
      [...subjects].sort(),
    )
  }

  /** Kills a worker; resolves when another one has taken its place, and listens. */
  const killWorker = async (pid = site.haraka.workers()[0]): Promise<void> => {
    const { haraka } = site
    assert.ok(pid !== undefined)
    const from = haraka.log.length
    process.kill(pid, 'SIGKILL')
    await haraka.waitForLog(/worker \d+ listening on /, { from })
  }

  it('a worker dies while its mail waits: ETRN sends all of it', async () => {
    const subjects = await waiting()
    await killWorker()
    // 250 where the queue of the dead one is still being read.
    assert.match(said(await site.etrn(CUSTOMER)), /^25[03] /)
    await arrivedOnce(subjects)
  })

  it('a worker dies in the middle of it: the one in its place goes on, without another ETRN', async () => {
    const held = holdMessages(site.nextHop)
    const subjects = await waiting()
    assert.equal(countOf(await site.etrn(CUSTOMER)), 6)
    await site.haraka.waitFor(() => held.count === 6)
    const [victim] = site.haraka.workers()
    assert.ok(victim !== undefined)
    const lost = queuedBy(site.haraka, victim)
    assert.ok(lost.length > 0)
    await killWorker(victim)
    held.release((subject) => (lost.includes(subject) ? '451 4.3.0 nobody hears this' : '250 2.0.0 taken'))
    await arrivedOnce(subjects)
  })

  it('all processes die in the middle of it: the mail waits, and the next ETRN sends it', async () => {
    const held = holdMessages(site.nextHop)
    const subjects = await waiting()
    await site.etrn(CUSTOMER)
    await site.haraka.waitFor(() => held.count === 6)
    site.haraka.kill('SIGKILL')
    await site.haraka.exited()
    held.release(() => '451 4.3.0 nobody hears this')
    const before = site.nextHop.connections
    await site.haraka.restart()
    assert.equal(site.haraka.queueFiles().length, 6)
    assert.equal(site.nextHop.connections, before, 'suspended: nothing by itself')
    assert.match(said(await site.etrn(CUSTOMER)), /^25[03] /)
    await arrivedOnce(subjects)
  })

  it('a worker that hangs: 250, and its part is sent as soon as it goes on', async () => {
    const subjects = await waiting()
    // One session in each worker: the hanging one takes no new ones.
    const sessions = await Promise.all(site.haraka.workers().map(() => connect(site.haraka.port)))
    for (const client of sessions) await client.ehlo()
    const [victim] = site.haraka.workers()
    assert.ok(victim !== undefined)
    const kept = queuedBy(site.haraka, victim)
    process.kill(victim, 'SIGSTOP')
    // The living ones ask at the same time, so one of them may hear that the other's flush is under way.
    const answers: string[] = []
    for (const client of sessions) {
      client.command(`ETRN ${CUSTOMER}`).then(
        (reply) => answers.push(said(reply)),
        () => undefined,
      )
    }
    await site.haraka.waitFor(() => answers.length === sessions.length - 1)
    assert.ok(answers.includes(`250 OK, sending of mail for node ${CUSTOMER} started`), answers.join('; '))
    assert.ok(
      answers.every((answer) => /^(?:250|458) /.test(answer)),
      answers.join('; '),
    )
    assert.deepEqual(queuedBy(site.haraka, victim), kept)
    process.kill(victim, 'SIGCONT')
    await arrivedOnce(subjects)
    for (const client of sessions) client.close()
  })
})
