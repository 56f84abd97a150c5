import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { LIST_HEAD } from '../../lib/text/queue.js'
import type { ControlError, Status } from '../../lib/control/protocol.js'
import type { ActionResult, QueueRow } from '../../lib/queue/shown.js'
import type { TracedRoute } from '../../lib/routing/report.js'
import { queueRow } from './rows.js'
import { talk, type Script } from './fake-server.js'

const WHOLE = { workers: 1, missing: 0, complete: true }
const DEAD = { node: 'mail4', error: 'it is dead since 12m\u001b', hint: '', silent: true }
const NOBODY = { nodes: [], alone: 'Redis is away: refused\u001b' }

/** What a server says of all nodes is no answer of one: the types of scripts do not know it. */
const script = (...answers: readonly unknown[]): Script => {
  return () => answers as ReturnType<Script>
}

function statusOf(count: number, changes: Partial<Status> = {}): Status {
  return {
    version: '0.1.0',
    pid: 7,
    startedMs: Date.now() - 3_600_000,
    ...WHOLE,
    queue: { count, bytes: count * 1024, sending: 1 },
    domains: [],
    otherDomains: 0,
    suspensions: [],
    held: 0,
    ...changes,
  }
}

const row = (node: string, id: string): QueueRow & { node: string } => ({ node, ...queueRow(id) })

describe('commands for other nodes', () => {
  const asked: readonly (readonly [args: readonly string[], command: string, on: unknown])[] = [
    [['status', '--node', 'mail2'], 'status', { node: 'mail2' }],
    [['status', '--all'], 'status', 'all'],
    [['queue', '--all'], 'queue.list', 'all'],
    [['queue', '--node', 'mail2', 'list'], 'queue.list', { node: 'mail2' }],
    [['queue', 'list', 'all', '--node', 'mail2'], 'queue.list', { node: 'mail2' }],
    // The word stands for all messages, here and there.
    [['queue', 'all'], 'queue.list', undefined],
    [['queue', 'show', 'x', '--all'], 'queue.show', 'all'],
    [['queue', 'send', 'all', '--all'], 'queue.send', 'all'],
    [['queue', 'hold', 'all', '--node', 'all'], 'queue.hold', { node: 'all' }],
    [['queue', 'release', 'all', '--node', 'mail2'], 'queue.release', { node: 'mail2' }],
    [['queue', 'drop', '--all', 'all'], 'queue.drop', 'all'],
    [['suspend', 'a.example', '--node', 'mail2'], 'suspend', { node: 'mail2' }],
    [['resume', 'a.example', '--all'], 'resume', 'all'],
    [['etrn', 'a.example', '--node', 'mail2'], 'etrn', { node: 'mail2' }],
    [['etrn', 'a.example', '--all'], 'etrn', 'all'],
    [['route', 'a@a.example', '--node', 'mail2'], 'route', { node: 'mail2' }],
    [['route', 'a@a.example', '--all'], 'route', 'all'],
  ]
  const refused: ControlError = { message: 'there is no node mail2', hint: 'the nodes are mail1, mail3' }
  for (const [args, command, on] of asked) {
    it(`dmail ${args.join(' ')} asks for it, and says what the server says`, async () => {
      const { exit, out, err, requests } = await talk(args, script({ error: refused }))
      const [request] = requests
      assert.deepEqual([request?.command, request?.on], [command, on])
      assert.deepEqual([exit, out], [1, ''])
      assert.equal(err, 'dmail: there is no node mail2\n       the nodes are mail1, mail3\n')
    })
  }

  for (const args of [
    ['status', '--node', 'mail2', '--all'],
    ['queue', '--all', 'list', '--node', 'mail2'],
    ['status', '--node', 'mail 2'],
    ['status', '--node', ''],
    ['queue', 'drop', '--all'],
    ['route', 'a@a.example', '--files', '--all'],
    ['route', 'a@a.example', '--files', '--node', 'mail2'],
    ['etrn', 'a.example', '--remote', 'mx.example', '--all'],
    ['reload', '--all'],
    ['queue', 'adopt', '/some/dir', '--node', 'mail2'],
    ['queue', '--all', 'adopt', '/some/dir'],
    ['log', '--node', 'mail2'],
  ]) {
    it(`dmail ${args.join(' ')} is wrong use`, async () => {
      const { exit, err, requests } = await talk(args, script())
      assert.deepEqual([exit, requests], [2, []])
      assert.notEqual(err, '')
    })
  }

  it('without a server there is nobody to ask, not even the files', async () => {
    for (const args of [
      ['status', '--all'],
      ['route', 'a@a.example', '--node', 'mail2'],
      ['route', 'a@a.example', '--all'],
    ]) {
      assert.equal((await talk(args, script())).exit, 75, args.join(' '))
    }
  })
})

describe('dmail status --all', () => {
  const two = [
    { node: 'mail1', result: statusOf(3) },
    { node: 'mail2', result: statusOf(1) },
  ]

  it('shows each node, and the sum', async () => {
    const { exit, out } = await talk(['status', '--all'], script({ result: { nodes: two } }))
    assert.match(
      out,
      /^node mail1\ndmail .*\nqueue: 3 messages, .*\n\nnode mail2\ndmail .*\nqueue: 1 message, .*\n\n2 of 2 nodes: 4 messages, 4\.0k, 2 being sent\n$/,
    )
    assert.equal(exit, 0)
  })

  const ends: readonly (readonly [string, unknown, RegExp])[] = [
    ['a node is dead', { nodes: [...two, DEAD] }, /^node mail4: it is dead since 12m\\x1b\n2 of 3 nodes: /m],
    [
      'Redis is away',
      { ...NOBODY, nodes: [two[0], DEAD] },
      /^no other node could be asked: Redis is away: refused\\x1b\n1 of/m,
    ],
    [
      'a worker is missing',
      { nodes: [{ node: 'mail1', result: statusOf(1, { missing: 1 }) }] },
      /1 of 2 workers did not/,
    ],
  ]
  for (const [what, result, pattern] of ends) {
    it(`ends with 1 where ${what}, and says so`, async () => {
      const { exit, out } = await talk(['status', '--all'], script({ result }))
      assert.match(out, pattern)
      assert.equal(exit, 1)
      const json = await talk(['status', '--all', '--json'], script({ result }))
      assert.deepEqual([json.exit, JSON.parse(json.out)], [1, result])
    })
  }

  it('names those that are dead once where all are out of reach', async () => {
    const { out } = await talk(['status', '--all'], script({ result: { ...NOBODY, nodes: [two[0], DEAD] } }))
    assert.doesNotMatch(out, /mail4/)
  })
})

describe('dmail queue list --all', () => {
  const counts = [
    { node: 'mail1', result: { ...WHOLE, count: 2 } },
    { node: 'mail2', result: { ...WHOLE, count: 0 } },
    { node: 'mail3', result: { ...WHOLE, count: 1 } },
  ]
  const items = [{ item: row('mail1', 'a1') }, { item: row('mail1', 'a2') }, { item: row('mail3', 'c1') }]

  it('prints the rows of one node after those of another, and counts all', async () => {
    const { exit, out } = await talk(['queue', '--all'], script(...items, { result: { nodes: counts } }))
    assert.deepEqual(
      out.split('\n').filter((line) => !line.startsWith(' ')),
      [
        LIST_HEAD,
        'node mail1',
        ...['a1', 'a2'].map((id) => `${id.padEnd(14)}    5h   4.1k  waiting    bob@domain1.com -> fred@example.com`),
        'node mail3',
        `${'c1'.padEnd(14)}    5h   4.1k  waiting    bob@domain1.com -> fred@example.com`,
        '3 messages on 3 nodes',
        '',
      ],
    )
    assert.equal(exit, 0)
  })

  it('prints one array of rows that say their node with --json', async () => {
    const { exit, out, err } = await talk(
      ['queue', '--all', '--json'],
      script(...items, { result: { nodes: [...counts, DEAD] } }),
    )
    const rows = JSON.parse(out) as (QueueRow & { node: string })[]
    assert.deepEqual(
      rows.map(({ node, id }) => [node, id]),
      [
        ['mail1', 'a1'],
        ['mail1', 'a2'],
        ['mail3', 'c1'],
      ],
    )
    assert.deepEqual([exit, err], [1, 'dmail: there may be more:\n       node mail4: it is dead since 12m\\x1b\n'])
  })

  it('says what it lacks, node by node', async () => {
    const part = { node: 'mail2', result: { ...WHOLE, missing: 1, count: 0 } }
    const { exit, out } = await talk(['queue', '--all'], script({ result: { nodes: [part, DEAD] } }))
    assert.equal(
      out,
      'no messages on 1 node; there may be more:\n  node mail2: 1 of 2 workers did not answer\n  node mail4: it is dead since 12m\\x1b\n',
    )
    assert.equal(exit, 1)
  })
})

describe('dmail queue show --all', () => {
  const none = (node: string): unknown => ({ node, error: 'there is no message x', hint: 'look', silent: false })
  const found = { node: 'mail2', result: { ...row('mail2', 'x'), file: 'f', pid: 1, headers: 'Subject: hello\r\n' } }

  it('shows the message and whose it is; those that have it not are not named', async () => {
    const { exit, out, err } = await talk(
      ['queue', 'show', 'x', '--all'],
      script({ result: { nodes: [none('mail1'), found] } }),
    )
    assert.match(out, /^node mail2\nid {11}x\n/)
    assert.deepEqual([exit, err], [0, ''])
  })
  it('names those that may have it', async () => {
    const { exit, out, err } = await talk(
      ['queue', 'show', 'x', '--all'],
      script({ result: { nodes: [none('mail1'), DEAD] } }),
    )
    assert.deepEqual([exit, out], [1, ''])
    assert.equal(err, 'dmail: node mail1: there is no message x (look)\n       node mail4: it is dead since 12m\\x1b\n')
  })
})

describe('dmail queue send, hold, release, drop --all', () => {
  const acted = (node: string, changes: Partial<ActionResult> = {}): unknown => ({
    node,
    result: { ...WHOLE, done: 0, skipped: 0, examples: [], ...changes },
  })
  const SKIPPED = { skipped: 1, examples: [{ id: 'x', why: 'is being sent' }] }
  const rows: readonly (readonly [string, readonly unknown[], number, string])[] = [
    [
      'something was done on one',
      [acted('mail1'), acted('mail2', { done: 2 })],
      0,
      'node mail2: 2 messages dropped: gone for good, without a report to the sender\n',
    ],
    [
      'nothing matches anywhere',
      [acted('mail1'), acted('mail2')],
      1,
      'no message matches on mail1, mail2: nothing was done\n',
    ],
    [
      'a message was skipped',
      [acted('mail1', { done: 1 }), acted('mail2', SKIPPED)],
      1,
      'node mail1: 1 message dropped: gone for good, without a report to the sender\nnode mail2: 1 message skipped:\n  x is being sent\n',
    ],
    [
      'a node is dead',
      [acted('mail1', { done: 1 }), DEAD],
      1,
      'node mail1: 1 message dropped: gone for good, without a report to the sender\nnode mail4: it is dead since 12m\\x1b\n',
    ],
  ]
  for (const [what, nodes, exit, text] of rows) {
    it(`where ${what}`, async () => {
      const answer = script({ progress: { done: 1, total: 2 } }, { result: { nodes } })
      const ran = await talk(['queue', 'drop', 'all', '--all'], answer)
      assert.deepEqual([ran.exit, ran.out], [exit, text])
      const json = await talk(['queue', 'drop', 'all', '--all', '--json'], answer)
      assert.deepEqual([json.exit, JSON.parse(json.out)], [exit, { nodes }])
    })
  }
})

describe('dmail suspend, resume and etrn --all', () => {
  const nodes = { answered: ['mail3', 'mail2'], silent: [], own: 'mail1', dead: [] }
  const alone = { ...nodes, answered: [], alone: 'Redis is away: refused' }
  const flush = { ...WHOLE, count: 7, running: false }
  const suspension = { suspension: { domain: 'a.example' }, waiting: 1 }
  const rows: readonly (readonly [string, unknown, number, string])[] = [
    [
      'suspend',
      { ...suspension, nodes },
      0,
      'a.example suspended: 1 message is waiting here; in force on mail1, mail2, mail3',
    ],
    [
      'suspend',
      { ...suspension, nodes: { ...nodes, answered: ['mail2'], silent: ['mail3'], dead: ['mail4'] } },
      1,
      'a.example suspended: 1 message is waiting here; in force on mail1, mail2; node mail3 did not answer: it hears of it when it is ' +
        'back; node mail4 is dead: it hears of it when it is back',
    ],
    [
      'suspend',
      { ...suspension, nodes: alone },
      1,
      'a.example suspended: 1 message is waiting here; in force on mail1; no other node could be asked (Redis is away: refused): each ' +
        'hears of it when it is back',
    ],
    [
      'resume',
      { resumed: true, nodes },
      0,
      'a.example resumed on mail1, mail2, mail3: mail whose time has come is tried now',
    ],
    ['etrn', { ...flush, nodes }, 0, '7 messages for a.example tried now on mail1, mail2, mail3'],
    [
      'etrn',
      { ...flush, nodes: { ...nodes, dead: ['mail4'] } },
      1,
      '7 messages for a.example tried now on mail1, mail2, mail3; node mail4 is dead: it may have more',
    ],
    ['etrn', { ...flush, count: 0, nodes }, 0, 'nothing waits for a.example on mail1, mail2, mail3'],
  ]
  for (const [command, result, exit, text] of rows) {
    it(text, async () => {
      const ran = await talk([command, 'a.example', '--all'], script({ result }))
      assert.deepEqual([ran.exit, ran.out], [exit, `${text}\n`])
      const json = await talk([command, 'a.example', '--all', '--json'], script({ result }))
      assert.deepEqual([json.exit, JSON.parse(json.out)], [exit, result])
    })
  }
})

describe('dmail route --all', () => {
  function routed(path: string, changes: Partial<TracedRoute['report']> = {}): TracedRoute {
    const reply = { code: 250, enhanced: '2.1.5', text: 'welcome' }
    const destinations = [{ kind: 'file', path }] as const
    return { report: { address: 'a@b', accepted: true, reply, destinations, trace: [], ...changes }, under: [0] }
  }
  const refused = routed('', {
    accepted: false,
    reply: { code: 550, enhanced: '5.1.1', text: 'no' },
    destinations: [],
  })
  const step = { id: 1, parent: 0, step: 'forward', input: 'a@b', rule: 'r', at: 'dmail.conf:2', output: [] } as const

  const rows: readonly (readonly [string, readonly unknown[], number, string])[] = [
    [
      'all alike',
      [
        { node: 'mail1', result: routed('/a') },
        { node: 'mail2', result: routed('/a') },
      ],
      0,
      'nodes mail1, mail2\na@b\n└─ → file /a\n250 2.1.5 welcome\n\ndecided alike by 2 nodes\n',
    ],
    [
      'another destination',
      [
        { node: 'mail1', result: routed('/b') },
        { node: 'mail2', result: routed('/a') },
        { node: 'mail3', result: routed('/a') },
      ],
      1,
      'nodes mail2, mail3\na@b\n└─ → file /a\n250 2.1.5 welcome\n\nnode mail1\na@b\n└─ → file /b\n250 2.1.5 welcome\n\n' +
        'node mail1: not as mail2, mail3\n  only there → file /b\n  not there → file /a\n',
    ],
    [
      'another reply',
      [
        { node: 'mail1', result: routed('/a') },
        { node: 'mail2', result: refused },
      ],
      1,
      'node mail1\na@b\n└─ → file /a\n250 2.1.5 welcome\n\nnode mail2\na@b\n550 5.1.1 no\n\n' +
        'node mail2: not as mail1\n  550 5.1.1 no, not 250 2.1.5 welcome\n  not there → file /a\n',
    ],
    [
      'by another rule',
      [{ node: 'mail1', result: routed('/a') }, { node: 'mail2', result: routed('/a', { trace: [step] }) }, DEAD],
      1,
      'node mail1\na@b\n└─ → file /a\n250 2.1.5 welcome\n\nnode mail2\na@b\n├─ forward r (dmail.conf:2)\n└─ → file /a\n' +
        '250 2.1.5 welcome\n\nnode mail2: not as mail1\n  the same, by other rules or other lines\n' +
        'node mail4: it is dead since 12m\\x1b\n',
    ],
    [
      'refused by all',
      [{ node: 'mail1', result: refused }],
      1,
      'node mail1\na@b\n550 5.1.1 no\n\ndecided alike by 1 node\n',
    ],
  ]
  for (const [what, nodes, exit, text] of rows) {
    it(`shows what each decides: ${what}`, async () => {
      const ran = await talk(['route', 'a@b', '--all'], script({ result: { nodes } }))
      assert.deepEqual([ran.exit, ran.out, ran.err], [exit, text, ''])
    })
  }

  it('prints the report of each node with --json', async () => {
    const { exit, out } = await talk(
      ['route', 'a@b', '--all', '--json'],
      script({ result: { nodes: [{ node: 'mail1', result: refused }, DEAD] } }),
    )
    assert.deepEqual([exit, JSON.parse(out)], [1, { nodes: [{ node: 'mail1', result: refused.report }, DEAD] }])
  })

  it('of one node says who decided', async () => {
    const { exit, out } = await talk(['route', 'a@b', '--node', 'mail2'], script({ result: routed('/a') }))
    assert.deepEqual([exit, out], [0, 'a@b\n└─ → file /a\n250 2.1.5 welcome\ndecided by node mail2\n'])
  })
})
