import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { withoutRedis } from '../support/redis.js'
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
import { said } from './etrn-site.js'

describe('three nodes of which something fails', { skip: withoutRedis() }, () => {
  let site: ClusterSite
  let [one, two, three]: Node[] = []
  before(async () => {
    site = await startClusterSite({ version: '3.3', answerTimeout: '2s' })
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
      const away = [...node.haraka.log.matchAll(/goes on alone, Redis is away/g)].length
      // The log of one that was started anew goes on.
      assert.equal(away, node === two ? 2 : 1, node.name)
    }
    await site.tookOnce('stay one', 'stay three', 'stay two')
  })
})
