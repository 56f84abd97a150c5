import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createAttempts, networkOf, type AttemptRates, type Attempts, type Outcome } from '../../lib/auth/attempts.js'

const MINUTE = 60_000
const OFF = { count: Infinity, per: 1000 }
const RATES: AttemptRates = { ip: { count: 3, per: 10 * MINUTE }, user: { count: 4, per: 10 * MINUTE } }

interface Desk {
  /** One attempt from beginning to end; false where it was not let through. */
  readonly attempt: (ip: string, user: string | undefined, outcome: Outcome) => Promise<boolean>
  readonly begin: (ip: string, user: string | undefined) => Promise<number | undefined>
  readonly end: (ticket: number, outcome: Outcome) => void
  readonly pass: (ms: number) => void
}

function desk(rates = RATES): Desk {
  let now = 0
  const attempts: Attempts = createAttempts(() => now)
  return {
    attempt: async (ip, user, outcome) => {
      const ticket = await attempts.begin({ ip, user }, rates)
      if (ticket !== undefined) attempts.end(ticket, outcome)
      return ticket !== undefined
    },
    begin: (ip, user) => attempts.begin({ ip, user }, rates),
    end: (ticket, outcome) => {
      attempts.end(ticket, outcome)
    },
    pass: (ms) => {
      now += ms
    },
  }
}

/** Whether a promise is still open when everything else that can happen has happened. */
async function waits(promise: Promise<unknown>): Promise<boolean> {
  let open = true
  promise.then(() => (open = false)).catch(() => (open = false))
  await new Promise((resolve) => setImmediate(resolve))
  return open
}

describe('failed logins', () => {
  it('of one address: so many, then none until the first is over', async () => {
    const { attempt, pass } = desk()
    for (const user of ['a', 'b', undefined]) {
      assert.ok(await attempt('192.0.2.7', user, 'wrong'))
      pass(MINUTE)
    }
    assert.equal(await attempt('192.0.2.7', 'ann', 'right'), false)
    assert.ok(await attempt('192.0.2.8', 'ann', 'right'))
    pass(7 * MINUTE)
    assert.ok(await attempt('192.0.2.7', 'ann', 'wrong'))
    assert.equal(await attempt('192.0.2.7', 'ann', 'wrong'), false)
  })

  it('of one user, from wherever', async () => {
    const { attempt } = desk()
    for (let n = 0; n < 4; n++) assert.ok(await attempt(`192.0.2.${n}`, 'ann', 'wrong'))
    assert.equal(await attempt('192.0.2.9', 'ann', 'right'), false)
    assert.ok(await attempt('192.0.2.9', 'bob', 'right'))
  })

  it('of others do not keep out who was let in from the same address before', async () => {
    const { attempt } = desk()
    assert.ok(await attempt('192.0.2.9', 'ann', 'right'))
    for (let n = 0; n < 4; n++) assert.ok(await attempt(`192.0.2.${n}`, 'ann', 'wrong'))
    assert.ok(await attempt('192.0.2.9', 'ann', 'right'))
    assert.equal(await attempt('192.0.2.9', 'bob', 'right'), true)
  })

  it('a success makes none of them undone, and counts for nothing itself', async () => {
    const { attempt } = desk()
    for (let n = 0; n < 3; n++) {
      for (let good = 0; good < 5; good++) assert.ok(await attempt('192.0.2.7', 'bob', 'right'))
      assert.ok(await attempt('192.0.2.7', `ann${n}`, 'wrong'))
    }
    assert.equal(await attempt('192.0.2.7', 'bob', 'right'), false)
  })

  it('a module that is away counts for nothing', async () => {
    const { attempt } = desk()
    for (let n = 0; n < 9; n++) assert.ok(await attempt('192.0.2.7', 'ann', 'unavailable'))
  })

  it('those under way count until they have ended: more have to wait for them', async () => {
    const { begin, end } = desk()
    const first = [await begin('192.0.2.7', 'a'), await begin('192.0.2.7', 'b'), await begin('192.0.2.7', 'c')]
    const [fourth, fifth] = [begin('192.0.2.7', 'd'), begin('192.0.2.7', 'e')]
    assert.deepEqual([await waits(fourth), await waits(fifth)], [true, true])
    end(first[0] ?? 0, 'right')
    assert.notEqual(await fourth, undefined)
    assert.ok(await waits(fifth))
    end(first[1] ?? 0, 'wrong')
    end(first[2] ?? 0, 'wrong')
    end((await fourth) ?? 0, 'wrong')
    assert.equal(await fifth, undefined)
  })

  it('one of a process that has gone counts as a failure in the end', async () => {
    const { attempt, begin, pass } = desk()
    for (let n = 0; n < 3; n++) await begin('192.0.2.7', `user${n}`)
    pass(MINUTE)
    assert.equal(await attempt('192.0.2.7', 'ann', 'right'), false)
  })

  it('who has waited too long gets no ticket any more', async () => {
    const { begin, end, pass } = desk()
    const first = await begin('192.0.2.7', 'a')
    for (const user of ['b', 'c']) await begin('192.0.2.7', user)
    const late = begin('192.0.2.7', 'd')
    assert.ok(await waits(late))
    pass(11_000)
    end(first ?? 0, 'right')
    await assert.rejects(late, /take too long/)
  })

  it('an end that comes twice, or for nothing, is no harm', async () => {
    const { begin, end, attempt } = desk()
    const ticket = (await begin('192.0.2.7', 'ann')) ?? 0
    for (let n = 0; n < 9; n++) end(ticket, 'wrong')
    end(999, 'wrong')
    assert.ok(await attempt('192.0.2.7', 'ann', 'right'))
  })

  it('are not limited with off', async () => {
    const { attempt } = desk({ ip: OFF, user: OFF })
    for (let n = 0; n < 50; n++) assert.ok(await attempt('192.0.2.7', 'ann', 'wrong'))
  })

  it('of IPv6 count for the network', () => {
    assert.equal(networkOf('2001:db8:1:2:3:4:5:6'), networkOf('2001:db8:1:2::9'))
    assert.notEqual(networkOf('2001:db8:1:2::9'), networkOf('2001:db8:1:3::9'))
    assert.equal(networkOf('::ffff:192.0.2.7'), '192.0.2.7')
  })
})
