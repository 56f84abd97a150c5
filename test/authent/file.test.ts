import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'
import { readFileOptions } from '../../authent/file-options.js'
import { usersFile } from '../../authent/users-reader.js'
import { findUser } from '../../authent/users-table.js'
import { tempDir } from '../support/cleanup.js'
import { bundled } from './modules.js'
import { startModule } from './session.js'

const SHA512 = '$6$abcdefgh$iiBW30h6MQUpgkXT9F87NVy6FIbloKXQmfPH87w2UkYa6T8cikoVXkyDCmOccwyrz69xvCZIs4Q.UiGV4ZRkv.'

/** What NWAuth left behind: the file, and changes that it had not folded in. */
const NWAUTH_TXT = ['# domain1.com', 'Bob:abNANd1rDfiNc:fwd=""', 'fred:*clear:quota="100k"', `ann:${SHA512}:`, ''].join(
  '\r\n',
)
const NWAUTH_ADD = 'fred:*newer:quota="200k" fwd="$user,x@example.com"\nzoe:*z:\n'

function nwauth(
  files: Readonly<Record<string, string>> = { 'nwauth.txt': NWAUTH_TXT, 'nwauth.add': NWAUTH_ADD },
): string {
  const dir = tempDir('nwauth')
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(dir, name), text)
  return dir
}

/** Runs a command of the command line. */
function command(
  dir: string,
  args: readonly string[],
  input = '',
): { status: number | null; out: string; err: string } {
  const [program, ...rest] = bundled('file', '-path', dir, ...args)
  const { status, stdout, stderr } = spawnSync(program, rest, { input, encoding: 'utf8' })
  return { status, out: stdout, err: stderr }
}

async function answers(dir: string, commands: readonly string[], options: readonly string[] = []): Promise<string[]> {
  const module = startModule({ argv: bundled('file', '-path', dir, ...options), timeoutMs: 60_000 })
  try {
    const replies: string[] = []
    for (const each of commands) replies.push(await module.ask(each))
    return replies
  } finally {
    module.kill()
  }
}

describe('a directory of NWAuth', () => {
  it('is read as it is: crypt passwords, names in any case, what nwauth.add says counts more', async () => {
    assert.deepEqual(
      await answers(nwauth(), [
        'check BOB secret',
        'check bob Secret',
        'check ann pässword',
        'check fred clear',
        'check fred newer',
        'lookup zoe',
        'search *',
      ]),
      [
        '+OK bob config 0 fwd=""',
        '-ERR bob password wrong or not a valid user',
        '+OK ann config 0',
        '-ERR fred password wrong or not a valid user',
        '+OK fred config 0 quota="200k" fwd="$user,x@example.com"',
        '+OK zoe config 0',
        '+OK 4 found',
      ],
    )
  })

  it('without nwauth.txt: -DEAD, not "no such user"', async () => {
    assert.deepEqual(await answers(nwauth({ 'nwauth.add': NWAUTH_ADD }), ['lookup zoe']), [
      '-DEAD the user file cannot be read: ENOENT',
    ])
  })

  it('a line of nwauth.add that a crash cut off is no user, and spoils no later one', async () => {
    const dir = nwauth({ 'nwauth.txt': NWAUTH_TXT, 'nwauth.add': `${NWAUTH_ADD}max:*secret:fwd="max@exam` })
    assert.deepEqual(await answers(dir, ['lookup max', 'set tim secret', 'lookup tim', 'lookup max', 'lookup zoe']), [
      '-ERR no such user',
      '+OK user added to database',
      '+OK tim config 0',
      '-ERR no such user',
      '+OK zoe config 0',
    ])
    assert.match(readFileSync(path.join(dir, 'nwauth.add'), 'utf8'), /^zoe:\*z:\ntim:\$scrypt\$[^:]+:\n$/m)
  })

  it('takes changes into nwauth.add, and all of it into nwauth.txt when a user goes', () => {
    const dir = nwauth()
    chmodSync(path.join(dir, 'nwauth.txt'), 0o640)
    assert.equal(command(dir, ['set', 'zoe', 'quota="1m"'], '\n').status, 0)
    assert.equal(readFileSync(path.join(dir, 'nwauth.txt'), 'utf8'), NWAUTH_TXT)
    assert.equal(readFileSync(path.join(dir, 'nwauth.add'), 'utf8'), `${NWAUTH_ADD}zoe:*z:quota="1m"\n`)

    assert.equal(command(dir, ['delete', 'BOB']).status, 0)
    assert.deepEqual(readFileSync(path.join(dir, 'nwauth.txt'), 'utf8').split(/\r?\n/), [
      '# domain1.com',
      'fred:*newer:quota="200k" fwd="$user,x@example.com"',
      `ann:${SHA512}:`,
      'zoe:*z:quota="1m"',
      '',
    ])
    assert.deepEqual(readdirSync(dir), ['nwauth.txt'])
    assert.equal(statSync(path.join(dir, 'nwauth.txt')).mode & 0o777, 0o640)
  })

  it('folds nwauth.add in when it is longer than 64 KiB', () => {
    const added = Array.from({ length: 2_000 }, (_, n) => `user${n}:*secret:name="Number ${n}"\n`).join('')
    const dir = nwauth({ 'nwauth.txt': NWAUTH_TXT, 'nwauth.add': added })
    assert.equal(command(dir, ['add', 'last'], 'secret\n').status, 0)
    assert.equal(existsSync(path.join(dir, 'nwauth.add')), false)
    const text = readFileSync(path.join(dir, 'nwauth.txt'), 'utf8')
    assert.match(text, /^# domain1\.com\r\nBob:/)
    assert.match(text, /^user1999:\*secret:name="Number 1999"\nlast:\$scrypt\$[^:]+:\n$/m)
  })
})

describe('one file with 100,000 users', () => {
  const dir = nwauth({
    'nwauth.txt': Array.from({ length: 100_000 }, (_, n) => `user${n}:*secret${n}:\n`).join(''),
    'nwauth.add': '',
  })

  it('is indexed once, and not again for what nwauth.add says', () => {
    const loaded: string[] = []
    const read = usersFile(dir, (_table, file) => loaded.push(path.basename(file)))
    const passwordOf = (name: string): string | undefined => {
      const result = read()
      assert.ok(result.ok)
      return findUser(result.table, name)?.password
    }
    assert.deepEqual(
      [passwordOf('user0'), passwordOf('USER99999'), passwordOf('user100000')],
      ['*secret0', '*secret99999', undefined],
    )
    assert.deepEqual(loaded.sort(), ['nwauth.add', 'nwauth.txt'])
    writeFileSync(path.join(dir, 'nwauth.add'), 'user5:*other:\n')
    assert.deepEqual([passwordOf('user5'), passwordOf('user6')], ['*other', '*secret6'])
    assert.deepEqual(loaded, ['nwauth.add', 'nwauth.txt', 'nwauth.add'])
  })

  it('is searched in parts', async () => {
    const module = startModule({ argv: bundled('file', '-path', dir), timeoutMs: 60_000 })
    module.write('search user777 -from 1 -max 2\nsearch *\nsearch user7 -from x\nsearch a -most 5\n')
    assert.deepEqual(await module.answer(), ['+DATA user7770', '+DATA user7771', '+OK 2 found'])
    assert.equal((await module.answer()).length, 1_001)
    assert.match((await module.answer()).join(), /^-ERR usage: search/)
    assert.match((await module.answer()).join(), /^-ERR usage: search/)
    module.kill()
  })
})

describe('several modules that change one directory at once', () => {
  it('lose no change, and a reader sees whole states', async () => {
    // So near to 64 KiB that it is folded in meanwhile.
    const filler = `old:*secret:name="${'x'.repeat(400)}"\n`
    const dir = nwauth({ 'nwauth.txt': NWAUTH_TXT, 'nwauth.add': filler.repeat(Math.floor(65_400 / filler.length)) })
    const argv = bundled('file', '-path', dir)
    const writers = Array.from({ length: 3 }, () => startModule({ argv, timeoutMs: 120_000 }))
    const reader = startModule({ argv, timeoutMs: 120_000 })
    const names = writers.map((_, w) => Array.from({ length: 5 }, (__, n) => `new${w}.${n}`))
    const writing = new AbortController()
    const seen = new Set<string>()
    const reading = (async () => {
      while (!writing.signal.aborted)
        for (const name of ['bob', 'old', 'fred']) seen.add(await reader.ask(`lookup ${name}`))
    })()
    try {
      for (const [w, writer] of writers.entries()) {
        writer.write((names[w] ?? []).map((name) => `set ${name} secret fwd="${name}@example.com"\n`).join(''))
      }
      for (const [w, writer] of writers.entries()) {
        for (const name of names[w] ?? []) assert.deepEqual(await writer.answer(), ['+OK user added to database'], name)
      }
      writing.abort()
      await reading
      assert.deepEqual([...seen].map((reply) => reply.slice(0, 12)).sort(), [
        '+OK bob conf',
        '+OK fred con',
        '+OK old conf',
      ])
      for (const name of names.flat()) {
        assert.equal(await reader.ask(`lookup ${name}`), `+OK ${name} config 0 fwd="${name}@example.com"`)
      }
      assert.ok(statSync(path.join(dir, 'nwauth.txt')).size > 400, 'nwauth.add was folded in')
      assert.deepEqual(
        readdirSync(dir).filter((file) => !file.startsWith('nwauth.')),
        [],
      )
    } finally {
      for (const module of [...writers, reader]) module.kill()
    }
  })
})

describe('commands of the command line', () => {
  const dir = nwauth({ 'nwauth.txt': '' })
  const rows: [title: string, args: string[], input: string, status: number, said: RegExp][] = [
    ['add', ['add', 'Bob', 'fwd="$user,bob@example.com"'], 'secret\n', 0, /^bob added\n$/],
    ['add a user who exists', ['add', 'bob'], 'other\n', 1, /there is such a user already/],
    ['add without a password', ['add', 'joe'], '\n', 1, /needs a password/],
    ['add without any input', ['add', 'joe'], '', 1, /needs a password/],
    ['check', ['check', 'bob'], 'secret\n', 0, /^right\n$/],
    ['check a wrong one', ['check', 'bob'], 'other\n', 1, /^wrong password, or no such user\n$/],
    ['check nobody', ['check', 'joe'], 'other\n', 1, /^wrong password, or no such user\n$/],
    ['set the fields', ['set', 'bob', 'quota="1m"', 'name="B B"'], '\n', 0, /^bob changed\n$/],
    ['search', ['search', 'b*'], '', 0, /^bob quota="1m" name="B B"\n1 found\n$/],
    ['the password is the same', ['check', 'bob'], 'secret\n', 0, /^right\n$/],
    ['set the password', ['set', 'bob'], 'better\n', 0, /^bob changed\n$/],
    ['the password is another', ['check', 'bob'], 'better\n', 0, /^right\n$/],
    ['set nobody', ['set', 'joe'], 'secret\n', 1, /no such user/],
    ['set nothing', ['set', 'bob'], '\n', 1, /nothing to change/],
    ['a password with blanks', ['set', 'bob'], 'two words\n', 1, /has no blanks/],
    ['half a field', ['set', 'bob', 'fwd="x@'], '\n', 1, /not of the form/],
    ['a field without quotes', ['set', 'bob', 'fwd=x@example.com'], '\n', 1, /not of the form/],
    ['a field with two lines', ['set', 'bob', 'fwd="x\neve:*x:"'], '\n', 1, /not of the form/],
    ['a name with a colon', ['add', 'eve:*x'], 'secret\n', 1, /no colon/],
    ['a name with a line end', ['add', 'eve\nmax'], 'secret\n', 1, /cannot be a user name/],
    ['a comment for a name', ['add', '#eve'], 'secret\n', 1, /does not begin with #/],
    ['a character of -badchar', ['-badchar', '%', 'add', 'a%b'], 'secret\n', 1, /cannot be a user name/],
    ['-readonly', ['-readonly', 'add', 'joe'], 'secret\n', 1, /nothing is changed/],
    ['delete', ['delete', 'BOB'], '', 0, /^user deleted\n$/],
    ['delete nobody', ['delete', 'bob'], '', 1, /no such user/],
    ['delete with -readonly', ['-readonly', 'del', 'bob'], '', 1, /does not change users/],
    ['two names', ['delete', 'bob', 'joe'], '', 2, /name one user[^]*usage:/],
    ['another word', ['frobnicate'], '', 2, /frobnicate is not a command[^]*usage:/],
  ]
  for (const [title, args, input, status, said] of rows) {
    it(title, () => {
      const done = command(dir, args, input)
      assert.equal(done.status, status, done.out + done.err)
      assert.match(done.out + done.err, said)
    })
  }

  it('left nothing behind', () => {
    assert.equal(readFileSync(path.join(dir, 'nwauth.txt'), 'utf8'), '')
    assert.deepEqual(readdirSync(dir), ['nwauth.txt'])
  })

  it('the first user makes the file', () => {
    const fresh = tempDir('nwauth')
    assert.equal(command(fresh, ['add', 'bob'], 'secret\n').status, 0)
    assert.equal(command(fresh, ['check', 'bob'], 'secret\n').status, 0)
    assert.deepEqual(readdirSync(fresh).sort(), ['nwauth.add', 'nwauth.txt'])
  })

  it('a directory that is not there: try again later', () => {
    const { status, err } = command(path.join(tempDir('nwauth'), 'none', 'users.txt'), ['add', 'bob'], 'secret\n')
    assert.deepEqual([status, /ENOENT/.test(err)], [75, true])
  })
})

describe("NWAuth's options", () => {
  const names = (options: string[], ...asked: string[]): boolean[] => {
    const read = readFileOptions(['-path', 'x', ...options])
    assert.ok(typeof read !== 'string')
    return asked.map(read.validName)
  }
  it('-allowats, -badchar and -badchar_localpart say which names are asked for', () => {
    assert.deepEqual(names([], 'a', 'a@b', 'a@b@c', 'a%b'), [true, true, false, true])
    assert.deepEqual(names(['-allowats'], 'a@b@c', 'a b'), [true, false])
    assert.deepEqual(names(['-badchar', '%!'], 'a%b', 'a!', 'a'), [false, false, true])
    assert.deepEqual(names(['-badchar_localpart', '-'], 'a-b@c', 'a@c-d', 'a-b'), [false, true, false])
  })

  it('that mean nothing here are passed over with their arguments, and told', () => {
    const argv = '-path x -size 5 -sleep 1 2 -logpass -encrypt -generate 3 -READONLY search a'
    const read = readFileOptions(argv.split(' '))
    assert.ok(typeof read !== 'string')
    assert.deepEqual(read.ignored, ['-size', '-sleep', '-logpass', '-encrypt', '-generate'])
    assert.deepEqual([read.path, read.readonly, read.command], ['x', true, ['search', 'a']])
  })

  it('drop_path 0 names drop files in a directory; the other hashes are not known', async () => {
    const commands = ['lookup bob', 'check bob secret']
    assert.deepEqual(
      await answers(nwauth(), commands, ['drop_path', '0', '/var/spool']),
      commands.map(() => '+OK bob /var/spool/bob 0 fwd=""'),
    )
    assert.deepEqual(await answers(nwauth(), ['lookup bob'], ['drop_path', '1', '/var/spool']), [
      '+OK bob config 0 fwd=""',
    ])
    const locked = nwauth({ 'nwauth.txt': 'bob.lock:*x:\n' })
    assert.match((await answers(locked, ['lookup bob.lock'], ['drop_path', '0', '/var/spool'])).join(), /^-DEAD/)
  })

  it('that nobody knows are wrong use', () => {
    for (const argv of [
      [],
      ['-path'],
      ['-path', 'x', '-frobnicate'],
      ['-readonly'],
      ['-path', 'x', 'drop_path', '3', '/y'],
    ]) {
      assert.equal(typeof readFileOptions(argv), 'string', argv.join(' '))
    }
  })

  it('-log tells refused checks and changes on stderr, -debug every command, neither any password', async () => {
    for (const [option, expected] of [
      [
        '-log',
        ['check bob ***: -ERR bob password wrong or not a valid user', 'set tim ***: +OK user added to database'],
      ],
      [
        '-debug',
        [
          'lookup bob: +OK bob config 0 fwd=""',
          'check bob ***: -ERR bob password wrong or not a valid user',
          'set tim ***: +OK user added to database',
          'exit: +OK goodbye',
        ],
      ],
    ] as const) {
      const module = startModule({ argv: bundled('file', '-path', nwauth(), option), timeoutMs: 60_000 })
      module.write('lookup bob\ncheck bob pass1\nset tim pass2\nexit\n')
      assert.equal(await module.ended(), 0)
      assert.deepEqual(module.said().trim().split('\n'), expected)
    }
  })
})
