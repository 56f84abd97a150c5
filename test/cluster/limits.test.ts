import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createAttempts } from '../../lib/auth/attempts.js'
import { countElsewhere, noteElsewhere, takeEverywhere, volumeEverywhere } from '../../lib/cluster/limits.js'
import { createLocalHub } from '../../lib/cluster/local-store.js'
import { createUnasked } from '../../lib/cluster/unasked.js'
import { createRateLimit } from '../../lib/rate.js'
import { createVolume } from '../../lib/routing/volume.js'

const RATE = { count: 2, per: 1000 }

function nodes() {
  let now = 0
  const clock = (): number => now
  const hub = createLocalHub(clock)
  return {
    pass: (ms: number) => (now += ms),
    clock,
    join: () => ({ shared: hub.join(), local: createRateLimit(clock), volume: createVolume(clock) }),
  }
}

describe('limits of all nodes', () => {
  it('while nobody is out of reach they are those of all', async () => {
    const { join, pass } = nodes()
    const [one, two] = [join(), join()]
    const take = ({ shared, local }: typeof one): Promise<number> => takeEverywhere(shared, local, 'etrn', 'd', RATE)
    assert.deepEqual([await take(one), await take(two), await take(two), await take(one)], [0, 0, 1000, 1000])
    pass(1000)
    assert.equal(await take(two), 0)
  })

  it('while Redis is away each node has its own, with what it let in before', async () => {
    const { join } = nodes()
    const [one, two] = [join(), join()]
    const take = ({ shared, local }: typeof one): Promise<number> => takeEverywhere(shared, local, 'etrn', 'd', RATE)
    assert.equal(await take(one), 0)
    for (const { shared } of [one, two]) shared.setAway(true)
    assert.deepEqual([await take(one), await take(one)], [0, 1000])
    assert.deepEqual([await take(two), await take(two), await take(two)], [0, 0, 1000])
  })

  it('without a limit nobody is asked', async () => {
    const { join } = nodes()
    const { shared, local } = join()
    const off = { count: Infinity, per: 1000 }
    const asked = (): Promise<number> => Promise.reject(new Error('asked'))
    Object.assign(shared, { take: asked, count: asked })
    assert.equal(await takeEverywhere(shared, local, 'etrn', 'd', off), 0)
    assert.equal(await countElsewhere(shared, 'auth.ip', 'x', off), 0)
  })

  it('what one node refused is not counted against anybody when Redis goes away', async () => {
    const { join } = nodes()
    const [one, two] = [join(), join()]
    const take = ({ shared, volume }: typeof one): Promise<boolean> =>
      volumeEverywhere(shared, volume, 'fromip', '192.0.2.1', 2, 1000)
    assert.deepEqual([await take(one), await take(one), await take(two), await take(two)], [true, true, false, false])
    for (const { shared } of [one, two]) shared.setAway(true)
    assert.deepEqual([await take(one), await take(two), await take(two), await take(two)], [false, true, true, false])
  })

  describe('a client that sends fast', () => {
    const PERIOD_MS = 3_600_000

    /** A node that notes when it asks. */
    function counting({ join, clock }: ReturnType<typeof nodes>) {
      const { shared, volume } = join()
      const unasked = createUnasked(clock)
      let questions = 0
      const asking = {
        ...shared,
        volume: (...args: Parameters<typeof shared.volume>): Promise<number> => {
          questions++
          return shared.volume(...args)
        },
      }
      return {
        setAway: (away: boolean) => {
          shared.setAway(away)
        },
        questions: () => questions,
        take: (max: number, ip = '192.0.2.1'): Promise<boolean> =>
          volumeEverywhere(asking, volume, 'fromip', ip, max, PERIOD_MS, unasked),
      }
    }
    const times = async (count: number, take: () => Promise<boolean>): Promise<number> => {
      let taken = 0
      for (let n = 0; n < count; n++) if (await take()) taken++
      return taken
    }

    it('is asked about once in a while until half of what it may is reached, then for each message', async () => {
      const world = nodes()
      const one = counting(world)
      assert.equal(await times(50, () => one.take(100)), 50)
      assert.equal(one.questions(), 1)
      assert.equal(await times(60, () => one.take(100)), 50)
      assert.equal(one.questions(), 61)
    })

    it('has all its messages counted for the other nodes, whoever else sends meanwhile', async () => {
      const world = nodes()
      const [one, two] = [counting(world), counting(world)]
      assert.equal(await times(30, () => one.take(100)), 30)
      world.pass(100)
      await one.take(100, '192.0.2.2')
      await one.take(100)
      assert.equal(one.questions(), 3)
      assert.equal(await times(200, () => two.take(100)), 69)
    })

    it('and where a few are all it may, is asked about for each', async () => {
      const world = nodes()
      const [one, two] = [counting(world), counting(world)]
      assert.equal(await times(20, () => one.take(40)), 20)
      assert.equal(await times(30, () => two.take(40)), 20)
      assert.deepEqual([one.questions(), two.questions()], [20, 30])
    })

    it('has the limit of the node alone while Redis is away, with what was let in before', async () => {
      const world = nodes()
      const one = counting(world)
      assert.equal(await times(30, () => one.take(100)), 30)
      one.setAway(true)
      assert.equal(await times(200, () => one.take(100)), 70)
      world.pass(100)
      assert.equal(await one.take(100), false)
    })
  })

  it('failed logins on one node count on the others, and never let in more than this node alone would', async () => {
    const { join, clock } = nodes()
    const rates = { ip: { count: 3, per: 1000 }, user: { count: Infinity, per: 1000 } }
    const [one, two] = [join(), join()].map(({ shared }) => {
      const attempts = createAttempts(clock, {
        count: (kind, key, rate) => countElsewhere(shared, kind, key, rate),
        note: (kind, key, rate) => {
          noteElsewhere(shared, kind, key, rate)
        },
      })
      const fail = async (): Promise<boolean> => {
        const ticket = await attempts.begin({ ip: '192.0.2.1', user: 'bob' }, rates)
        if (ticket !== undefined) attempts.end(ticket, 'wrong')
        return ticket !== undefined
      }
      return { shared, fail }
    })
    assert.ok(one !== undefined && two !== undefined)
    assert.deepEqual([await one.fail(), await two.fail()], [true, true])
    for (const { shared } of [one, two]) shared.setAway(true)
    assert.deepEqual([await one.fail(), await one.fail(), await one.fail()], [true, true, false])
    for (const { shared } of [one, two]) shared.setAway(false)
    assert.deepEqual([await one.fail(), await two.fail(), await two.fail()], [false, true, false])
  })
})
