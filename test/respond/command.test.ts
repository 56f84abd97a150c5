import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { describe, it } from 'node:test'
import { runDrespond } from '../../lib/respond/command.js'
import { tempDir } from '../support/cleanup.js'
import { packageRoot } from '../support/install.js'
import { startNextHop, type NextHop, type NextHopReplies } from '../support/next-hop.js'
import { DAY, NOW } from './scene.js'

const LUNCH =
  'From: Ann <ann@example.com>\nTo: bob@domain1.com\nSubject: lunch\nMessage-ID: <1@example.com>\n\nAt noon?\n'
const ENVELOPE = { SENDER: 'ann@example.com', RECIPIENT: 'bob@domain1.com' }

interface Ran {
  readonly exit: number
  readonly out: string
  readonly err: string
}

interface Scene {
  readonly dir: string
  readonly hop: NextHop
  /** Runs drespond with its memory and server, and these further arguments. */
  readonly run: (
    args: readonly string[],
    given?: { message?: string; env?: NodeJS.ProcessEnv; now?: number },
  ) => Promise<Ran>
  readonly write: (name: string, content: string) => string
}

async function withScene(reply: NextHopReplies, test: (scene: Scene) => Promise<void>): Promise<void> {
  const dir = tempDir('drespond')
  const hop = await startNextHop({ reply })
  const common = ['-c', dir, '--memory', path.join(dir, 'memory'), '--smtp', String(hop.port), '--timeout', '10s']
  try {
    await test({
      dir,
      hop,
      write: (name, content) => {
        mkdirSync(path.dirname(path.join(dir, name)), { recursive: true })
        writeFileSync(path.join(dir, name), content)
        return path.join(dir, name)
      },
      run: (args, given) => run([...common, ...args], given),
    })
  } finally {
    await hop.close()
  }
}

async function run(
  args: readonly string[],
  {
    message = LUNCH,
    env = ENVELOPE,
    now = NOW,
  }: { readonly message?: string; readonly env?: NodeJS.ProcessEnv; readonly now?: number } = {},
): Promise<Ran> {
  const out = new PassThrough()
  const err = new PassThrough()
  const stdin = Readable.from([Buffer.from(message)])
  const signal = new AbortController().signal
  const exit = await runDrespond(['node', 'drespond', ...args], { stdin, out, err, env, now: () => now, signal })
  assert.ok(stdin.readableEnded || exit === 64 || args.includes('--version'), 'the message was not read to its end')
  out.end()
  err.end()
  const read = async (stream: PassThrough): Promise<string> => (await stream.setEncoding('utf8').toArray()).join('')
  return { exit, out: await read(out), err: await read(err) }
}

describe('drespond', () => {
  it('answers a sender once in a period', async () => {
    await withScene({}, async ({ run: drespond, hop, write }) => {
      const text = write('away.txt', 'From: Bob Smith <bob@domain1.com>\n\nAway, %sender.\n')
      const first = await drespond([text])
      assert.equal(first.exit, 0)
      assert.match(first.out, /^answered ann@example\.com: 250 /)
      const { mailFrom, rcpts, data } = await hop.waitForMessage()
      assert.deepEqual([mailFrom, rcpts.map(({ address }) => address)], ['', ['ann@example.com']])
      assert.match(
        data.toString(),
        /^From: Bob Smith <bob@domain1\.com>\r\nTo: ann@example\.com\r\nSubject: Auto: lunch\r\n/,
      )
      assert.match(data.toString(), /\r\n\r\nAway, ann@example\.com\.\r\n$/)
      const again = await drespond([text], { now: NOW + 6 * DAY })
      assert.deepEqual([again.exit, again.out], [0, 'no answer: ann@example.com was answered before\n'])
      assert.equal(hop.messages.length, 1)
      await drespond([text], { now: NOW + 7 * DAY })
      assert.equal(hop.messages.length, 2)
    })
  })

  it('ends with 75 where the server says later, and answers when the message comes again, once', async () => {
    await withScene({ rcpt: () => '450 4.2.0 not now' }, async ({ run: drespond, hop, write }) => {
      const text = write('away.txt', 'Away.\n')
      const refused = await drespond([text])
      assert.deepEqual([refused.exit, refused.err], [75, 'drespond: the server answers RCPT with 450 4.2.0 not now\n'])
      hop.reply = { message: () => '451 4.3.0 not now either' }
      assert.equal((await drespond([text])).exit, 75)
      hop.reply = {}
      assert.equal((await drespond([text])).exit, 0)
      assert.equal((await drespond([text])).exit, 0)
      assert.equal(hop.messages.length, 1)
    })
  })

  it('answers a person behind changing addresses once', async () => {
    await withScene({}, async ({ run: drespond, hop, write }) => {
      const text = write('away.txt', 'Away.\n')
      for (const tag of ['1111aaaa', '2222bbbb']) {
        await drespond([text], { env: { ...ENVELOPE, SENDER: `prvs=${tag}=ann@example.com` } })
      }
      assert.deepEqual(
        hop.messages.flatMap(({ rcpts }) => rcpts.map(({ address }) => address)),
        ['prvs=1111aaaa=ann@example.com'],
      )
    })
  })

  it('answers for each user with his own text', async () => {
    await withScene({}, async ({ run: drespond, hop, write, dir }) => {
      write('texts/bob.txt', 'Bob is away.\n')
      write('texts/fred@domain1.com.txt', 'Fred is away.\n')
      for (const user of ['bob', 'fred', 'john']) {
        const env = { ...ENVELOPE, RECIPIENT: `${user}@domain1.com` }
        const message = LUNCH.replace('bob@', `${user}@`)
        const { exit } = await drespond(['--texts', path.join(dir, 'texts')], { env, message })
        assert.equal(exit, 0)
      }
      const texts = hop.messages.map(({ data }) => data.toString().split('\r\n\r\n')[1])
      assert.deepEqual(texts, ['Bob is away.\r\n', 'Fred is away.\r\n'])
    })
  })

  it('has the user say more than the operator', async () => {
    await withScene({}, async ({ run: drespond, write }) => {
      const text = write('away.txt', 'End: 2026-11-01\n\nAway.\n')
      const { out } = await drespond(['--end', '2026-12-01', text])
      assert.equal(out, 'no answer: answers ended on 2026-11-01\n')
      const other = write('other.txt', 'Away.\n')
      assert.match((await drespond(['--start', '2026-12-01', other])).out, /answers begin on 2026-12-01/)
    })
  })

  it('shows with --dry-run what it would do, sends nothing and remembers nothing', async () => {
    await withScene({}, async ({ run: drespond, hop, write, dir }) => {
      const text = write('away.txt', 'Away, %name.\n')
      const args = ['--dry-run', '--sender', 'ann@example.com', '--recipient', 'bob@domain1.com', text]
      const { exit, out, err } = await drespond(args, { env: {} })
      assert.equal(exit, 0)
      assert.match(out, /^would answer ann@example\.com:\n\nFrom: bob@domain1\.com\n[^]*\n\nAway, %name\.\n$/)
      assert.equal(err, 'drespond: %name is no field and stays as it is\n')
      assert.equal(
        (await drespond(args, { env: {}, message: `Precedence: bulk\n${LUNCH}` })).out,
        'no answer: it has Precedence: bulk\n',
      )
      assert.equal(hop.connections, 0)
      assert.equal(existsSync(path.join(dir, 'memory')), false)
    })
  })
})

describe('what the operator has to mend ends with 78', () => {
  type Row = readonly [what: string, text: string | undefined, args: readonly string[], err: RegExp]
  const rows: readonly Row[] = [
    [
      'a text with a fault, which has a line',
      'Start: soon\n\nx',
      [],
      /^drespond: .*away\.txt:1 Start: "soon" is no time/,
    ],
    ['a text that is not there', undefined, [], /^drespond: .*away\.txt does not exist$/m],
    [
      'a text in the name of another',
      'From: boss@domain1.com\n\nx',
      [],
      /away\.txt: From: boss@domain1\.com is not the user's/,
    ],
  ]
  for (const [what, text, args, err] of rows) {
    it(what, async () => {
      await withScene({}, async ({ run: drespond, write, dir, hop }) => {
        if (text !== undefined) write('away.txt', text)
        const ran = await drespond([...args, path.join(dir, 'away.txt')])
        assert.equal(ran.exit, 78)
        assert.match(ran.err, err)
        assert.equal(hop.connections, 0)
      })
    })
  }

  it('but for mail that is never answered: no report may go to a list', async () => {
    await withScene({}, async ({ run: drespond, dir }) => {
      const { exit } = await drespond([path.join(dir, 'nowhere')], { message: `List-Id: <l@example.com>\n${LUNCH}` })
      assert.equal(exit, 0)
    })
  })

  it('a memory that cannot be made', async () => {
    await withScene({}, async ({ run: drespond, write, hop }) => {
      write('memory', 'a file in its place')
      const { exit, err } = await drespond([write('away.txt', 'Away.\n')])
      assert.equal(exit, 78)
      assert.match(err, /memory cannot keep who was answered: .*give it to the account robots run as/)
      assert.equal(hop.messages.length, 0)
    })
  })

  it('a server that does not relay for it', async () => {
    await withScene({ rcpt: () => '550 5.7.1 relaying not permitted' }, async ({ run: drespond, write, dir }) => {
      const { exit, err } = await drespond([write('away.txt', 'Away.\n')])
      assert.equal(exit, 78)
      assert.match(
        err,
        /550 5\.7\.1 relaying not permitted \(it must let this machine relay: forward_from_ip 127\.0\.0\.1\)/,
      )
      assert.equal(existsSync(path.join(dir, 'memory')), false)
    })
  })

  it('a sender who does not exist is nobody\u2019s matter: 0, and nobody is remembered', async () => {
    await withScene({ rcpt: () => '550 5.1.1 no such user' }, async ({ run: drespond, write, dir }) => {
      const { exit, err } = await drespond([write('away.txt', 'Away.\n')])
      assert.deepEqual([exit, existsSync(path.join(dir, 'memory'))], [0, false])
      assert.match(err, /no answer: the server answers RCPT with 550 5\.1\.1/)
    })
  })
})

describe('wrong use ends with 64', () => {
  const rows: readonly (readonly [what: string, args: readonly string[], env: NodeJS.ProcessEnv, err: RegExp])[] = [
    ['no text', [], ENVELOPE, /there is no text: name a file, or a directory with --texts/],
    ['no user', ['away.txt'], { SENDER: '' }, /RECIPIENT is not set/],
    ['a user who is no address', ['away.txt'], { ...ENVELOPE, RECIPIENT: 'bob' }, /bob is no address/],
    ['two files', ['a', 'b'], ENVELOPE, /too many arguments/],
    ['an unknown option', ['--form', 'x', 'a'], ENVELOPE, /unknown option '--form'/],
    ['a period that is none', ['--every', 'day', 'a'], ENVELOPE, /"day" is no time from 1h to 366d/],
    ['a server that is none', ['--smtp', 'a b', 'a'], ENVELOPE, /"a b" is no server/],
    ['a time that is none', ['--timeout', '0s', 'a'], ENVELOPE, /"0s" is no time/],
    ['an address that is none', ['--address', 'bob', 'a'], ENVELOPE, /"bob" is no address/],
  ]
  for (const [what, args, env, err] of rows) {
    it(what, async () => {
      const ran = await run(args, { env })
      assert.equal(ran.exit, 64)
      assert.match(ran.err, err)
    })
  }

  it('but --version does not', async () => {
    const { version } = JSON.parse(readFileSync(path.join(packageRoot(), 'package.json'), 'utf8')) as {
      version: string
    }
    const { exit, out } = await run(['--version'])
    assert.deepEqual([exit, out], [0, `${version}\n`])
  })
})
