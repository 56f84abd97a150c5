import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { STATE_FILE } from '../../lib/queue/operator-state.js'
import { withoutRedis } from '../support/redis.js'
import { until, within } from '../support/wait.js'
import {
  CUSTOMER,
  MOVING,
  OTHER,
  queued,
  startClusterSite,
  suspends,
  type ClusterSite,
  type Node,
} from './cluster-site.js'
import { holdMessages, said, subjectOf } from './etrn-site.js'

describe('three nodes of which something fails', { skip: withoutRedis() }, () => {
  let site: ClusterSite
  let [one, two, three]: Node[] = []
  before(async () => {
    site = await startClusterSite({ version: '3.3', answerTimeout: '4s' })
    ;[one, two, three] = site.nodes
    await site.together(...site.nodes)
  })
  after(() => site.close())

  it('a node that is killed: the others send theirs, and it hears what was decided when it is back', async () => {
    assert.ok(one && two && three)
    for (const node of site.nodes) await node.submit(CUSTOMER, `kill ${node.name}`)
    three.haraka.kill('SIGKILL', 'all')
    await three.haraka.exited()
    await site.together(one, two)
    await one.comes(({ cluster }) => cluster?.nodes.some(({ node, alive }) => node === 'three' && !alive) === true)
    assert.equal(said(await one.etrn(CUSTOMER)), `253 2 pending messages for node ${CUSTOMER} started`)
    await two.call('suspend', { domain: MOVING })
    await three.haraka.restart()
    // Known before it takes any mail.
    assert.ok(suspends(MOVING)(await three.call('status', {})))
    await three.submit(MOVING, 'kept three')
    await site.together(...site.nodes)
    assert.equal(said(await one.etrn(CUSTOMER)), `253 1 pending messages for node ${CUSTOMER} started`)
    await site.tookOnce('kill one', 'kill three', 'kill two')
    assert.deepEqual(queued(three.haraka), ['kept three'])
    await one.call('resume', { domain: MOVING })
    await site.tookOnce('kept three')
  })

  it('a node that hangs: ETRN answers all the same, without a number, and the log names it', async () => {
    assert.ok(one && two && three)
    for (const node of site.nodes) await node.submit(CUSTOMER, `hang ${node.name}`)
    three.haraka.kill('SIGSTOP', 'master')
    assert.match(said(await one.etrn(CUSTOMER)), /^250 /)
    await one.haraka.waitForLog(/customer\.example\.com: no answer of three/)
    three.haraka.kill('SIGCONT', 'master')
    await site.tookOnce('hang one', 'hang three', 'hang two')
    await site.together(...site.nodes)
  })

  it('Redis is killed: mail goes on, what is suspended stays so, ETRN is for one; then all is put together', async () => {
    assert.ok(one && two && three)
    await one.call('suspend', { domain: MOVING, reason: 'before' })
    const marks = new Map(site.nodes.map((node) => [node, node.haraka.log.length]))
    await site.redis.kill()
    for (const node of site.nodes) {
      await node.comes(({ cluster }) => cluster?.state === 'away')
      await node.submit(OTHER, `on ${node.name}`)
      await node.submit(MOVING, `stay ${node.name}`)
      await node.submit(CUSTOMER, `own ${node.name}`)
    }
    await site.tookOnce('on one', 'on three', 'on two')
    assert.equal(said(await two.etrn(CUSTOMER)), `253 1 pending messages for node ${CUSTOMER} started`)
    await site.tookOnce('own two')
    // Decided apart, one after the other: the later counts.
    await two.call('suspend', { domain: 'other.example', reason: 'of two' })
    await three.call('suspend', { domain: 'other.example', reason: 'of three' })
    await three.call('resume', { domain: MOVING })
    await site.tookOnce('stay three')
    // One more that does not know Redis at all.
    await two.haraka.restart()
    await two.submit(OTHER, 'started two')
    await site.tookOnce('started two')
    assert.ok(suspends(MOVING)(await two.call('status', {})))
    await site.redis.start()
    await site.together(...site.nodes)
    for (const node of site.nodes) {
      await node.comes((status) => !suspends(MOVING)(status))
      await node.comes(({ suspensions }) => suspensions.some(({ reason }) => reason === 'of three'))
      const away = [...node.haraka.log.slice(marks.get(node)).matchAll(/goes on alone, Redis is away/g)].length
      // The log of one that was started anew goes on.
      assert.equal(away, node === two ? 2 : 1, node.name)
    }
    await site.tookOnce('stay one', 'stay three', 'stay two')
  })

  it('one is killed while it is told, one right after it has decided, and Redis loses all: in force on both when they are back', async () => {
    const [one, two, three] = site.nodes
    await three.freeze('all')
    const { answer } = await site.waiting(() => one.call('suspend', { domain: MOVING, reason: 'told' }))
    three.haraka.kill('SIGKILL', 'all')
    await three.haraka.exited()
    const { nodes } = await answer
    one.haraka.kill('SIGKILL', 'all')
    assert.deepEqual(nodes, { answered: ['two'], silent: ['three'] })
    await one.haraka.exited()
    await two.comes(suspends(MOVING))
    await site.redis.kill()
    await two.comes(({ cluster }) => cluster?.state === 'away')
    await site.redis.start()
    await two.comes(({ cluster }) => cluster?.state === 'joined')
    await Promise.all([one, three].map(({ haraka }) => haraka.restart()))
    for (const node of [one, three]) {
      // Known before they take any mail.
      assert.ok(suspends(MOVING)(await node.call('status', {})), node.name)
      await node.submit(MOVING, `told ${node.name}`)
      assert.ok(queued(node.haraka).includes(`told ${node.name}`), node.name)
    }
    await site.together(...site.nodes)
    await two.call('resume', { domain: MOVING })
    await site.tookOnce('told one', 'told three')
  })

  it('Redis is killed while suspend waits for a node, and while ETRN does: both are answered, nothing is lost', async () => {
    const [one, , three] = site.nodes
    for (const node of site.nodes) await node.submit(CUSTOMER, `lost ${node.name}`)
    // Its master writes the decision down, and waits for its worker.
    await three.freeze('workers')
    const suspending = await site.waiting(() => one.call('suspend', { domain: MOVING, reason: 'told before' }))
    await three.haraka.waitFor(() => three.haraka.read(STATE_FILE).includes('told before'), { watch: STATE_FILE })
    await site.redis.kill()
    const otherwise = (): string => 'there is no answer'
    const { nodes } = await within(suspending.answer, { otherwise })
    assert.deepEqual(nodes, { answered: ['two'], silent: ['three'] })
    three.thaw()
    await three.comes(suspends(MOVING))
    await site.redis.start()
    await site.together(...site.nodes)
    const there = (): string => site.redis.command('HGET', 'dmail:record:operator', `suspend ${MOVING}`)
    await until(() => there().includes('told before'), { otherwise: () => `in Redis is ${there()}` })

    await three.freeze('all')
    const asking = await site.waiting(() => one.etrn(CUSTOMER))
    await site.redis.kill()
    assert.match(said(await within(asking.answer, { otherwise })), /^250 /)
    three.thaw()
    await site.redis.start()
    await site.together(...site.nodes)
    // What came through Redis before it died may have been heard, or not.
    assert.match(said(await one.etrn(CUSTOMER)), /^25[13] /)
    await site.tookOnce('lost one', 'lost three', 'lost two')
    await one.call('resume', { domain: MOVING })
  })

  it('a node is killed in the middle of what ETRN has it send: asked again all arrives, twice only what was in flight', async () => {
    const [one, , three] = site.nodes
    const subjects = Array.from({ length: 12 }, (_, n) => `flush ${n}`)
    await three.submit(CUSTOMER, ...subjects)
    await one.submit(CUSTOMER, 'flush one')
    const [done, inFlight, left] = [subjects.slice(0, 4), subjects.slice(4, 8), subjects.slice(8)]
    const held = holdMessages(site.nextHop)
    const { message: hold } = site.nextHop.reply
    site.nextHop.reply = { message: (one) => (done.includes(subjectOf(one)) ? undefined : hold?.(one)) }
    assert.equal(said(await one.etrn(CUSTOMER)), `253 13 pending messages for node ${CUSTOMER} started`)
    const isDone = (): boolean => !queued(three.haraka).some((subject) => done.includes(subject))
    await three.haraka.waitFor(() => held.count === 9 && isDone(), { watch: 'queue' })
    await three.freeze('all')
    // The next hop takes some, and the node does not hear of it any more.
    held.release((subject) => (left.includes(subject) ? '451 4.3.0 nobody hears this' : '250 2.0.0 taken'))
    await three.haraka.waitFor(() => inFlight.every((subject) => site.taken().includes(subject)))
    three.haraka.kill('SIGKILL', 'all')
    await three.haraka.exited()
    await three.haraka.restart()
    assert.deepEqual(queued(three.haraka).sort(), [...inFlight, ...left].sort())
    await site.together(...site.nodes)
    assert.match(said(await one.etrn(CUSTOMER)), /^25[03] /)
    await site.tookOnce(...subjects, ...inFlight, 'flush one')
  })
})
