import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { statusText } from '../../lib/text/status.js'
import type { Status } from '../../lib/control/protocol.js'
import { resultOf, talk } from './fake-server.js'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const NOW = new Date(2026, 10, 25, 12, 0).getTime()

const IDLE: Status = {
  version: '0.1.0',
  pid: 4711,
  startedMs: NOW - 3 * HOUR,
  workers: 1,
  missing: 0,
  complete: true,
  queue: { count: 0, bytes: 0, sending: 0 },
  domains: [],
  otherDomains: 0,
  suspensions: [],
  held: 0,
}

const BUSY: Status = {
  ...IDLE,
  workers: 3,
  queue: { count: 1234, bytes: 4_200_000, sending: 2 },
  held: 3,
  otherDomains: 7,
  domains: [
    {
      domain: 'example.com',
      count: 1200,
      bytes: 4_000_000,
      oldestMs: NOW - 50 * HOUR,
      nextMs: NOW + 12 * MINUTE,
      reason: '450 4.2.0 busy\u001b[2J',
      suspended: false,
      held: 2,
    },
    { domain: 'domain2.com', count: 30, bytes: 812, oldestMs: NOW - HOUR, reason: '', suspended: true, held: 0 },
    { domain: 'domain3.com', count: 1, bytes: 90, oldestMs: NOW - HOUR, reason: '', suspended: false, held: 1 },
    { domain: 'domain5.com', count: 1, bytes: 90, oldestMs: NOW - HOUR, reason: '', suspended: false, held: 0 },
  ],
  suspensions: [
    { domain: 'domain2.com', at: 'dmail.conf:12', count: 30, bytes: 812, oldestMs: NOW - HOUR },
    {
      domain: '*.domain4.com',
      reason: 'they move',
      sinceMs: NOW - HOUR,
      untilMs: new Date(2026, 11, 24, 18).getTime(),
      count: 0,
      bytes: 0,
    },
  ],
  ras: {
    host: 'mx.provider.example',
    everyMinutes: 15,
    nextMs: NOW + 3 * MINUTE,
    last: {
      atMs: NOW - 12 * MINUTE,
      ok: false,
      replies: [
        { domain: 'domain1.com', ok: true, text: '250 2.0.0 Queuing started' },
        { domain: 'vdomain.com', ok: false, text: '459 4.7.1 not allowed\r\n' },
      ],
    },
  },
}

/** Colours by their name. */
const shown = (status: Status, width?: number): string =>
  `${statusText(status, { nowMs: NOW, width }, (colour, text) => (colour === 'bold' || colour === 'dim' ? text : `<${colour}>${text}`))}\n`

describe('the text of dmail status', () => {
  it('of a server with nothing to do', () => {
    assert.equal(
      shown(IDLE),
      `dmail 0.1.0, running since 2026-11-25 09:00 (3h), process 4711
queue: 0 messages, 0, 0 being sent
`,
    )
  })

  it('of one with everything', () => {
    assert.equal(
      shown(BUSY),
      `dmail 0.1.0, running since 2026-11-25 09:00 (3h), process 4711, 3 workers
queue: 1234 messages, 4.0m, 2 being sent, 3 held

DOMAIN         MAIL   SIZE  OLDEST  NEXT TRY
example.com    1200   3.8m      2d  in 12m, 2 held
    450 4.2.0 busy\\x1b[2J
domain2.com      30    812      1h  suspended
domain3.com       1     90      1h  all held
domain5.com       1     90      1h  -
and 7 domains more

SUSPENDED        MAIL   SIZE  OLDEST  BY
domain2.com        30    812      1h  dmail.conf:12
*.domain4.com       0      0       -  an operator (they move) until 2026-12-24 18:00

asks mx.provider.example for mail every 15 minutes, next in 3m; last at 2026-11-25 11:48 (12m ago) went <red>badly
    domain1.com: 250 2.0.0 Queuing started
<red>    vdomain.com: 459 4.7.1 not allowed\\x0d\\x0a
`,
    )
  })

  const lines: readonly (readonly [string, Partial<Status>, RegExp])[] = [
    [
      'a worker is missing',
      { workers: 2, missing: 1 },
      /^<yellow>not everything is counted: 1 of 3 workers did not answer$/m,
    ],
    [
      'the queue is being read',
      { complete: false },
      /^<yellow>not everything is counted: the queue is still being read/m,
    ],
    [
      'the provider was not asked yet',
      { ras: { host: 'mx', everyMinutes: 1, nextMs: NOW } },
      /^asks mx for mail every 1 minute, next now; not asked yet$/m,
    ],
  ]
  for (const [what, changes, pattern] of lines) {
    it(`says that ${what}`, () => {
      assert.match(shown({ ...IDLE, ...changes }), pattern)
    })
  }
})

describe('dmail status', () => {
  it('prints it, and ends with 0', async () => {
    const { exit, out, err, requests } = await talk(['status'], resultOf('status', BUSY))
    assert.deepEqual(requests, [{ command: 'status', args: {} }])
    assert.match(out, /^dmail 0\.1\.0, running since 2026-11-25 09:00 /)
    assert.deepEqual([exit, err], [0, ''])
  })
  it('prints JSON', async () => {
    assert.deepEqual(JSON.parse((await talk(['status', '--json'], resultOf('status', BUSY))).out), BUSY)
  })
  it('ends with 1 where a worker did not answer', async () => {
    assert.equal((await talk(['status'], resultOf('status', { ...IDLE, missing: 1 }))).exit, 1)
  })
  it('ends with 0 while the queue is being read', async () => {
    assert.equal((await talk(['status'], resultOf('status', { ...IDLE, complete: false }))).exit, 0)
  })
})
