import assert from 'node:assert/strict'
import { it } from 'node:test'
import { countFor, domainSummaries, queueTotals } from '../../lib/queue/summary.js'
import { fakeSight, idOf } from './sight.js'

const LATER = Date.now() + 3_600_000
const NOTE = { version: 1 }

function queue(): ReturnType<typeof fakeSight> {
  const sight = fakeSight(
    [
      { to: 'a@off.example.com', arrivedMs: 5000, bytes: 10 },
      { to: 'b@off.example.com', arrivedMs: 4000, bytes: 20, entry: { reason: '450 old', dueMs: 8000 } },
      { to: 'c@off.example.com', arrivedMs: 6000, bytes: 30, entry: { reason: '450 new', dueMs: 9000 } },
      { to: 'd@on.example.org', bytes: 40, entry: { dueMs: 7000 } },
      { to: 'e@on.example.org', bytes: 50, entry: { dueMs: 6500 } },
      { to: 'f@on.example.org', bytes: 60, entry: { stage: 'sending', dueMs: 1 } },
      { to: 'g@home.example.com', bytes: 70, entry: { dueMs: 3000 } },
      { to: 'h@off.example.com', arrivedMs: 3000, bytes: 80, note: NOTE, entry: { dueMs: 9500 } },
      { to: 'i@sub.off.example.com', arrivedMs: 2000, bytes: 90 },
    ],
    [{ domain: 'off.example.com' }, { domain: '*.example.com', at: 'dmail.conf:4', untilMs: LATER }],
  )
  sight.held.add(idOf(4))
  return sight
}

it('the totals of a process, with what waits because of each suspension', async () => {
  assert.deepEqual(await queueTotals(queue()), {
    count: 9,
    bytes: 450,
    sending: 1,
    held: 1,
    states: { waiting: 3, suspended: 4, held: 1, starting: 0, sending: 1 },
    suspended: [
      { key: ' off.example.com', count: 3, bytes: 60, oldestMs: 4000 },
      { key: 'dmail.conf:4 *.example.com', count: 1, bytes: 90, oldestMs: 2000 },
    ],
    domains: [
      ['off.example.com', 4],
      ['on.example.org', 3],
      ['home.example.com', 1],
      ['sub.off.example.com', 1],
    ],
    otherDomains: 0,
  })
})

it('the summary of each domain that is asked for: next try, latest reason, held', async () => {
  const all = await domainSummaries(queue(), [
    'on.example.org',
    'off.example.com',
    'home.example.com',
    'sub.off.example.com',
    'x',
  ])
  assert.deepEqual(all, [
    {
      domain: 'on.example.org',
      count: 3,
      bytes: 150,
      oldestMs: 1003,
      nextMs: 7000,
      reason: '',
      suspended: false,
      held: 1,
    },
    // The local work for it is not suspended.
    {
      domain: 'off.example.com',
      count: 4,
      bytes: 140,
      oldestMs: 3000,
      nextMs: 9500,
      reason: '450 new',
      suspended: true,
      held: 0,
    },
    {
      domain: 'home.example.com',
      count: 1,
      bytes: 70,
      oldestMs: 1006,
      nextMs: 3000,
      reason: '',
      suspended: false,
      held: 0,
    },
    {
      domain: 'sub.off.example.com',
      count: 1,
      bytes: 90,
      oldestMs: 2000,
      nextMs: LATER,
      reason: '',
      suspended: true,
      held: 0,
    },
  ])
})

it('names no more domains than a message between processes should hold', async () => {
  const sight = fakeSight(Array.from({ length: 20_010 }, (_, n) => ({ to: `a@d${n % 20_005}.example.com` })))
  const { domains, otherDomains } = await queueTotals(sight)
  assert.deepEqual([domains.length, otherDomains, domains[4]?.[1], domains[5]?.[1]], [20_000, 5, 2, 1])
})

it('how much mail a suspension is about', async () => {
  const sight = queue()
  const counts = await Promise.all(
    ['off.example.com', '*.example.com', '*', 'nothing.example.com'].map((domain) => countFor(sight, domain)),
  )
  assert.deepEqual(counts, [3, 4, 7, 0])
})
