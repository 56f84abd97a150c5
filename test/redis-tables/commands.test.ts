import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { after, afterEach, before, describe, it } from 'node:test'
import { loadAliasFile } from '../../lib/conf/alias-file.js'
import { importFile } from '../../lib/redis-tables/import.js'
import { openStore } from '../../lib/redis-tables/store.js'
import { dmail, type Ran } from '../cli/support.js'
import { tempDir } from '../support/cleanup.js'
import { writeInto } from '../support/haraka-dir.js'
import { startRedis, withoutRedis, type TestRedis } from '../support/redis.js'
import { mapPath } from './fake.js'

const CONF = [
  'host_domain domain1.com',
  'sysadmin bob@domain1.com',
  'drop_path /var/spool/in',
  'authent_method external',
  `authent_process ${process.execPath} ${path.join(__dirname, '../../authent/file.js')} -path {dir}/config/users.txt`,
]

describe('dmail tables', { skip: withoutRedis() }, () => {
  let redis: TestRedis
  let isUp = true
  const dir = tempDir('tables')
  const file = path.join(dir, 'aliases.txt')
  const conf = (...lines: string[]): void => {
    writeInto(dir, 'config/dmail.conf', [...CONF, ...lines, ''].join('\n').replaceAll('{dir}', dir))
  }
  const run = (...args: string[]): Promise<Ran> => dmail([...args, '-c', dir])
  const write = (text: string): void => {
    writeFileSync(file, text)
  }
  const json = ({ out }: Ran): unknown => JSON.parse(out)

  before(async () => {
    redis = await startRedis()
    writeInto(dir, 'config/redis.ini', redis.ini)
    writeInto(dir, 'config/dmail.ini', '[cluster]\nredis=true\n')
    writeInto(dir, 'config/users.txt', 'bob:*secret:\nfred:*secret:\n')
    conf('alias_file_domain domain1.com redis:aliases:domain1.com', 'forward_table redis:forwards')
  })
  afterEach(() => {
    if (isUp) redis.command('FLUSHALL')
  })

  after(() => redis.kill())

  describe('import', () => {
    it('puts a file into a hash, field by field', async () => {
      write('Sales: fred,\n  "|prog "two words" x"\n"Front Desk": bob\n*@B\u00fccher.example: $user\n')
      const { exit, out } = await run('tables', 'import', file, 'redis:aliases:domain1.com')
      assert.equal(out, '3 entries now in redis:aliases:domain1.com\n')
      assert.equal(exit, 0)
      assert.equal(redis.command('HGET', 'dmail:aliases:domain1.com', 'sales'), 'fred, "|prog "two words" x"')
      assert.equal(redis.command('HGET', 'dmail:aliases:domain1.com', '"front desk"'), 'bob')
      assert.equal(redis.command('HGET', 'dmail:aliases:domain1.com', '*@xn--bcher-kva.example'), '$user')
      assert.equal(redis.command('KEYS', '*'), 'dmail:aliases:domain1.com')
      assert.equal(redis.command('TTL', 'dmail:aliases:domain1.com'), '-1', 'it stays')
    })

    it('takes the place of all that was there', async () => {
      redis.command('HSET', 'dmail:aliases:domain1.com', 'old', 'bob', 'sales', 'bob')
      write('sales: fred\n')
      await run('tables', 'import', file, 'redis:aliases:domain1.com')
      assert.equal(redis.command('HGETALL', 'dmail:aliases:domain1.com'), 'sales\nfred')
    })

    it('--merge keeps what it does not name', async () => {
      redis.command('HSET', 'dmail:aliases:domain1.com', 'old', 'bob', 'sales', 'bob')
      write('sales: fred\n')
      await run('tables', 'import', file, 'redis:aliases:domain1.com', '--merge')
      assert.equal(redis.command('HGETALL', 'dmail:aliases:domain1.com'), 'old\nbob\nsales\nfred')
    })

    it('says what is wrong with the file, line by line, and then does nothing', async () => {
      redis.command('HSET', 'dmail:aliases:domain1.com', 'old', 'bob')
      write('sales: fred\nteam: :include:/etc/team\nbad: *@domain1.com\nno colon\nsales: bob\n')
      const ran = await run('tables', 'import', file, 'redis:aliases:domain1.com', '--json')
      assert.equal(ran.exit, 1)
      const { errors, warnings, entries } = json(ran) as Record<
        'errors' | 'warnings',
        { at: string; message: string }[]
      > & {
        entries: number
      }
      assert.equal(entries, 0)
      assert.deepEqual(
        errors.map(({ at, message }) => `${path.basename(at)} ${message}`),
        [
          'aliases.txt:3:6 "*@domain1.com" has a wildcard',
          'aliases.txt:4:1 the line is not "name: destination"',
          'aliases.txt:2:7 "/etc/team" does not exist',
          'aliases.txt:2:7 :include: is not followed from a table in Redis',
        ],
      )
      assert.deepEqual(
        warnings.map(({ at }) => path.basename(at)),
        ['aliases.txt:5:1'],
      )
      assert.equal(redis.command('HGETALL', 'dmail:aliases:domain1.com'), 'old\nbob')
      assert.equal(redis.command('KEYS', '*'), 'dmail:aliases:domain1.com')
    })

    it('a forward_table takes addresses, *@domain and * only', async () => {
      write('bob@domain1.com: fred\n*@domain1.com: bob\n*: bob\nsales: bob\nx*@domain1.com: bob\n')
      const { exit, out } = await run('tables', 'import', file, 'redis:forwards')
      assert.equal(exit, 1)
      assert.match(out, /aliases\.txt:4:8 no forward asks for "sales"/)
      assert.match(out, /aliases\.txt:5:\d+ no forward asks for "x\*@domain1\.com"/)
      assert.equal(redis.command('KEYS', '*'), '')
    })

    it('joins the destinations of a key that is given twice', async () => {
      write('sales: fred\nx: y\nSales: bob\n')
      await run('tables', 'import', file, 'redis:aliases:domain1.com')
      assert.equal(redis.command('HGET', 'dmail:aliases:domain1.com', 'sales'), 'fred, bob')
    })

    it('an empty file would empty the table, and is refused', async () => {
      write('# nothing\n')
      const { exit, out } = await run('tables', 'import', file, 'redis:aliases:domain1.com')
      assert.equal(exit, 1)
      assert.match(out, /has no entries/)
    })

    it('a key that holds something else stays', async () => {
      redis.command('SET', 'dmail:aliases:domain1.com', 'x')
      write('sales: fred\n')
      const { exit, err } = await run('tables', 'import', file, 'redis:aliases:domain1.com')
      assert.equal(exit, 1)
      assert.match(err, /holds no table but a string/)
      assert.equal(redis.command('GET', 'dmail:aliases:domain1.com'), 'x')
    })

    it('one that breaks off in the middle changes nothing', async () => {
      redis.command('HSET', 'dmail:aliases:domain1.com', 'old', 'bob')
      write(Array.from({ length: 2_500 }, (_, n) => `user${n}: bob\n`).join(''))
      const { table } = await loadAliasFile(file, 'aliases.txt', mapPath)
      const store = openStore(dir, () => undefined)
      const seen: string[] = []
      const importing = importFile(table, store, {
        key: 'dmail:aliases:domain1.com',
        merge: false,
        mapPath,
        progress: ({ done }) => {
          seen.push(redis.command('HGETALL', 'dmail:aliases:domain1.com'))
          const left = redis.command('--raw', 'KEYS', '*~import-*')
          // Killed now it would leave this, for a time.
          assert.match(redis.command('TTL', left), /^3[56]\d\d$/)
          if (done === 2_000) throw new Error('enough')
        },
      })
      await assert.rejects(importing, /enough/)
      store.close()
      assert.deepEqual(seen, ['old\nbob', 'old\nbob'])
      assert.equal(redis.command('HGETALL', 'dmail:aliases:domain1.com'), 'old\nbob')
      assert.equal(redis.command('KEYS', '*'), 'dmail:aliases:domain1.com')
    })

    it('one of which Redis has removed a part changes nothing', async () => {
      redis.command('HSET', 'dmail:aliases:domain1.com', 'old', 'bob')
      write(Array.from({ length: 2_500 }, (_, n) => `user${n}: bob\n`).join(''))
      const { table } = await loadAliasFile(file, 'aliases.txt', mapPath)
      const store = openStore(dir, () => undefined)
      const importing = importFile(table, store, {
        key: 'dmail:aliases:domain1.com',
        merge: false,
        mapPath,
        progress: ({ done }) => {
          if (done === 1_000) redis.command('DEL', redis.command('--raw', 'KEYS', '*~import-*'))
        },
      })
      await assert.rejects(importing, /Redis has not kept what was written/)
      store.close()
      assert.equal(redis.command('HGETALL', 'dmail:aliases:domain1.com'), 'old\nbob')
      assert.equal(redis.command('KEYS', '*'), 'dmail:aliases:domain1.com')
    })

    it('takes many entries', async () => {
      write(Array.from({ length: 5_500 }, (_, n) => `user${n}: mailbox${n}@domain${n % 7}.com\n`).join(''))
      const { out } = await run('tables', 'import', file, 'redis:aliases:domain1.com')
      assert.equal(out, '5500 entries now in redis:aliases:domain1.com\n')
      assert.equal(redis.command('HLEN', 'dmail:aliases:domain1.com'), '5500')
      assert.equal(redis.command('HGET', 'dmail:aliases:domain1.com', 'user5499'), 'mailbox5499@domain4.com')
      assert.equal((await run('tables', 'diff', file, 'redis:aliases:domain1.com')).exit, 0)
    })
  })

  describe('export', () => {
    it('writes an alias file', async () => {
      redis.command('HSET', 'dmail:aliases:domain1.com', 'sales', 'fred, bob', '"front desk"', 'bob')
      const { out, exit } = await run('tables', 'export', 'redis:aliases:domain1.com')
      assert.deepEqual(out.split('\n').sort(), ['', '"front desk": bob', 'sales: fred, bob'])
      assert.equal(exit, 0)
    })

    it('into a file, as a whole or not at all', async () => {
      redis.command('HSET', 'dmail:aliases:domain1.com', 'sales', 'fred')
      const target = path.join(dir, 'exported.txt')
      const { out } = await run('tables', 'export', 'redis:aliases:domain1.com', target)
      assert.equal(out, `1 entry of redis:aliases:domain1.com written to ${target}\n`)
      assert.equal(readFileSync(target, 'utf8'), 'sales: fred\n')
      assert.equal((await run('tables', 'export', 'redis:aliases:domain1.com', '/nowhere/x')).exit, 1)
      assert.ok(!existsSync('/nowhere'))
    })
  })

  describe('diff', () => {
    it('exit 0 where both mean the same, however it is written', async () => {
      redis.command('HSET', 'dmail:aliases:domain1.com', 'sales', 'fred,bob', 'x', '"|prog a"')
      write('X:   "|prog a"\nsales: fred,\n   bob\n')
      const { exit, out } = await run('tables', 'diff', file, 'redis:aliases:domain1.com')
      assert.equal(out, `${file} and redis:aliases:domain1.com say the same\n`)
      assert.equal(exit, 0)
    })

    it('exit 1 where not, with what only one of them has', async () => {
      redis.command('HSET', 'dmail:aliases:domain1.com', 'sales', 'fred', 'new', 'bob', 'Bad', 'x')
      write('sales: fred, bob\ngone: bob\n')
      const { exit, out } = await run('tables', 'diff', file, 'redis:aliases:domain1.com')
      assert.equal(exit, 1)
      assert.deepEqual(out.split('\n').sort(), [
        ...['', '+ Bad: x', '+ new: bob', '+ sales: fred', '- gone: bob', '- sales: fred, bob'],
        '1 only in the file, 2 only in Redis, 1 different',
      ])
      const ran = await run('tables', 'diff', file, 'redis:aliases:domain1.com', '--json')
      assert.equal(ran.exit, 1)
      const { entries, ...counts } = json(ran) as {
        entries: { key: string; file: string | null; redis: string | null }[]
      }
      assert.deepEqual(counts, {
        table: 'redis:aliases:domain1.com',
        file,
        same: false,
        onlyInFile: 1,
        onlyInRedis: 2,
        different: 1,
      })
      assert.deepEqual(
        entries.find(({ key }) => key === 'sales'),
        { key: 'sales', file: 'fred, bob', redis: 'fred' },
      )
    })

    it('exit 2 where the file cannot be used', async () => {
      assert.equal((await run('tables', 'diff', path.join(dir, 'nothing'), 'redis:aliases:domain1.com')).exit, 2)
    })
  })

  it('exit 2 for what is no name of a table', async () => {
    for (const name of ['aliases', 'redis:', 'redis:two words', 'redis:x~y', 'redis:versions', 'redis:record:holds']) {
      assert.equal((await run('tables', 'export', name)).exit, 2, name)
    }
  })

  describe('dmail check', () => {
    it('counts the tables', async () => {
      redis.command('HSET', 'dmail:aliases:domain1.com', 'sales', 'fred', 'team', 'bob, fred')
      redis.command('HSET', 'dmail:forwards', 'info@domain1.com', 'bob@domain1.com')
      const ran = await run('check', '--json')
      const report = json(ran) as Record<string, unknown>
      assert.deepEqual([report['errors'], report['warnings']], [[], []])
      assert.deepEqual(report['tables'], [
        { table: 'redis:forwards', entries: 1 },
        { table: 'redis:aliases:domain1.com', entries: 2 },
      ])
      assert.equal(ran.exit, 0)
      assert.match((await run('check')).out, /^redis:aliases:domain1\.com: 2 entries$/m)
    })

    it('names the keys that are wrong', async () => {
      redis.command('HSET', 'dmail:aliases:domain1.com', 'Sales', 'fred', 'bad', 'two words', 'lost', 'ghost')
      redis.command('HSET', 'dmail:forwards', 'info', 'bob@domain1.com')
      const ran = await run('check', '--json')
      const { errors, warnings } = json(ran) as Record<
        'errors' | 'warnings',
        { at: string; message: string; hint: string }[]
      >
      assert.deepEqual(
        errors.map(({ at, message }) => `${at} ${message}`),
        ['redis:aliases:domain1.com[bad] "two words" is not a destination'],
      )
      assert.deepEqual(warnings.map(({ at, message, hint }) => `${at} ${message} (${hint})`).sort(), [
        'redis:aliases:domain1.com[Sales] no look-up asks for it (write it as sales)',
        'redis:aliases:domain1.com[lost] ghost@domain1.com leads nowhere: ghost@domain1.com: there is no such user here (mail for it is left out, or refused where it is the only target; add the user or change the rule)',
        'redis:forwards[info] no forward asks for it (the keys of a forward_table are user@domain, *@domain and *)',
      ])
      assert.equal(ran.exit, 1)
    })

    it('warns of an alias at another name of the main domain, at the import too', async () => {
      const tables = ['alias_file_domain domain1.com redis:aliases:domain1.com', 'forward_table redis:forwards']
      conf(...tables, 'host_domain second.example')
      try {
        write('sales@second.example: bob\n')
        const imported = json(await run('tables', 'import', file, 'redis:aliases:domain1.com', '--json'))
        redis.command('HSET', 'dmail:forwards', 'sales@second.example', 'bob@domain1.com')
        const checked = json(await run('check', '--json'))
        const places = (report: unknown): string[] =>
          (report as { warnings: { at: string; message: string }[] }).warnings.map(
            ({ at, message }) => `${at} ${message.split(':')[0] ?? ''}`,
          )
        assert.deepEqual(places(imported), [`${file}:1:1 "sales@second.example" is never used`])
        assert.deepEqual(places(checked), ['redis:aliases:domain1.com[sales@second.example] it is never used'])
      } finally {
        conf(...tables)
      }
    })

    it('tells of a table that is not there', async () => {
      const { out } = await run('check')
      assert.match(out, /dmail\.conf:6:\d+ there is no hash dmail:aliases:domain1\.com in Redis/)
    })

    it('without [cluster] redis=true a table is an error, at its line', async () => {
      writeInto(dir, 'config/dmail.ini', '')
      const ran = await run('check', '--json')
      writeInto(dir, 'config/dmail.ini', '[cluster]\nredis=true\n')
      const { errors } = json(ran) as { errors: { at: string; message: string }[] }
      assert.deepEqual(
        errors.map(({ at, message }) => `${at} ${message}`),
        [
          'dmail.conf:7:15 redis:forwards is a table in Redis, and Redis is not used',
          'dmail.conf:6:19 redis:aliases:domain1.com is a table in Redis, and Redis is not used',
        ],
      )
      assert.equal(ran.exit, 1)
    })

    it('a bad name of a table is an error as well', async () => {
      conf('alias_file redis:two~words', 'forward_table /etc/forwards')
      const { out } = await run('check')
      conf('alias_file_domain domain1.com redis:aliases:domain1.com', 'forward_table redis:forwards')
      assert.match(out, /dmail\.conf:6:12 "redis:two~words" is not a table in Redis/)
      assert.match(out, /dmail\.conf:7:15 "\/etc\/forwards" is not a table in Redis/)
    })
  })

  it('dmail route names the key, and the command ends', async () => {
    redis.command('HSET', 'dmail:forwards', 'info@domain1.com', 'bob')
    redis.command('HSET', 'dmail:aliases:domain1.com', 'sales', 'fred')
    const { out, exit } = await run('route', 'sales@domain1.com')
    assert.match(out, /alias sales: fred \(redis:aliases:domain1\.com\[sales\]\)/)
    assert.equal(exit, 0)
  })

  it('dmail route defers where a table was lost', async () => {
    redis.command('HSET', 'dmail:aliases:domain1.com', 'sales', 'fred')
    const { out, err } = await run('route', 'sales@domain1.com')
    assert.match(out, /^451 4\.3\.0/m)
    assert.match(err, /there is no table dmail:forwards in Redis/)
  })

  it('dmail migrate --verify lists the aliases of a table', async () => {
    redis.command('HSET', 'dmail:aliases:domain1.com', 'sales', 'fred', 'x*', 'bob')
    const { out } = await run('migrate', '--verify', '--json')
    assert.match(out, /"sales@domain1\.com"/)
  })

  describe('without Redis', () => {
    before(async () => {
      isUp = false
      await redis.kill()
    })
    it('exit 75', async () => {
      write('sales: fred\n')
      for (const args of [['import', file], ['export'], ['diff', file]] as const) {
        const [command, ...rest] = args
        const { exit, err } = await run('tables', command, ...rest, 'redis:aliases:domain1.com')
        assert.equal(exit, 75, command)
        assert.match(err, /^dmail: Redis .*is away/, command)
      }
    })

    it('migrate --verify says that it cannot list the aliases', async () => {
      const { exit, err } = await run('migrate', '--verify')
      assert.equal(exit, 1)
      assert.match(err, /^dmail: aliases cannot be listed: redis:aliases:domain1\.com: Redis is away/)
    })

    it('check warns, and route answers 451', async () => {
      const { out } = await run('check')
      assert.match(out, /warning dmail\.conf:6:19 redis:aliases:domain1\.com cannot be looked into: Redis is away/)
      const { out: routed, exit } = await run('route', 'bob@domain1.com')
      assert.match(routed, /^451 4\.3\.0/m)
      assert.equal(exit, 1)
    })
  })
})
