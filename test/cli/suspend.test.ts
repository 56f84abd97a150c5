import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Commands, Request } from '../../lib/control/protocol.js'
import type { FlushResult } from '../../lib/queue/shown.js'
import { resultOf, talk } from './fake-server.js'

describe('dmail suspend', () => {
  const result: Commands['suspend']['result'] = { suspension: { domain: 'example.com' }, waiting: 0 }
  const answer = resultOf('suspend', result)

  it('asks for a suspension without an end', async () => {
    const { exit, out, requests } = await talk(['suspend', 'example.com'], answer)
    assert.deepEqual(requests, [{ command: 'suspend', args: { domain: 'example.com' } }])
    assert.deepEqual([exit, out], [0, 'example.com suspended: no message is waiting\n'])
  })

  it('with reason and end', async () => {
    const untilMs = new Date(2099, 11, 24, 18).getTime()
    const { out, requests } = await talk(
      ['suspend', '*.example.com', '--reason', 'they move', '--until', '2099-12-24T18:00'],
      resultOf('suspend', { suspension: { domain: '*.example.com', reason: 'they move', untilMs }, waiting: 12 }),
    )
    assert.deepEqual(requests, [
      { command: 'suspend', args: { domain: '*.example.com', reason: 'they move', untilMs } },
    ])
    assert.equal(out, '*.example.com suspended until 2099-12-24 18:00 (they move): 12 messages are waiting\n')
  })

  it('counts an end from now', async () => {
    const before = Date.now()
    const { requests } = await talk(['suspend', 'example.com', '--until', '2h'], answer)
    const [request] = requests as Request<'suspend'>[]
    const untilMs = request?.args.untilMs ?? 0
    assert.ok(untilMs >= before + 7_200_000 && untilMs <= Date.now() + 7_200_000)
  })

  for (const until of ['2001-01-01', 'soon']) {
    it(`takes --until ${until} for wrong use`, async () => {
      const { exit, err, requests } = await talk(['suspend', 'example.com', '--until', until], answer)
      assert.deepEqual([exit, requests], [2, []])
      assert.match(err, new RegExp(`^dmail: --until "${until}" is `))
    })
  }

  it('takes two domains for wrong use', async () => {
    assert.equal((await talk(['suspend', 'a.example.com', 'b.example.com'], answer)).exit, 2)
  })

  it('prints the answer as JSON', async () => {
    assert.deepEqual(JSON.parse((await talk(['suspend', 'example.com', '--json'], answer)).out), result)
  })
})

describe('dmail resume', () => {
  const rows: readonly (readonly [string, Commands['resume']['result'], number, string])[] = [
    ['that was suspended', { resumed: true }, 0, 'example.com resumed: mail whose time has come is tried now'],
    ['that was not', { resumed: false }, 1, 'example.com was not suspended by an operator'],
    [
      'that dmail.conf suspends too',
      { resumed: true, still: { domain: 'example.com', at: 'dmail.conf:12' } },
      1,
      'example.com resumed, but dmail.conf:12 suspends it: remove or change the line "suspend_domain example.com"',
    ],
    [
      'that dmail.conf alone suspends',
      { resumed: false, still: { domain: 'example.com, *.example.com', at: 'dmail.conf:12' } },
      1,
      'example.com was not suspended by an operator, but dmail.conf:12 suspends it: remove or change the line ' +
        '"suspend_domain example.com, *.example.com"',
    ],
    [
      'that is suspended with others',
      { resumed: false, still: { domain: '*' } },
      1,
      `example.com was not suspended by an operator, but an operator suspended *: "dmail resume '*'" ends that`,
    ],
  ]
  for (const [what, result, exit, text] of rows) {
    it(`of a domain ${what}`, async () => {
      const ran = await talk(['resume', 'example.com'], resultOf('resume', result))
      assert.deepEqual(ran.requests, [{ command: 'resume', args: { domain: 'example.com' } }])
      assert.deepEqual([ran.exit, ran.out], [exit, `${text}\n`])
      assert.deepEqual(
        JSON.parse((await talk(['resume', 'example.com', '--json'], resultOf('resume', result))).out),
        result,
      )
    })
  }
})

describe('dmail etrn', () => {
  const some: FlushResult = { workers: 1, missing: 0, complete: true, count: 3, running: false }
  const rows: readonly (readonly [string, string, Partial<FlushResult>, number, string])[] = [
    ['sends what waits', 'example.com', {}, 0, '3 messages for example.com tried now'],
    ['with sub-domains', '@example.com', { count: 1 }, 0, '1 message for example.com and its sub-domains tried now'],
    ['finds nothing', 'example.com', { count: 0 }, 0, 'nothing waits for example.com'],
    [
      'comes too early',
      'example.com',
      { running: true, count: 0 },
      1,
      'mail for example.com is being sent already: nothing was begun',
    ],
    [
      'lacks a worker',
      'example.com',
      { missing: 1, complete: false },
      1,
      '3 messages for example.com tried now; there may be more: 1 of 2 workers did not answer',
    ],
    [
      'comes while the queue is read',
      'example.com',
      { count: 0, complete: false },
      0,
      'nothing waits for example.com; the queue is still being read: what is found for it is tried too',
    ],
  ]
  for (const [what, node, changes, exit, text] of rows) {
    it(what, async () => {
      const result = { ...some, ...changes }
      const ran = await talk(['etrn', node], resultOf('etrn', result))
      assert.deepEqual(ran.requests, [{ command: 'etrn', args: { node } }])
      assert.deepEqual([ran.exit, ran.out], [exit, `${text}\n`])
      assert.deepEqual(JSON.parse((await talk(['etrn', node, '--json'], resultOf('etrn', result))).out), result)
    })
  }
})
