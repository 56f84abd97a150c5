import assert from 'node:assert/strict'
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  statSync,
  symlinkSync,
} from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'
import { tempDir } from '../support/cleanup.js'
import { CONF, smallSite } from './migrate-site.js'
import { dmail, fakeGetent } from './support.js'

/** The parts of a report that say what became of a file. */
function actions(files: readonly { readonly path: string; readonly action: string }[]): Record<string, string> {
  return Object.fromEntries(files.map(({ path: name, action }) => [name, action]))
}

describe('dmail migrate', () => {
  it('makes a Haraka directory that passes dmail check', async () => {
    const site = smallSite()
    const { exit, report } = await site.migrate()
    assert.equal(exit, 0)
    assert.ok(report.files.every(({ action, backup }) => action === 'created' && backup === null))
    const check = await dmail(['check', '-c', site.dir, '--no-lookups'])
    assert.equal(check.exit, 0, check.out)
    for (const folder of ['queue', 'plugins']) assert.ok(statSync(path.join(site.dir, folder)).isDirectory())
  })

  it('with --dry-run writes nothing at all, and prints a diff that says the same', async () => {
    const site = smallSite()
    const { exit, out } = await site.print('--dry-run')
    assert.equal(exit, 0)
    assert.equal(existsSync(site.dir), false)
    assert.match(out, /^--- \/dev\/null\n\+\+\+ b\/config\/dmail\.conf\n@@ -0,0 \+1,9 @@\n\+# A small site\n/)
    assert.match(out, /^\+c:\\dmail = TOP\/old$/m)
    assert.match(out, /nothing was written; \d+ files would be; 0 errors\n$/)
  })

  it('tells people everything, in this form', async () => {
    const site = smallSite()
    site.write('old/in/bob', '')
    site.write('old/in/bob.fwd', '|/usr/local/bin/shout\n$user\n')
    const { out } = await site.print()
    const text = out.slice(out.indexOf('\nsettings:'))
    assert.equal(text, GOLDEN)
  })

  it('copies every byte of dmail.conf but the lines it names', async () => {
    const odd = Buffer.from(`\ufeff${CONF}#\u00fcber\r\n\tLOCK_ID   x1  \r\n# last line, no end`)
    const site = smallSite()
    site.write('old/dmail.conf', odd)
    const { report } = await site.migrate()
    const before = odd.toString('latin1').split('\n')
    const after = site.read('new/config/dmail.conf').split('\n')
    assert.deepEqual(
      before.flatMap((line, index) => (line === after[index] ? [] : [index + 1])),
      [5],
    )
    assert.equal(report.files[0]?.changes.filter((change) => /^line/.test(change)).length, 1)
  })

  it('keeps Latin-1 as it is', async () => {
    const site = smallSite()
    site.write('old/dmail.conf', Buffer.from(`${CONF}# \u00fcber\n`, 'latin1'))
    await site.migrate()
    assert.match(site.read('new/config/dmail.conf'), /^# \u00fcber$/m)
  })

  it('copies included files, and what these include', async () => {
    const site = smallSite(`${CONF}#include more/one.inc\n#include c:\\dmail\\two\\one.inc\n#include missing.inc\n`)
    site.write('old/more/one.inc', 'forward a@domain1.com bob@domain1.com\n#include ../deep.inc\n')
    site.write('old/two/one.inc', 'forward b@domain1.com bob@domain1.com\n')
    site.write('old/deep.inc', 'forward c@domain1.com bob@domain1.com\n')
    const { exit, report } = await site.migrate('--verify')
    assert.match(
      site.read('new/config/dmail.conf'),
      /#include dmail\.conf\.d\/one\.inc\n#include dmail\.conf\.d\/one-2\.inc\n/,
    )
    assert.match(site.read('new/config/dmail.conf.d/one.inc'), /#include deep\.inc/)
    const taken = report.verify?.filter(({ accepted }) => accepted).map(({ address }) => address)
    for (const address of ['a@domain1.com', 'b@domain1.com', 'c@domain1.com'])
      assert.ok(taken?.includes(address), address)
    // The file that is missing is an error with its place.
    assert.equal(exit, 1)
    assert.deepEqual(
      report.errors.map(({ at }) => at),
      ['dmail.conf:12:10'],
    )
  })

  it('a second time changes nothing and says so', async () => {
    const site = smallSite()
    await site.migrate()
    const before = site.written()
    const { exit, out } = await site.print()
    assert.equal(exit, 0)
    assert.deepEqual(site.written(), before)
    assert.match(out, /nothing to change; 0 errors\n$/)
  })

  it('takes over what changed in DMail since, with a backup', async () => {
    const site = smallSite()
    await site.migrate()
    const first = site.read('new/config/dmail.conf')
    site.write('old/dmail.conf', `${CONF}host_domain domain2.com\n`)
    const { exit, report } = await site.migrate()
    assert.equal(exit, 0)
    assert.match(site.read('new/config/dmail.conf'), /host_domain domain2\.com/)
    const backup = report.files.find(({ path: name }) => name === 'config/dmail.conf')?.backup ?? ''
    assert.match(backup, /^config\/dmail\.conf\.bak-\d{8}-\d{6}$/)
    assert.equal(site.read(`new/${backup}`), first)
  })

  it('writes over what dmail init made', async () => {
    const site = smallSite()
    await dmail(['init', site.dir])
    const { exit, report } = await site.migrate()
    assert.equal(exit, 0)
    assert.equal(actions(report.files)['config/dmail.conf'], 'changed')
    assert.equal(actions(report.files)['config/smtp.ini'], 'unchanged')
  })

  it('leaves a dmail.conf alone that was mended by hand since', async () => {
    const site = smallSite()
    await site.migrate()
    const mended = `${site.read('new/config/dmail.conf')}max_rcpts 5\n`
    site.write('new/config/dmail.conf', mended)
    const { exit, report } = await site.migrate()
    assert.equal(exit, 0)
    assert.equal(actions(report.files)['config/dmail.conf'], 'kept')
    assert.equal(site.read('new/config/dmail.conf'), mended)
    // What is said of settings is what will be in force.
    assert.ok(report.settings.some(({ name }) => name === 'max_rcpts'))
  })

  for (const [says, prepare] of [
    ['that is not of its making', () => undefined],
    ['that was changed by hand while DMail was changed, too', (site) => site.migrate()],
  ] as readonly (readonly [string, (site: ReturnType<typeof smallSite>) => unknown])[]) {
    it(`says that a dmail.conf ${says} stays, and writes it with --replace`, async () => {
      const site = smallSite()
      await prepare(site)
      site.write('new/config/dmail.conf', 'host_domain mine.example\n')
      site.write('old/dmail.conf', `${CONF}host_domain domain2.com\n`)
      const kept = await site.migrate()
      assert.equal(kept.exit, 1)
      assert.match(kept.report.errors[0]?.hint ?? '', /--replace/)
      assert.equal(site.read('new/config/dmail.conf'), 'host_domain mine.example\n')
      const replaced = await site.migrate('--replace')
      assert.equal(replaced.exit, 0)
      const backup = replaced.report.files.find(({ path: name }) => name === 'config/dmail.conf')?.backup ?? ''
      assert.equal(site.read(`new/${backup}`), 'host_domain mine.example\n')
    })
  }

  it('completes an install without losing its settings and comments', async () => {
    const site = smallSite(`${CONF}log_level debug\nhash_spool 1\nbomb_max 40\n`)
    site.write('new/config/log.ini', '; quiet\n[main]\nlevel=warn\n')
    site.write('new/config/dmail.ini', '; ours\n[drop]\nnew_hash = 0\nfsync=true\n\n[extra]\nx=1\n')
    site.write('new/config/plugins', '# ours\nrspamd\nqueue/lmtp\n')
    site.write('new/config/limit.ini', '[rate_rcpt]\n; ours\ndefault=5/1m\n')
    await site.migrate('--listen', '127.0.0.1:2599')
    assert.equal(site.read('new/config/log.ini'), '; quiet\n[main]\nlevel=warn\n')
    const ini = site.read('new/config/dmail.ini')
    assert.ok(ini.startsWith('; ours\n[drop]\nnew_hash = 0\nfsync=true\n\n[extra]\nx=1\n\n[paths]\nc:\\dmail = '), ini)
    assert.match(site.read('new/config/plugins'), /^# ours\nrspamd\n# commented out by .*\n# queue\/lmtp\ndmail\n$/)
    assert.match(site.read('new/config/limit.ini'), /^; ours\ndefault=5\/1m\n; bomb_max 40 .*\n;default=40\/1h$/m)
    assert.match(site.read('new/config/smtp.ini'), /^listen=127\.0\.0\.1:2599$/m)
  })

  it('changes files by another name first: who has the old one open keeps it', async () => {
    const site = smallSite()
    site.write('new/config/plugins', 'rspamd\n')
    linkSync(path.join(site.dir, 'config/plugins'), path.join(site.top, 'held'))
    await site.migrate()
    assert.equal(site.read('held'), 'rspamd\n')
    assert.match(site.read('new/config/plugins'), /^dmail$/m)
    assert.deepEqual(
      [...site.written().keys()].filter((name) => name.endsWith('.new')),
      [],
    )
  })

  it('leaves nothing in the directory for temporary files', async (t) => {
    const { TMPDIR } = process.env
    const temporary = tempDir('tmpdir')
    process.env['TMPDIR'] = temporary
    t.after(() => {
      if (TMPDIR === undefined) Reflect.deleteProperty(process.env, 'TMPDIR')
      else process.env['TMPDIR'] = TMPDIR
    })
    const site = smallSite()
    await site.migrate('--verify')
    assert.deepEqual(
      readdirSync(temporary).filter((name) => name.startsWith('dmail-migrate')),
      [],
    )
  })
})

describe('dmail migrate and links', () => {
  for (const [says, from, to] of [
    ['a file that a link leads out of the directory', 'new/config/plugins', 'outside/plugins'],
    ['a folder that a link leads out of the directory', 'new/config', 'outside'],
  ] as const) {
    it(`refuses ${says}, before anything is written`, async () => {
      const site = smallSite()
      site.write('outside/plugins', 'rspamd\n')
      mkdirSync(path.join(site.top, path.dirname(from)), { recursive: true })
      symlinkSync(path.join(site.top, to), path.join(site.top, from))
      const { exit, err } = await site.migrate()
      assert.equal(exit, 1)
      assert.match(err, /is a link that leads out of .*; nothing was written\n$/)
      assert.deepEqual(readdirSync(path.join(site.top, 'outside')), ['plugins'])
      assert.equal(site.read('outside/plugins'), 'rspamd\n')
    })
  }

  it('follows one that stays inside, and keeps it', async () => {
    const site = smallSite()
    site.write('new/shared/plugins', 'rspamd\n')
    mkdirSync(path.join(site.dir, 'config'))
    symlinkSync('../shared/plugins', path.join(site.dir, 'config/plugins'))
    const { exit } = await site.migrate()
    assert.equal(exit, 0)
    assert.ok(lstatSync(path.join(site.dir, 'config/plugins')).isSymbolicLink())
    assert.equal(site.read('new/shared/plugins'), 'rspamd\ndmail\n')
  })

  it('never writes the legacy file, by whatever name', async () => {
    const site = smallSite()
    mkdirSync(path.join(site.dir, 'config'), { recursive: true })
    linkSync(site.conf, path.join(site.dir, 'config/dmail.conf'))
    assert.equal((await dmail(['migrate', '--from', path.join(site.dir, 'config/dmail.conf'), site.dir])).exit, 2)
    symlinkSync(path.join(site.dir, 'config/dmail.conf'), path.join(site.top, 'alias.conf'))
    assert.equal((await dmail(['migrate', '--from', path.join(site.top, 'alias.conf'), site.dir])).exit, 2)
    assert.equal(site.read('old/dmail.conf'), CONF)
  })
})

describe('dmail migrate and paths', () => {
  it('takes --map before what it finds itself', async () => {
    const site = smallSite()
    mkdirSync(path.join(site.top, 'old2/in'), { recursive: true })
    const { report } = await site.migrate('--map', `C:\\DMAIL=${site.top}/old2`)
    assert.deepEqual(
      report.prefixes.map(({ from, to, by }) => [from, to, by]),
      [['C:\\DMAIL', `${site.top}/old2`, 'option']],
    )
    assert.equal(report.paths.find(({ name }) => name === 'drop_path')?.path, `${site.top}/old2/in`)
  })

  it('says which it cannot map, and exits with 1; what else can be done is done', async () => {
    const site = smallSite(CONF.replaceAll('c:\\dmail\\in', 'e:\\far\\away'))
    const { exit, report } = await site.migrate()
    assert.equal(exit, 1)
    assert.deepEqual(
      report.errors.map(({ at, hint }) => [at, hint]),
      [['dmail.conf:7:11', 'add a line like "e: = /path/on/this/machine" to section [paths] of dmail.ini']],
    )
    assert.equal(report.paths.find(({ name }) => name === 'drop_path')?.path, null)
    assert.ok(existsSync(path.join(site.dir, 'config/dmail.conf')))
    const mended = await site.migrate('--map', `e:\\far=${site.top}`)
    assert.deepEqual([mended.exit, mended.report.errors], [0, []])
  })

  it('finds files whatever their case, and what was relative to the directory of DMail', async () => {
    const site = smallSite(CONF.replace('c:\\dmail\\aliases.txt', 'ALIASES.TXT').replace('dmail\\in', 'dmail\\IN'))
    const { report } = await site.migrate()
    assert.match(
      site.read('new/config/dmail.conf'),
      new RegExp(`^alias_file_domain domain1.com ${site.top}/old/aliases.txt$`, 'm'),
    )
    assert.match(site.read('new/config/dmail.conf'), new RegExp(`^drop_path ${site.top}/old/in$`, 'm'))
    assert.deepEqual(report.errors, [])
  })

  it('warns of a drop directory that is not there', async () => {
    const site = smallSite(CONF.replace('dmail\\in', 'dmail\\gone'))
    const { report } = await site.migrate()
    assert.match(
      report.warnings.map(({ message }) => message).join('\n'),
      /drop_path: there is no directory .*\/old\/gone/,
    )
  })
})

describe('dmail migrate, what it finds', () => {
  it('the addresses of DList, with those for commands', async () => {
    const site = smallSite(`${CONF}dlist_path c:\\dmail\\lists\n`)
    site.write('old/lists/lists.dat', '# comment\nlist Staff\n  domain lists.example\nlist news\n')
    site.write('old/aliases.txt', 'news: bob\n')
    const { report } = await site.migrate()
    assert.deepEqual(
      report.lists.map(({ address, at, accepted }) => [address, at.replace(site.top, ''), accepted]),
      [
        ['staff@lists.example', '/old/lists/lists.dat:2', true],
        ['staff-request@lists.example', '/old/lists/lists.dat:2', true],
        ['news@domain1.com', '/old/lists/lists.dat:4', true],
        ['news-request@domain1.com', '/old/lists/lists.dat:4', false],
      ],
    )
  })

  it('that DMail relayed for everybody', async () => {
    const site = smallSite(CONF.replace(/^forward_from_ip.*\n/m, ''))
    assert.match((await site.migrate()).report.general.join('\n'), /No relay rule/)
  })

  it('two drop files of one name', async () => {
    const site = smallSite(`${CONF}hash_spool 2\n`)
    site.write('old/in/x/y/bob', '')
    site.write('old/in/bob', '')
    const { report } = await site.migrate()
    assert.match(report.elsewhere.map(({ why }) => why).join('\n'), /there are 2 drop files of that name/)
  })

  it('users in nwauth.add, and the options of NWAuth', async () => {
    const site = smallSite(CONF.replace('-path c:\\dmail', '-path c:\\dmail -badchar %'))
    site.write('old/nwauth.add', 'carl:*x:\n')
    const { exit, report } = await site.migrate('--verify')
    assert.match(site.read('new/config/dmail.conf'), new RegExp(`/file\\.js -path ${site.top}/old -badchar %$`, 'm'))
    assert.deepEqual([exit, report.errors], [0, []])
    assert.equal(report.verify?.find(({ address }) => address === 'carl@domain1.com')?.accepted, true)
  })

  it('a user module that cannot run here', async () => {
    const site = smallSite(CONF.replace('nwauth.exe', 'sqlauth.exe'))
    const { exit, report } = await site.migrate()
    assert.equal(exit, 1)
    assert.match(report.errors[0]?.message ?? '', /^the user module cannot run here: /)
    assert.equal(report.errors[0]?.at, 'dmail.conf:5:17')
  })

  it('what prevents a start: exit 1, and the file is there to be mended', async () => {
    const site = smallSite(CONF.replace('external', 'nt_user'))
    const { exit, report } = await site.migrate()
    assert.equal(exit, 1)
    assert.equal(report.errors[0]?.at, 'dmail.conf:4:16')
    assert.ok(existsSync(path.join(site.dir, 'config/dmail.conf')))
  })
})

describe('dmail migrate with the accounts of the system', () => {
  const usePasswd = fakeGetent()

  it('tells whose .forward file is ignored, and whose program', async () => {
    const site = smallSite(CONF.replace('external', 'unix_user').replace(/^authent_process.*\n/m, ''))
    const uid = process.getuid?.() ?? 0
    const names = ['anna', 'eva', 'otto']
    const passwd = names.map((name, index) => `${name}:x:${1000 + index}:${uid}::${site.top}/home/${name}:/bin/sh`)
    site.write('passwd', `${passwd.join('\n')}\ndaemon:x:1:1::/:/bin/false\n`)
    usePasswd(path.join(site.top, 'passwd'))
    for (const [name, text] of [
      ['anna', 'eva@domain1.com'],
      ['otto', '"|/usr/bin/vacation otto"'],
    ] as const) {
      site.write(`home/${name}/.forward`, `${text}\n`)
      chmodSync(path.join(site.top, 'home', name, '.forward'), name === 'anna' ? 0o666 : 0o644)
      if (uid === 0) chownSync(path.join(site.top, 'home', name, '.forward'), 1000 + names.indexOf(name), 0)
    }
    const { report } = await site.migrate('--verify')
    const owned = uid === 0
    assert.match(
      report.elsewhere.find(({ address }) => address === 'anna@domain1.com')?.why ?? '',
      owned ? /others than its owner/ : /ignored/,
    )
    assert.match(
      report.elsewhere.find(({ address }) => address === 'otto@domain1.com')?.why ?? '',
      owned ? /user_roots/ : /ignored/,
    )
    const users = report.verify?.map(({ address }) => address) ?? []
    assert.ok(users.includes('eva@domain1.com') && !users.includes('daemon@domain1.com'), users.join())
  })
})

describe('dmail migrate --verify and --compare', () => {
  it('print tables', async () => {
    const site = smallSite()
    site.write('list.txt', '# two\nsales@domain1.com\n\nnobody@domain1.com\n')
    const { exit, out } = await site.print('--verify', path.join(site.top, 'list.txt'))
    assert.equal(exit, 1)
    assert.equal(
      out.slice(out.indexOf('\nsales@')),
      '\nsales@domain1.com   250  mailbox TOP/old/in/bob, mailbox TOP/old/in/fred\n' +
        'nobody@domain1.com  550  5.1.1 nobody@domain1.com: there is no such user here\n2 addresses, 1 refused\n',
    )
  })

  it('take a directory behind --verify for the directory', async () => {
    const site = smallSite()
    await site.migrate()
    const { exit, out } = await dmail(['migrate', '--verify', site.dir, '--json'])
    assert.equal((JSON.parse(out) as { directory: string }).directory, site.dir)
    assert.equal(exit, 1, 'the package is not installed there: nobody can be looked up')
  })

  it('tell what changed between two configurations, address by address', async () => {
    const site = smallSite()
    await site.migrate()
    const first = path.join(site.top, 'first')
    const { exit } = await dmail(['migrate', '--from', site.conf, first])
    assert.equal(exit, 0)
    for (const dir of ['first', 'new']) {
      mkdirSync(path.join(site.top, dir, 'node_modules'))
      symlinkSync(path.join(__dirname, '../../..'), path.join(site.top, dir, 'node_modules/haraka-plugin-dmail'))
    }
    const same = await dmail(['migrate', '-c', site.dir, '--compare', first])
    assert.deepEqual([same.exit, same.out], [0, '\n4 addresses compared: the same way\n'])
    site.write('old/aliases.txt', 'sales: bob, fred\n')
    site.write(
      'new/config/dmail.conf',
      site.read('new/config/dmail.conf').replace(/^alias_file_domain.*$/m, 'forward fred@domain1.com bob@domain1.com'),
    )
    const other = await dmail(['migrate', '-c', site.dir, '--compare', first])
    assert.equal(other.exit, 1)
    assert.equal(
      other.out.replaceAll(site.top, 'TOP'),
      '\nfred@domain1.com\n  - mailbox TOP/old/in/bob, mailbox TOP/old/in/fred\n  + mailbox TOP/old/in/bob\n' +
        'sales@domain1.com\n  - mailbox TOP/old/in/bob, mailbox TOP/old/in/fred\n' +
        '  + refused: 550 5.1.1 sales@domain1.com: there is no such user here\n4 addresses compared: 2 of them another way\n',
    )
  })
})

describe('dmail migrate, used wrongly', () => {
  const site = smallSite()
  const rows: readonly (readonly [string, readonly string[], number, RegExp])[] = [
    ['without --from', [site.dir], 2, /migrate needs --from/],
    [
      'with a --map that is none',
      ['--from', site.conf, site.dir, '--map', 'c:\\dmail'],
      2,
      /is not a prefix and a directory/,
    ],
    ['with a --listen that is none', ['--from', site.conf, site.dir, '--listen', 'localhost'], 2, /127\.0\.0\.1:2525/],
    ['with --dry-run alone', [site.dir, '--dry-run', '--verify'], 2, /nothing is migrated/],
    [
      'with a file of addresses that is not there',
      ['--from', site.conf, site.dir, '--verify', '/no/such'],
      2,
      /does not exist/,
    ],
    ['with a directory to compare that is not there', [site.dir, '--compare', '/no/such'], 2, /not a directory/],
    ['with a dmail.conf that is not there', ['--from', '/no/such', site.dir], 1, /"\/no\/such" does not exist/],
    ['of a directory without configuration', [site.dir, '--verify'], 1, /does not exist/],
  ]
  for (const [says, args, exit, message] of rows) {
    it(`${says} ends with ${exit} and writes nothing`, async () => {
      const ran = await dmail(['migrate', ...args])
      assert.equal(ran.exit, exit)
      assert.match(ran.err, message)
      assert.equal(existsSync(site.dir), false)
    })
  }
})

const GOLDEN = `
settings: 8
  dmail.conf:2 host_domain domain1.com: as it was
  dmail.conf:3 sysadmin bob@domain1.com: as it was
  dmail.conf:4 authent_method external: as it was
  dmail.conf:5 authent_process node_modules/haraka-plugin-dmail/dist/authent/file.js -path TOP/old/nwauth.txt: was authent_process c:\\dmail\\nwauth.exe -path c:\\dmail: NWAuth does not run here; the bundled module reads its files
  dmail.conf:6 dsmtp_path c:\\dmail: as it was
  dmail.conf:7 drop_path c:\\dmail\\in: as it was
  dmail.conf:8 alias_file_domain domain1.com c:\\dmail\\aliases.txt: as it was
  dmail.conf:9 forward_from_ip 127.0.0.1: as it was

prefixes of paths: 1
  c:\\dmail = TOP/old (its files are there)

paths: 5
  TOP/old/dmail.conf:5 authent_process c:\\dmail\\nwauth.exe -> TOP/old/nwauth.exe, which is not there
  TOP/old/dmail.conf:5 authent_process c:\\dmail -> TOP/old
  TOP/old/dmail.conf:6 dsmtp_path c:\\dmail -> TOP/old
  TOP/old/dmail.conf:7 drop_path c:\\dmail\\in -> TOP/old/in
  TOP/old/dmail.conf:8 alias_file_domain c:\\dmail\\aliases.txt -> TOP/old/aliases.txt

mail that goes elsewhere than before: 1
  bob@domain1.com: |/usr/local/bin/shout is left out: the program is not below a folder of [robot] user_roots (TOP/old/in/bob.fwd:1)

what is different for everybody: 2
  A robot that ends with an error returns the mail; [robot] exit_status=ignore restores the way of DMail.
  DMail had no TLS. For STARTTLS put the line tls into config/plugins before dmail, and a certificate into config/ (haraka -h tls).

warnings: 1
  package.json:1: haraka-plugin-dmail is not installed in this directory (run "npm install haraka-plugin-dmail" there)

11 files written; 0 errors
`
