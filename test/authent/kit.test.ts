import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmodSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import { tempDir } from '../support/cleanup.js'
import { startPostgres, withoutPostgres, type Postgres } from '../support/postgres.js'
import { startSlapd, withoutSlapd, type Slapd } from '../support/slapd.js'
import { EXPECTATIONS, type KnownUsers } from './expectations.js'
import { bundled, configFile, ldapIni, makeUsersTable, type Argv } from './modules.js'
import { startModule } from './session.js'

const KNOWN: KnownUsers = { user: 'bob', password: 'secret', missing: 'no.such.user' }
const LINE = 'bob:*secret:fwd="$user,fred@example.com"\n'

function holdsToProtocol(argv: () => Argv, parts: readonly string[]): void {
  for (const { title, part, run } of EXPECTATIONS) {
    if (!parts.includes(part)) continue
    it(title, async () => {
      const module = startModule({ argv: argv(), timeoutMs: 60_000 })
      try {
        await run(module, KNOWN)
      } finally {
        module.kill()
      }
    })
  }
}

describe('the file module with one file keeps the protocol', () => {
  const file = path.join(tempDir('module'), 'users.txt')
  writeFileSync(file, LINE)
  holdsToProtocol(() => bundled('file', '-path', file), ['simple', 'extended', 'writes'])
})

describe('the file module with the directory of NWAuth keeps the protocol', () => {
  const dir = tempDir('module')
  writeFileSync(path.join(dir, 'nwauth.txt'), LINE)
  holdsToProtocol(() => bundled('file', '-path', dir), ['simple', 'extended', 'writes'])
})

describe('the sql module keeps the protocol', { skip: withoutPostgres() }, () => {
  let postgres: Postgres
  let ini = ''
  before(async () => {
    postgres = await startPostgres()
    await makeUsersTable(postgres)
    await postgres.query(`INSERT INTO users VALUES ('Bob', '*secret', '$user,fred@example.com')`)
    ini = configFile(postgres.ini())
  })
  after(() => postgres.kill())
  holdsToProtocol(() => bundled('sql', '-config', ini), ['simple', 'extended', 'writes'])

  it('and has harmed nobody by what the names said', async () => {
    assert.deepEqual(await postgres.query('SELECT username FROM users'), [{ username: 'Bob' }])
  })
})

describe('the ldap module keeps the protocol', { skip: withoutSlapd() }, () => {
  let slapd: Slapd
  let ini = ''
  before(async () => {
    slapd = await startSlapd([{ uid: 'bob', userPassword: 'secret', mail: 'fred@example.com' }, { uid: 'fred' }])
    ini = configFile(ldapIni(slapd))
  })
  after(() => slapd.kill())
  holdsToProtocol(() => bundled('ldap', '-config', ini), ['simple', 'extended'])
})

describe('the kit', () => {
  const kit = path.join(__dirname, 'kit.js')

  /** Output and exit status of the kit, held against a module in POSIX sh. */
  function judge(body: string, ...options: readonly string[]): { readonly status: number; readonly output: string } {
    const program = path.join(tempDir('module'), 'module')
    writeFileSync(program, `#!/bin/sh\n${body}\n`)
    chmodSync(program, 0o755)
    const argv = [kit, '--user', 'bob', '--password', 'secret', '--timeout', '20', ...options, program]
    try {
      return { status: 0, output: execFileSync(process.execPath, argv, { encoding: 'utf8', stdio: 'pipe' }) }
    } catch (error) {
      assert.ok(error instanceof Error && 'status' in error && 'stdout' in error)
      return { status: Number(error.status), output: String(error.stdout) }
    }
  }

  const GOOD = `while read -r command name password rest; do
  case "$command" in
    exit) echo '+OK'; exit 0 ;;
    lookup) if [ "$name $password" = 'bob ' ]; then echo '+OK bob config'; else echo '-ERR no such user'; fi ;;
    check) if [ "$name $password" = 'bob secret' ]; then echo '+OK bob config'; else echo '-ERR wrong'; fi ;;
    *) echo '-ERR what?' ;;
  esac
done`

  it('is content with a module of the simple protocol, and says what it goes without', () => {
    const { status, output } = judge(GOOD)
    assert.equal(status, 0, output)
    assert.match(output, /^without search answers/m)
    assert.doesNotMatch(output, /FAILED/)
  })

  const FAULTS: readonly [fault: string, from: string, to: string, failed: RegExp][] = [
    ['answers without a drop path', '+OK bob config', '+OK bob', /FAILED {2}lookup of a user answers/],
    ['takes a wrong password', "= 'bob secret'", "!= 'bob '", /FAILED {2}check with another password/],
    ['tells that a user is unknown', "echo '-ERR wrong'", 'echo "-ERR wrong $password"', /FAILED {2}check of nobody/],
    ['says more than a line', "echo '+OK bob config'", "echo '+OK bob config'; echo '+OK bob config'", /FAILED/],
    [
      'takes a wildcard',
      '"$name $password" = \'bob \'',
      '"${name#\'*\'}" != "$name" -o "$name" = bob',
      /FAILED {2}quotes, wild/,
    ],
    ['goes on after exit', 'exit 0 ;;', ';;', /FAILED {2}exit answers/],
    ['ends at a word it does not know', "echo '-ERR what?'", 'exit 1', /FAILED {2}a word that is no command/],
    ['answers in its own words', '-ERR no such user', 'no such user', /FAILED {2}lookup of nobody/],
  ]
  for (const [fault, from, to, failed] of FAULTS) {
    it(`finds a module that ${fault}`, () => {
      assert.ok(GOOD.includes(from))
      const { status, output } = judge(GOOD.replaceAll(from, to), '--timeout', '5')
      assert.equal(status, 1, output)
      assert.match(output, failed)
    })
  }

  it('holds a module to changes only when told to', () => {
    const { status, output } = judge(GOOD, '--writes')
    assert.equal(status, 1)
    assert.match(output, /FAILED {2}set adds a user/)
  })
})
