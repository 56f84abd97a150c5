import assert from 'node:assert/strict'
import { Writable } from 'node:stream'
import { describe, it } from 'node:test'
import { LIST_HEAD } from '../../lib/text/queue.js'
import { runCli } from '../../lib/cli/main.js'
import type { ActionResult, QueueDetail, QueueRow } from '../../lib/queue/shown.js'
import type { Answer } from '../../lib/control/protocol.js'
import { queueRow } from './rows.js'
import { resultOf, talk, withFakeServer, type Script } from './fake-server.js'
import { dmail } from './support.js'

const WHOLE = { workers: 1, missing: 0, complete: true }

const TWO: Script = () => [
  { item: queueRow('mie3k2a1AbCdEf') },
  { item: queueRow('mie3k2a1AbCdEg', { reason: '450 busy\u001b[2J' }) },
  { result: { ...WHOLE, count: 2 } },
]

describe('dmail queue list', () => {
  it('prints a table, and how many there are', async () => {
    const { exit, out, err, requests } = await talk(['queue', 'list'], TWO)
    assert.deepEqual(requests, [{ command: 'queue.list', args: { filter: [] } }])
    assert.equal(
      out,
      `${LIST_HEAD}
mie3k2a1AbCdEf    5h   4.1k  waiting    bob@domain1.com -> fred@example.com
                next try now
mie3k2a1AbCdEg    5h   4.1k  waiting    bob@domain1.com -> fred@example.com
                next try now; last reason: 450 busy\\x1b[2J
2 messages
`,
    )
    assert.deepEqual([exit, err], [0, ''])
  })

  const asked: readonly (readonly [string, readonly string[], readonly string[]])[] = [
    ['queue alone is queue list', ['queue'], []],
    ['queue with a filter too', ['queue', 'domain=example.com', 'older=2h'], ['domain=example.com', 'older=2h']],
    ['and with an id', ['queue', 'mie3k2a1AbCdEf'], ['mie3k2a1AbCdEf']],
    ['all is no command, but a filter', ['queue', 'all'], ['all']],
    ['options may stand before the command', ['queue', '--json', 'list', 'from=bob@*'], ['from=bob@*']],
    ['and before the filter', ['queue', 'list', '--json', 'to=fred@*'], ['to=fred@*']],
  ]
  for (const [what, args, filter] of asked) {
    it(what, async () => {
      const { exit, out, requests } = await talk(args, TWO)
      assert.deepEqual(requests, [{ command: 'queue.list', args: { filter } }])
      assert.equal(exit, 0)
      assert.equal(out.startsWith('['), args.includes('--json'))
    })
  }

  for (const args of [
    ['queue', 'older=x'],
    ['queue', 'list', 'foo=bar'],
    ['queue', 'drop', 'domain='],
  ]) {
    it(`dmail ${args.join(' ')} is wrong use`, async () => {
      const { exit, out, err, requests } = await talk(args, TWO)
      assert.deepEqual([exit, out, requests], [2, '', []])
      assert.match(err, /^dmail: .+\n {7}\S/)
    })
  }

  it('takes a word that is no command for a slip', async () => {
    const { exit, err, requests } = await talk(['queue', 'remove', 'domain=example.com'], TWO)
    assert.deepEqual([exit, requests], [2, []])
    assert.match(err, /queue has no command remove: they are list, show, send, hold, release, drop and adopt/)
  })

  it('prints an array of rows with --json', async () => {
    const { exit, out } = await talk(['queue', 'list', '--json'], TWO)
    const rows = JSON.parse(out) as QueueRow[]
    assert.deepEqual(
      rows.map(({ id, reason }) => [id, reason]),
      [
        ['mie3k2a1AbCdEf', ''],
        ['mie3k2a1AbCdEg', '450 busy\u001b[2J'],
      ],
    )
    assert.equal(exit, 0)
  })

  const none: Script = () => [{ result: { ...WHOLE, count: 0 } }]
  it('of nothing is no error', async () => {
    const { exit, out } = await talk(['queue', 'list'], none)
    assert.deepEqual([exit, out], [0, 'no messages\n'])
  })
  it('of nothing is an empty array with --json', async () => {
    const { exit, out } = await talk(['queue', 'list', '--json'], none)
    assert.deepEqual([exit, JSON.parse(out)], [0, []])
  })

  const missing: Script = () => [{ item: queueRow('mie3k2a1AbCdEf') }, { result: { ...WHOLE, missing: 2, count: 1 } }]
  it('ends with 1 where a worker did not answer', async () => {
    const { exit, out } = await talk(['queue', 'list'], missing)
    assert.equal(exit, 1)
    assert.match(out, /^1 message; there may be more: 2 of 3 workers did not answer$/m)
  })
  it('says so on stderr with --json', async () => {
    const { exit, out, err } = await talk(['queue', 'list', '--json'], missing)
    assert.deepEqual([exit, (JSON.parse(out) as unknown[]).length], [1, 1])
    assert.equal(err, 'dmail: there may be more: 2 of 3 workers did not answer\n')
  })

  it('that is cut off is no whole array, and ends with 75', async () => {
    const { exit, out, err } = await talk(['queue', 'list', '--json'], () => [{ item: queueRow('mie3k2a1AbCdEf') }])
    assert.equal(exit, 75)
    assert.throws(() => JSON.parse(out) as unknown, SyntaxError)
    assert.match(err, /went away before it had answered/)
  })

  it('holds no rows for a reader that is slow', async () => {
    const ROWS = 2_000
    let taken = 0
    let waiting = 0
    const out = new Writable({
      highWaterMark: 1,
      write(_chunk, _encoding, done) {
        taken++
        waiting = Math.max(waiting, out.writableLength)
        setImmediate(done)
      },
    })
    const item = { item: queueRow('mie3k2a1AbCdEf', { reason: 'x'.repeat(1000) }) }
    await withFakeServer(
      (socket) => {
        socket.write(`${JSON.stringify(item)}\n`.repeat(ROWS))
        socket.end(`${JSON.stringify({ result: { ...WHOLE, count: ROWS } })}\n`)
      },
      async (dir) => {
        assert.equal(await runCli(['node', 'dmail', 'queue', '-c', dir], { out, err: out, env: {} }), 0)
      },
    )
    // The head comes with the first row, the count after the last.
    assert.equal(taken, ROWS + 1)
    assert.ok(waiting < 2_000, `${waiting} characters waited`)
  })
})

describe('dmail queue show', () => {
  const detail: QueueDetail = {
    ...queueRow('mie3k2a1AbCdEf'),
    file: 'f',
    pid: 1,
    headers: 'Subject: hello\u001b[2J\r\n',
  }

  it('prints one message', async () => {
    const { exit, out, requests } = await talk(['queue', 'show', 'mie3k2a1AbCdEf'], resultOf('queue.show', detail))
    assert.deepEqual(requests, [{ command: 'queue.show', args: { id: 'mie3k2a1AbCdEf' } }])
    assert.match(out, /^id {11}mie3k2a1AbCdEf\n/)
    assert.ok(out.endsWith('\n\nSubject: hello\\x1b[2J\n'))
    assert.equal(exit, 0)
  })

  it('prints it as JSON', async () => {
    const { out } = await talk(['queue', 'show', 'mie3k2a1AbCdEf', '--json'], resultOf('queue.show', detail))
    assert.deepEqual(JSON.parse(out), detail)
  })

  it('ends with 1 and the words of the server where there is none', async () => {
    const error = { message: 'there is no message \u001b[2Jx in the queue', hint: '"dmail queue list" shows them' }
    const { exit, out, err } = await talk(['queue', 'show', 'x'], () => [{ error }])
    assert.deepEqual([exit, out], [1, ''])
    assert.equal(err, 'dmail: there is no message \\x1b[2Jx in the queue\n       "dmail queue list" shows them\n')
  })

  it('needs an id', async () => {
    assert.equal((await talk(['queue', 'show'], () => [])).exit, 2)
  })
})

describe('dmail queue send, hold, release, drop', () => {
  const done: ActionResult = { ...WHOLE, done: 2, skipped: 0, examples: [] }

  for (const action of ['send', 'hold', 'release', 'drop'] as const) {
    it(`${action} does it to what the filter says`, async () => {
      const { exit, out, requests } = await talk(
        ['queue', action, 'domain=example.com'],
        resultOf(`queue.${action}`, done),
      )
      assert.deepEqual(requests, [{ command: `queue.${action}`, args: { filter: ['domain=example.com'] } }])
      assert.match(out, /^2 messages /)
      assert.equal(exit, 0)
    })

    it(`${action} without a filter does nothing, and names all`, async () => {
      const { exit, err, requests } = await talk(['queue', action], resultOf(`queue.${action}`, done))
      assert.deepEqual([exit, requests], [2, []])
      assert.match(err, new RegExp(`"dmail queue ${action} all" to `))
    })
  }

  const ends: readonly (readonly [string, Partial<ActionResult>, number])[] = [
    ['all was done', {}, 0],
    ['nothing matched', { done: 0 }, 1],
    ['something was skipped', { skipped: 1, examples: [{ id: 'x', why: 'is being sent' }] }, 1],
    ['a worker did not answer', { missing: 1 }, 1],
    ['the queue is being read', { complete: false }, 1],
  ]
  for (const [what, changes, exit] of ends) {
    it(`ends with ${exit} where ${what}`, async () => {
      const result = { ...done, ...changes }
      const ran = await talk(['queue', 'drop', 'all', '--json'], resultOf('queue.drop', result))
      assert.equal(ran.exit, exit)
      assert.deepEqual(JSON.parse(ran.out), result)
    })
  }

  const long: Script = () => [
    { progress: { done: 500, total: 1200 } },
    { progress: { done: 1000, total: 1200 } },
    { result: done },
  ]
  it('shows progress in one line of a terminal', async () => {
    const { out, err } = await talk(['queue', 'hold', 'all'], long, { isTTY: true })
    assert.equal(err, '\r\u001b[K500 of 1200\r\u001b[K1000 of 1200\r\u001b[K')
    assert.match(out, /^2 messages held/)
  })
  it('shows none elsewhere', async () => {
    assert.equal((await talk(['queue', 'hold', 'all'], long)).err, '')
  })
  it('takes the progress away before an error', async () => {
    const failing: Script = () => [{ progress: { done: 1, total: 2 } }, { error: { message: 'no', hint: '' } }]
    assert.equal(
      (await talk(['queue', 'hold', 'all'], failing, { isTTY: true })).err,
      '\r\u001b[K1 of 2\r\u001b[Kdmail: no\n',
    )
  })
})

describe('without a server', () => {
  const commands: readonly (readonly string[])[] = [
    ['queue'],
    ['queue', 'show', 'x'],
    ['queue', 'drop', 'all'],
    ['suspend', 'example.com'],
    ['resume', 'example.com'],
    ['etrn', 'example.com'],
    ['status'],
  ]
  for (const args of commands) {
    it(`dmail ${args.join(' ')} ends with 75 and says where it looked and what is needed`, async () => {
      const { exit, out, err } = await dmail([...args, '-c', '/nonexistent/haraka'])
      assert.deepEqual([exit, out], [75, ''])
      assert.match(err, /\/nonexistent\/haraka/)
      assert.match(err, /is Haraka running, with the line dmail or dmail\/admin in config\/plugins\?/)
      assert.match(err, /-c DIR/)
    })
  }

  it('something else that answers is not taken for one', async () => {
    const { exit, err } = await withFakeServer(
      (socket) => {
        socket.end('220 mail.domain1.com ESMTP\r\n')
      },
      (dir) => dmail(['status', '-c', dir]),
    )
    assert.equal(exit, 75)
    assert.match(err, /does not speak this version's protocol/)
  })

  it('an answer is as long as it takes in one line', async () => {
    const answer: Answer<'queue.list'> = { result: { ...WHOLE, count: 1 } }
    const bytes = Buffer.from(
      `${JSON.stringify({ item: queueRow('mie3k2a1AbCdEf', { sender: 'jürgen@domain1.com' }) })}\n${JSON.stringify(answer)}\n`,
    )
    // Each byte comes by itself: characters and lines are put together again.
    const { out } = await withFakeServer(
      (socket) => {
        socket.setNoDelay(true)
        const next = (at: number): void => {
          if (at === bytes.length) socket.end()
          else socket.write(bytes.subarray(at, at + 1), () => setImmediate(next, at + 1))
        }
        next(0)
      },
      (dir) => dmail(['queue', '-c', dir]),
    )
    assert.match(out, /jürgen@domain1\.com -> fred@example\.com\n/)
  })
})
