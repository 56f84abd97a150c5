import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { externalDirectory } from '../../lib/directory/pool.js'
import { detail, recordedLog, rules } from '../directory/helpers.js'
import { POSTGRES_PASSWORD, startPostgres, withoutPostgres, type Postgres } from '../support/postgres.js'
import { askUntilTold, silentServer } from './away.js'
import { bundled, configFile, makeUsersTable } from './modules.js'
import { startModule, type ModuleSession } from './session.js'

const AWAY = '-DEAD the data base cannot be asked just now'

describe('the sql module', { skip: withoutPostgres() }, () => {
  let postgres: Postgres
  const started: ModuleSession[] = []
  before(async () => {
    postgres = await startPostgres()
    await makeUsersTable(postgres)
  })
  after(async () => {
    for (const module of started) module.kill()
    await postgres.kill()
  })

  function start(ini: string, files: Readonly<Record<string, string>> = {}): ModuleSession {
    const module = startModule({ argv: bundled('sql', '-config', configFile(ini, files)), timeoutMs: 60_000 })
    started.push(module)
    return module
  }

  it("answers from SQLAuth's table", async () => {
    await postgres.query(`INSERT INTO users (username, passwd, forward, quota, maildrop) VALUES
      ('Bob', '*secret', '$user,fred@example.com', '100k', ''),
      ('ann@domain1.com', '$1$abcdefgh$cHJi5PXp/ki/ktXzqlk6I1', NULL, NULL, '/var/mail/a/ann'),
      ('odd', 'plain', '', '', NULL), ('nul', NULL, '', '', NULL), ('JÖRG', '*x', '|drespond "two words"', NULL, NULL)`)
    const module = start(postgres.ini())
    const rows: [command: string, reply: string][] = [
      ['lookup bob', '+OK bob config 0 fwd="$user,fred@example.com" quota="100k" mailmask="0.0.0.0"'],
      ['check BOB secret', '+OK bob config 0 fwd="$user,fred@example.com" quota="100k" mailmask="0.0.0.0"'],
      ['lookup ann', '-ERR no such user'],
      ['check ann@domain1.com secret', '+OK ann@domain1.com /var/mail/a/ann 0 mailmask="0.0.0.0"'],
      ['check odd plain', '-DEAD the stored password is of a kind this module cannot check'],
      ['check nul *', '-ERR nul password wrong or not a valid user'],
      ['lookup jörg', '+OK jörg config 0 fwd="|drespond \\"two words\\"" mailmask="0.0.0.0"'],
      ['set ann@domain1.com (NULL) quota="1m" fwd=""', '+OK user changed'],
      ['check ann@domain1.com secret', '+OK ann@domain1.com /var/mail/a/ann 0 quota="1m" mailmask="0.0.0.0"'],
      ['set bob (NULL) shoe="44"', '-ERR no column is kept for the field "shoe"'],
      [`set bob (NULL) quota="${'1'.repeat(30)}"`, '-ERR the data base refuses it: SQLSTATE 22001'],
      [`del bob`, '+OK user deleted'],
      ['lookup bob', '-ERR no such user'],
    ]
    for (const [command, reply] of rows) assert.equal(await module.ask(command), reply, command)
  })

  it('says -DEAD for rows that no reply line can carry, and for a name that is there twice', async () => {
    await postgres.query(
      `INSERT INTO users (username, forward, maildrop) VALUES ($1, $2, NULL), ($3, $4, NULL), ($5, NULL, $6), ('two', '', ''), ('TWO', '', '')`,
      ['bell', 'a\x07b', 'fields', 'x" quota=', 'blanks', '/var/mail/two words'],
    )
    const module = start(postgres.ini())
    const rows: [name: string, reply: RegExp][] = [
      ['bell', /^-DEAD .* control characters/],
      ['fields', /^-DEAD .* cannot be told from other fields/],
      ['blanks', /^-DEAD .* blanks in its path/],
      ['two', /^-DEAD more than one user has this name/],
    ]
    for (const [name, reply] of rows) assert.match(await module.ask(`lookup ${name}`), reply)
  })

  it('whose table names a drop file outside the drop roots: the suite takes no mail for it (U5)', async () => {
    await postgres.query(
      `INSERT INTO users (username, maildrop) VALUES ('escape', '/etc/passwd'), ('up', '/var/mail/../x')`,
    )
    const argv = bundled('sql', '-config', configFile(postgres.ini()))
    const directory = externalDirectory({ argv, number: 1, timeoutMs: 60_000, log: recordedLog().log, ...rules })
    assert.match(detail(await directory.lookup('escape')), /"\/etc\/passwd" for user "escape": it is outside/)
    assert.match(detail(await directory.lookup('up')), /it has "\.\." in it/)
    directory.close()
  })

  it('asks the table and columns it is told to', async () => {
    await postgres.query('CREATE SCHEMA shop')
    await postgres.query(
      'CREATE TABLE shop."mail users" (id serial, "Login" text UNIQUE, pw text, goes_to text, colour text)',
    )
    await postgres.query(
      `INSERT INTO shop."mail users" ("Login", pw, goes_to, colour) VALUES ('Bob', 'secret', 'a@example.com', 'red')`,
    )
    await postgres.query('GRANT USAGE ON SCHEMA shop TO dmail')
    await postgres.query('GRANT ALL ON ALL TABLES IN SCHEMA shop TO dmail')
    await postgres.query('GRANT ALL ON ALL SEQUENCES IN SCHEMA shop TO dmail')
    const table = ['[table]', 'name=shop.mail users', 'username=Login', 'passwd=pw', 'maildrop=', 'case_sensitive=true']
    const fields = ['[fields]', 'fwd=goes_to', 'colour=colour']
    const module = start(postgres.ini([...table, 'clear_passwords=true', ...fields]))
    const rows: [command: string, reply: string][] = [
      ['check Bob secret', '+OK Bob config 0 fwd="a@example.com" colour="red"'],
      ['check Bob *secret', '-ERR Bob password wrong or not a valid user'],
      ['lookup bob', '-ERR no such user'],
      ['set bob other colour="blue"', '+OK user added to database'],
      ['check bob other', '+OK bob config 0 colour="blue"'],
    ]
    for (const [command, reply] of rows) assert.equal(await module.ask(command), reply, command)
    const [row] = await postgres.query(`SELECT pw FROM shop."mail users" WHERE "Login" = 'bob'`)
    assert.equal(row?.['pw'], 'other')
    const reader = start(postgres.ini([...table, 'readonly=true', ...fields]))
    assert.equal(await reader.ask('set bob other'), '-ERR this module does not change users')
    assert.equal(await reader.ask('del bob'), '-ERR this module does not change users')
  })

  it('while the data base is away: -DEAD; then +OK again, from the same process', async () => {
    await postgres.query(`INSERT INTO users (username, passwd) VALUES ('here', '*secret')`)
    const module = start(postgres.ini(['connect_timeout=1s', 'timeout=1s']))
    const here = '+OK here config 0 mailmask="0.0.0.0"'
    assert.equal(await module.ask('lookup here'), here)
    for (let round = 0; round < 2; round++) {
      await postgres.kill()
      for (const command of [
        'lookup here',
        'lookup nobody',
        'check here secret',
        'search h',
        'set here x',
        'del here',
      ]) {
        assert.equal(await module.ask(command), AWAY, command)
      }
      await postgres.start()
      assert.equal((await askUntilTold(module, 'lookup here')).at(-1), here)
      assert.equal(await module.ask('lookup nobody'), '-ERR no such user')
    }
    assert.match(module.said(), /the data base cannot be asked just now: .*ECONNREFUSED/)
    assert.doesNotMatch(module.said(), new RegExp(POSTGRES_PASSWORD))
  })

  it('started while the data base is away, or refuses it, or says nothing: -DEAD', async () => {
    const silent = await silentServer()
    const lines = ['connect_timeout=1s', 'timeout=1s']
    const mute = start(postgres.ini(lines).replace(/^port=.*$/m, `port=${silent.port}`))
    const locked = start(postgres.ini(lines).replace(/^password=.*$/m, 'password=wrong'))
    const elsewhere = start(postgres.ini([...lines, '[table]', 'name=no_such_table']))
    for (const module of [mute, locked, elsewhere]) {
      assert.equal(await module.ask('lookup here'), AWAY)
      module.write('exit\n')
      assert.deepEqual(await module.answer(), ['+OK goodbye'])
      assert.equal(await module.ended(), 0)
    }
    assert.match(locked.said(), /password authentication failed/)
    assert.match(elsewhere.said(), /"no_such_table" does not exist/)
    silent.close()
  })

  it('while the data base hangs: -DEAD in time; then +OK again', async () => {
    const module = start(postgres.ini(['connect_timeout=1s', 'timeout=1s']))
    await postgres.query(`INSERT INTO users (username, mailmask) VALUES ('still', NULL)`)
    assert.equal(await module.ask('lookup still'), '+OK still config 0')
    await postgres.freeze()
    for (let asked = 0; asked < 3; asked++) assert.equal(await module.ask('lookup still'), AWAY)
    postgres.thaw()
    assert.equal((await askUntilTold(module, 'lookup still')).at(-1), '+OK still config 0')
  })

  it('a statement that takes too long: -DEAD in time', async () => {
    await postgres.query(`INSERT INTO users (username) VALUES ('slow')`)
    await postgres.query('CREATE VIEW slow AS SELECT *, pg_sleep(60)::text FROM users')
    await postgres.query('GRANT SELECT ON slow TO dmail')
    const module = start(postgres.ini(['timeout=1s', '[table]', 'name=slow']))
    assert.equal(await module.ask('lookup slow'), AWAY)
    assert.match(module.said(), /timeout/i)
  })

  describe('over TLS', () => {
    const rows: [title: string, host: string, lines: string[], works: boolean][] = [
      ['verified against the authority it is given', 'localhost', ['tls=verify', 'tls_ca=ca.pem'], true],
      ['with any certificate, if told so', '127.0.0.1', ['tls=require'], true],
      ['not with an authority it does not know', 'localhost', ['tls=verify'], false],
      ['not with the certificate of another host', '127.0.0.1', ['tls=verify', 'tls_ca=ca.pem'], false],
    ]
    for (const [title, host, lines, works] of rows) {
      it(title, async () => {
        const ini = postgres.ini(lines).replace(/^host=.*$/m, `host=${host}`)
        const module = start(ini, { 'ca.pem': postgres.ca })
        assert.equal(await module.ask('lookup nobody'), works ? '-ERR no such user' : AWAY)
        if (works) {
          const secure = `SELECT 1 FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE ssl AND usename = 'dmail'`
          assert.notEqual((await postgres.query(secure)).length, 0)
        }
        module.kill()
        await module.ended()
      })
    }
  })
})

describe('a configuration that cannot be used', () => {
  const rows: [title: string, ini: string, said: RegExp][] = [
    ['no data base', '[server]\nuser=x\n', /\[server\] database is missing/],
    ['a key nobody knows', '[server]\nuser=x\ndatabase=y\n[table]\ncolumn=z\n', /\[table\] column not known/],
    ['a port that is none', '[server]\nport=http\n', /\[server\] port=http is not a whole number/],
    ['a word for a time', '[server]\nuser=x\ndatabase=y\ntimeout=soon\n', /timeout=soon is not a time like 5s/],
    [
      'a way of TLS that is none',
      '[server]\nuser=x\ndatabase=y\ntls=maybe\n',
      /tls=maybe is not one of off, require, verify/,
    ],
    ['a file that is not there', '[server]\nuser=x\ndatabase=y\npassword_file=none\n', /ENOENT/],
    ['a key before any section', 'user=x\n', /user stands before any section/],
  ]
  for (const [title, ini, said] of rows) {
    it(`${title}: status 2, and what to mend`, async () => {
      const module = startModule({ argv: bundled('sql', '-config', configFile(ini)), timeoutMs: 60_000 })
      assert.equal(await module.ended(), 2)
      assert.match(module.said(), said)
    })
  }

  it('none at all: how it is used', async () => {
    for (const name of ['sql', 'ldap'] as const) {
      const module = startModule({ argv: bundled(name), timeoutMs: 60_000 })
      assert.equal(await module.ended(), 2)
      assert.match(module.said(), new RegExp(`^usage: ${name}.js -config FILE`))
    }
  })
})
