import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import test, { type TestContext } from 'node:test'
import { answerCommand } from '../../authent/answer.js'
import { fileSource } from '../../authent/file-source.js'
import { checkPassword, type Verdict } from '../../authent/password.js'
import { usersFile } from '../../authent/users-reader.js'
import { findUser, parseUsers, searchUsers } from '../../authent/users-table.js'
import { externalDirectory } from '../../lib/directory/pool.js'
import { detail, found, recordedLog, rules } from './helpers.js'

const PROGRAM = path.join(__dirname, '..', '..', 'authent', 'file.js')
const TEXT = [
  '# users of domain1.com',
  'Bob:*secret:fwd="$user,fred@example.com" quota="100k"',
  `fred:${ssha('pass:word', 'salt')}:`,
  'john@domain1.com:*x:fwd="|drespond "two words""',
  'half:*x:fwd="bob@exam',
  'old:$1$abc$def:',
  'bell:*x:name="a\x07"',
  'no colon here',
  '../evil:*x:',
  'jörg:*straße:',
].join('\r\n')

function ssha(password: string, salt: string): string {
  const hash = createHash('sha1').update(password).update(salt).digest()
  return `{SSHA}${Buffer.concat([hash, Buffer.from(salt)]).toString('base64')}`
}

test('commands of the file module', async (t) => {
  const rows: [command: string, reply: string | RegExp][] = [
    ['lookup bob', '+OK bob config 0 fwd="$user,fred@example.com" quota="100k"'],
    ['LOOKUP BOB', '+OK bob config 0 fwd="$user,fred@example.com" quota="100k"'],
    ['lookup fred', '+OK fred config 0'],
    ['lookup john@domain1.com', '+OK john@domain1.com config 0 fwd="|drespond \\"two words\\""'],
    ['lookup JÖRG', '+OK jörg config 0'],
    ['lookup john', '-ERR no such user'],
    ['lookup ../evil', '-ERR bad user name'],
    ['lookup "bob"', '-ERR bad user name'],
    ['lookup bob smith', '-ERR bad user name'],
    ['lookup', '-ERR bad user name'],
    ['lookup half', /^-DEAD .*closing quote/],
    ['lookup bell', /^-DEAD .*control characters/],
    ['check bob secret', /^\+OK bob config 0 fwd=/],
    ['check bob secret 192.0.2.1', /^\+OK bob config 0 fwd=/],
    ['check bob wrong', '-ERR bob password wrong or not a valid user'],
    ['check bob', '-ERR bob password wrong or not a valid user'],
    ['check john secret', '-ERR john password wrong or not a valid user'],
    [`check ${'x'.repeat(200)} secret`, '-ERR this user: password wrong or not a valid user'],
    ['check bob secret 192.0.2.1 more', /^-ERR/],
    ['check fred pass:word', '+OK fred config 0'],
    ['check fred pass', /^-ERR/],
    ['check old secret', /^-DEAD .*cannot check/],
    ['search ob', '+DATA bob fwd="$user,fred@example.com" quota="100k"\n+OK 1 found'],
    ['search *ed', '+DATA fred\n+OK 1 found'],
    ['search nobody', '+OK 0 found'],
    ['search', /^-ERR/],
    ['version', /^\+OK /],
    ['help', /^\+OK /],
    ['set bob new', /^-ERR/],
    ['', /^-ERR/],
    ['exit', '+OK goodbye'],
  ]
  const table = parseUsers(TEXT)
  for (const [command, reply] of rows) {
    await t.test(command.slice(0, 40), async () => {
      const { lines, end } = await answerCommand(command, fileSource({ read: () => ({ ok: true, table }) }))
      if (typeof reply === 'string') assert.equal(lines.join('\n'), reply)
      else assert.match(lines.join('\n'), reply)
      assert.equal(end, command === 'exit')
    })
  }
  await t.test('lines that are no user are told', () => {
    assert.deepEqual(table.problems, ['line 8: not of the form user:password:info', 'line 9: not a valid user name'])
  })
  await t.test('while the file cannot be read every answer about users is -DEAD', async () => {
    const source = fileSource({ read: () => ({ ok: false, detail: 'ENOENT' }) })
    for (const command of ['lookup bob', 'check bob secret', 'search b']) {
      const { lines } = await answerCommand(command, source)
      assert.deepEqual(lines, ['-DEAD the user file cannot be read: ENOENT'])
    }
  })
})

test('passwords', async (t) => {
  const rows: [stored: string, given: string, expected: Verdict][] = [
    ['*secret', 'secret', 'right'],
    ['*secret', 'Secret', 'wrong'],
    ['*secret', '', 'wrong'],
    ['*', '', 'wrong'],
    ['', '', 'wrong'],
    ['', 'secret', 'wrong'],
    [ssha('secret', 'grain'), 'secret', 'right'],
    [ssha('secret', ''), 'secret', 'right'],
    [ssha('secret', 'grain'), 'secre', 'wrong'],
    [ssha('', 'grain'), '', 'wrong'],
    ['{ssha}c2hvcnQ=', 'secret', 'unsupported'],
    ['secret', 'secret', 'unsupported'],
  ]
  for (const [stored, given, expected] of rows) {
    await t.test(`"${given}" against ${stored === '' ? 'nothing' : stored} is ${expected}`, async () => {
      assert.equal(await checkPassword(stored, given), expected)
    })
  }
})

test('search patterns', async (t) => {
  const table = parseUsers('bob:*x\nfred:*x\nfreddy:*x\n')
  const rows: [pattern: string, names: string[]][] = [
    ['*', ['bob', 'fred', 'freddy']],
    ['fred', ['fred', 'freddy']],
    ['FRED*', ['fred', 'freddy']],
    ['*d', ['fred']],
    ['?o?', ['bob']],
    ['f*d*y', ['freddy']],
    ['*f*d*y*z', []],
    ['????', ['fred']],
  ]
  for (const [pattern, names] of rows) {
    await t.test(pattern, () => {
      assert.deepEqual(
        searchUsers(table, pattern, 10).map(({ name }) => name),
        names,
      )
    })
  }
  assert.equal(searchUsers(table, '*', 2).length, 2)
})

function tempFile(t: TestContext, text: string): { file: string; dir: string } {
  const dir = mkdtempSync(path.join(tmpdir(), 'dmail-users-'))
  const file = path.join(dir, 'users.txt')
  writeFileSync(file, text)
  t.after(() => {
    rmSync(dir, { recursive: true })
  })
  return { file, dir }
}

test('the file is read again when it changed, and only then', (t) => {
  const { file, dir } = tempFile(t, 'bob:*x\n')
  let loads = 0
  const read = usersFile(file, () => loads++)
  const users = () => {
    const result = read()
    return result.ok ? [...result.table.users.keys()] : result.detail
  }
  assert.deepEqual(users(), ['bob'])
  assert.deepEqual(users(), ['bob'])
  assert.equal(loads, 1)
  // Same size, and as likely as not within the same tick of the file system's clock.
  writeFileSync(file, 'joe:*x\n')
  assert.deepEqual(users(), ['joe'])
  writeFileSync(path.join(dir, 'new'), 'sue:*x\n')
  renameSync(path.join(dir, 'new'), file)
  assert.deepEqual(users(), ['sue'])
  assert.equal(loads, 3)
  rmSync(file)
  assert.equal(users(), 'ENOENT')
  writeFileSync(file, 'fred:*x\n')
  assert.deepEqual(users(), ['fred'])
})

test('a later line for the same user wins', () => {
  const table = parseUsers('bob:*x:quota="1"\nBOB:*y:quota="2"\n')
  assert.deepEqual(findUser(table, 'Bob'), { name: 'bob', password: '*y', info: 'quota="2"' })
})

test('the module as the directory runs it', async (t) => {
  const { file } = tempFile(t, TEXT)
  const log = recordedLog()
  const argv: [string, ...string[]] = [process.execPath, PROGRAM, '-path', file]
  const directory = externalDirectory({ argv, number: 1, timeoutMs: 60_000, log: log.log, ...rules })
  t.after(() => {
    directory.close()
  })
  const bob = found(await directory.lookup('bob'))
  assert.deepEqual([bob.name, bob.dropFile], ['bob', undefined])
  assert.equal(bob.fields.get('fwd'), '$user,fred@example.com')
  const john = found(await directory.lookup('john@domain1.com'))
  assert.equal(john.fields.get('fwd'), '|drespond "two words"')
  assert.deepEqual(await directory.lookup('nobody'), { kind: 'unknown' })
  assert.match(detail(await directory.lookup('bell')), /control characters/)
  await log.until(/line 9: not a valid user name/)
  rmSync(file)
  assert.match(detail(await directory.lookup('nobody')), /-DEAD the user file cannot be read: ENOENT/)
  writeFileSync(file, Buffer.from('nobody:*x:name="Jörg"\n', 'latin1'))
  assert.equal(found(await directory.lookup('nobody')).fields.get('name'), 'Jörg')
  directory.close()
  await log.until(/debug: .*ended with exit status 0/)
})

test('the module tells how it is used', async () => {
  const log = recordedLog()
  const argv: [string, ...string[]] = [process.execPath, PROGRAM]
  const directory = externalDirectory({ argv, number: 1, timeoutMs: 60_000, log: log.log, ...rules })
  assert.match(detail(await directory.lookup('bob')), /exit status 2/)
  await log.until(/usage: file.js -path FILE/)
  directory.close()
})
