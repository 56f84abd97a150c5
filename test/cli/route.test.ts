import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { people, withDirectory, type Site } from '../routing/support.js'
import { resultOf, talk } from './fake-server.js'
import { dmail, type Ran } from './support.js'

const SITE: Site = {
  conf:
    'forward info@domain1.com sales@domain1.com\n' +
    'forward_cc sales@domain1.com |drespond\n' +
    'alias_file_domain domain1.com {dir}/config/aliases.txt\n' +
    'gateway domain2.com 10.1.2.3\n' +
    'relay_to domain2.com\n',
  people: { ...people('bob', 'john'), fred: { fwd: '$user, fred@domain2.com' } },
  files: {
    'config/aliases.txt': '# who sells\nsales: fred, bob, nobody\nbob.smith: bob\n',
    'in/bob.fwd': '$user\njohn\n',
  },
}

/** Runs `dmail route` for the site; `{dir}` stands for its directory in what it prints. */
function route(args: readonly string[], surroundings?: Parameters<typeof dmail>[1], site = SITE): Promise<Ran> {
  return withDirectory(site, async (dir) => {
    const { exit, out, err } = await dmail(['route', '-c', dir, ...args], surroundings)
    return { exit, out: out.replaceAll(dir, '{dir}'), err: err.replaceAll(dir, '{dir}') }
  })
}

const LAST = 'decided from the files as they are now; a running server may still use the ones before\n'

describe('dmail route, the tree', () => {
  it('of an address with one rule of each kind', async () => {
    const site = {
      conf: 'forward info@domain1.com sales@domain1.com\nalias_file_domain domain1.com {dir}/config/aliases.txt',
      people: people('bob'),
      files: { 'config/aliases.txt': 'sales: bob' },
    }
    assert.deepEqual(await route(['info@domain1.com'], {}, site), {
      exit: 0,
      out: `info@domain1.com
└─ forward info@domain1.com sales@domain1.com (dmail.conf:1)
   └─ alias sales: bob (aliases.txt:1)
      └─ user bob
         └─ → mailbox bob ({dir}/in/bob)
250 2.1.5 info@domain1.com is welcome
${LAST}`,
      err: '',
    })
  })

  it('of one with many', async () => {
    const { exit, out } = await route(['info@domain1.com'])
    assert.equal(exit, 0)
    assert.equal(
      out,
      `info@domain1.com
└─ forward info@domain1.com sales@domain1.com (dmail.conf:1)
   ├─ forward_cc sales@domain1.com |drespond (dmail.conf:2)
   │  └─ → robot drespond
   └─ alias sales: fred, bob, nobody (aliases.txt:2)
      ├─ user fred
      │  └─ fwd="$user, fred@domain2.com"
      │     ├─ remote gateway domain2.com (dmail.conf:4)
      │     │  └─ → remote fred@domain2.com via 10.1.2.3:25
      │     └─ → mailbox fred ({dir}/in/fred)
      ├─ user bob
      │  └─ forward-file $user, john ({dir}/in/bob.fwd:1)
      │     ├─ user john
      │     │  └─ → mailbox john ({dir}/in/john)
      │     └─ → mailbox bob ({dir}/in/bob)
      └─ left out nobody@domain1.com: no rule and no user has this address (aliases.txt:2)
250 2.1.5 info@domain1.com is welcome
${LAST}`,
    )
  })

  it('of a refusal', async () => {
    assert.deepEqual(await route(['nobody@domain1.com']), {
      exit: 1,
      out: `nobody@domain1.com\n550 5.1.1 nobody@domain1.com: there is no such user here\n${LAST}`,
      err: '',
    })
  })
})

describe('dmail route, colours', () => {
  const hasColours = ({ out }: Ran): boolean => out.includes('\u001b[')

  it('on a terminal', async () => {
    assert.equal(hasColours(await route(['bob@domain1.com'], { isTTY: true })), true)
  })

  for (const [where, surroundings] of Object.entries({
    'in a pipe': { isTTY: false },
    'where NO_COLOR is set': { isTTY: true, env: { NO_COLOR: '1' } },
    'on a dumb terminal': { isTTY: true, env: { TERM: 'dumb' } },
  })) {
    it(`not ${where}`, async () => {
      assert.equal(hasColours(await route(['bob@domain1.com'], surroundings)), false)
    })
  }

  it('never in JSON', async () => {
    assert.equal(hasColours(await route(['bob@domain1.com', '--json'], { isTTY: true })), false)
  })

  it('an empty NO_COLOR is none', async () => {
    assert.equal(hasColours(await route(['bob@domain1.com'], { isTTY: true, env: { NO_COLOR: '' } })), true)
  })
})

describe('dmail route, exit codes', () => {
  const rows: [string, readonly string[], number][] = [
    ['0 for an accepted address', ['bob@domain1.com'], 0],
    ['1 for a refused one', ['nobody@domain1.com'], 1],
    ['1 for an address that is none', ['bob'], 1],
    ['1 for relaying by a stranger', ['john@example.com'], 1],
    ['0 for relaying by a client that may', ['john@example.com', '--trusted'], 0],
    ['2 without an address', [], 2],
    ['2 with two', ['bob@domain1.com', 'fred@domain1.com'], 2],
    ['2 for an option that there is not', ['bob@domain1.com', '--colour'], 2],
    ['2 for a sender that is no address', ['bob@domain1.com', '--from', 'bob'], 2],
    ['0 for help', ['--help'], 0],
  ]
  for (const [sentence, args, expected] of rows) {
    it(sentence, async () => {
      const { exit, out, err } = await route(args)
      assert.equal(exit, expected, `${out}${err}`)
      // What went wrong is said where errors are said.
      if (expected === 2) assert.notEqual(err, '')
    })
  }

  it('1 for a configuration that cannot be used, with its errors', async () => {
    const { exit, out, err } = await route(['bob@domain1.com'], {}, { conf: 'drop_path "' })
    assert.equal(exit, 1)
    assert.equal(out, '')
    assert.match(err, /^dmail\.conf:1:11: the closing quote is missing/)
  })

  it('1 for a directory without a configuration', async () => {
    const { exit, err } = await dmail(['route', '-c', '/nonexistent', 'bob@domain1.com'])
    assert.equal(exit, 1)
    assert.match(err, /dmail\.conf/)
  })

  it('the log part of a deferral goes to the operator, not into the reply', async () => {
    const site = { people: people('bob'), files: { 'config/users.txt': 'bob:*:fwd="broken\n' } }
    const { exit, out, err } = await route(['bob@domain1.com', '--json'], {}, site)
    assert.equal(exit, 1)
    assert.match(err, /look-up of bob/)
    assert.doesNotMatch(out, /look-up of bob/)
  })
})

describe('dmail', () => {
  it('without a command is wrong use', async () => {
    const { exit, err } = await dmail([])
    assert.equal(exit, 2)
    assert.match(err, /Usage: dmail/)
  })

  it('with a command that there is not is wrong use', async () => {
    assert.equal((await dmail(['rout'])).exit, 2)
  })

  it('tells its version', async () => {
    const { exit, out } = await dmail(['--version'])
    assert.equal(exit, 0)
    assert.match(out, /^\d+\.\d+\.\d+\n$/)
  })
})

describe('dmail route, with a running server', () => {
  const report = {
    address: 'bob@domain1.com',
    accepted: true,
    reply: { code: 250, enhanced: '2.1.5', text: 'bob@domain1.com is welcome' },
    destinations: [{ kind: 'mailbox', user: 'bob', path: '/in/bob' }],
    trace: [{ id: 1, parent: 0, step: 'user', input: 'bob', rule: 'user bob', at: null, output: ['/in/bob'] }],
  } as const
  const script = resultOf('route', { report, under: [1] })

  it('prints what the server decides, and says so', async () => {
    const { exit, out, requests } = await talk(['route', 'bob@domain1.com', '--ip', '192.0.2.1'], script)
    assert.equal(exit, 0)
    assert.equal(
      out,
      'bob@domain1.com\n└─ user bob\n   └─ → mailbox bob (/in/bob)\n250 2.1.5 bob@domain1.com is welcome\n' +
        'decided by the running server\n',
    )
    assert.deepEqual(requests, [
      { command: 'route', args: { address: 'bob@domain1.com', trusted: false, ip: '192.0.2.1' } },
    ])
  })

  it('prints the same JSON as without one, and says it on stderr', async () => {
    const { out, err } = await talk(['route', 'bob@domain1.com', '--json'], script)
    assert.deepEqual(JSON.parse(out), report)
    assert.equal(err, 'dmail: decided by the running server\n')
  })

  it('says why it could not be decided: exit 1', async () => {
    const refused = { ...report, accepted: false, destinations: [], trace: [] }
    const ran = await talk(
      ['route', 'bob@domain1.com'],
      resultOf('route', { report: refused, under: [], detail: 'dead' }),
    )
    assert.deepEqual([ran.exit, ran.err], [1, 'dmail: dead\n'])
  })

  it('is not asked with --files', async () => {
    const { exit, requests } = await talk(['route', 'bob@domain1.com', '--files'], script)
    assert.equal(exit, 1, 'there are no files')
    assert.deepEqual(requests, [])
  })

  it('is not asked for a client that cannot be: exit 2', async () => {
    const { exit, requests } = await talk(['route', 'bob@domain1.com', '--ip', 'here'], script)
    assert.equal(exit, 2)
    assert.deepEqual(requests, [])
  })
})
