import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { externalDirectory } from '../../lib/directory/pool.js'
import { detail, recordedLog, rules } from '../directory/helpers.js'
import { LDAP_ADMIN, startSlapd, withoutSlapd, type Slapd } from '../support/slapd.js'
import { askUntilTold, silentServer } from './away.js'
import { bundled, configFile, ldapIni } from './modules.js'
import { startModule, type ModuleSession } from './session.js'

const AWAY = '-DEAD the directory cannot be asked just now'

const PEOPLE = [
  { uid: 'Bob', userPassword: 'secret', mail: ['$user', 'fred@example.com'], roomNumber: '100k' },
  { uid: ['zoe', 'zoe.two'], userPassword: 'z' },
  { uid: 'robot', mail: '|drespond "two words"' },
  { uid: 'drop', carLicense: '/var/mail/d/drop' },
  { uid: 'escape', carLicense: '/etc/passwd' },
  { uid: 'bell', carLicense: '/var/mail/x', roomNumber: 'a\x07b' },
  { uid: 'binary', jpegPhoto: Buffer.from([0xff, 0xfe, 0x00, 0x0a, 0x80]) },
  { uid: 'twin', sn: 'x' },
  { uid: 'Twin', sn: 'y' },
  { uid: 'star*)(uid=x', userPassword: 'secret' },
]

describe('the ldap module', { skip: withoutSlapd() }, () => {
  let slapd: Slapd
  const started: ModuleSession[] = []
  before(async () => {
    slapd = await startSlapd(PEOPLE)
  })
  after(async () => {
    for (const module of started) module.kill()
    await slapd.kill()
  })

  function start(ini: string, files: Readonly<Record<string, string>> = {}): ModuleSession {
    const module = startModule({ argv: bundled('ldap', '-config', configFile(ini, files)), timeoutMs: 60_000 })
    started.push(module)
    return module
  }

  it('answers from the entries: several values are a list, the name asked for counts among several', async () => {
    const module = start(ldapIni(slapd, { search: ['drop=carLicense'] }))
    const rows: [command: string, reply: string | RegExp][] = [
      ['lookup bob', '+OK bob config 0 fwd="$user,fred@example.com" quota="100k"'],
      ['check BOB secret', '+OK bob config 0 fwd="$user,fred@example.com" quota="100k"'],
      ['check bob Secret', '-ERR bob password wrong or not a valid user'],
      ['check bob', '-ERR bob password wrong or not a valid user'],
      ['check robot x', '-ERR robot password wrong or not a valid user'],
      ['lookup zoe.two', '+OK zoe.two config 0'],
      ['lookup robot', '+OK robot config 0 fwd="|drespond \\"two words\\""'],
      ['lookup drop', '+OK drop /var/mail/d/drop 0'],
      ['lookup bell', /^-DEAD .* control characters/],
      ['lookup twin', '-DEAD more than one entry of the directory has this name'],
      ['lookup star*)(uid=x', '+OK star*)(uid=x config 0'],
      ['check star*)(uid=x secret', '+OK star*)(uid=x config 0'],
      ['lookup star*', '-ERR no such user'],
      ['lookup b*', '-ERR no such user'],
      ['set bob x', '-ERR this module does not change users'],
    ]
    for (const [command, reply] of rows) {
      if (typeof reply === 'string') assert.equal(await module.ask(command), reply, command)
      else assert.match(await module.ask(command), reply, command)
    }
  })

  it('searches by wildcards and by parts of names', async () => {
    const module = start(ldapIni(slapd))
    module.write('search ?ob\nsearch r*t -max 5\nsearch *)(uid=*\n')
    assert.deepEqual(await module.answer(), ['+DATA bob fwd="$user,fred@example.com" quota="100k"', '+OK 1 found'])
    assert.deepEqual(await module.answer(), ['+DATA robot fwd="|drespond \\"two words\\""', '+OK 1 found'])
    assert.deepEqual(await module.answer(), ['+DATA star*)(uid=x', '+OK 1 found'])
  })

  it('finds by a filter of its own and gives the name of another attribute', async () => {
    const module = start(ldapIni(slapd, { search: ['filter=(|(mail=%s)(&(uid=%u)(roomNumber=%d)))', 'name=uid'] }))
    assert.match(await module.ask('lookup fred@example.com'), /^\+OK bob config 0 /)
    assert.match(await module.ask('lookup bob@100k'), /^\+OK bob config 0 /)
    assert.equal(await module.ask('lookup bob'), '-ERR no such user')
  })

  it('binary data in an attribute: -DEAD', async () => {
    const module = start(ldapIni(slapd).replace('quota=roomNumber', 'photo=jpegPhoto'))
    assert.equal(await module.ask('lookup binary'), '-DEAD the attribute jpegPhoto has binary data')
  })

  it('whose entry names a drop file outside the drop roots: the suite takes no mail for it (U5)', async () => {
    const argv = bundled('ldap', '-config', configFile(ldapIni(slapd, { search: ['drop=carLicense'] })))
    const directory = externalDirectory({ argv, number: 1, timeoutMs: 60_000, log: recordedLog().log, ...rules })
    assert.match(detail(await directory.lookup('escape')), /"\/etc\/passwd" for user "escape": it is outside/)
    directory.close()
  })

  for (const [title, lines] of [
    ['in clear', () => []],
    ['by StartTLS', () => [`url=ldap://localhost:${slapd.port}`, 'starttls=true', 'tls_ca=ca.pem']],
    ['by ldaps', () => [`url=ldaps://localhost:${slapd.securePort}`, 'tls_ca=ca.pem']],
  ] as const) {
    it(`while the server is away: -DEAD; then +OK again, from the same process, ${title}`, async () => {
      const module = start(ldapIni(slapd, { server: [...lines(), 'connect_timeout=1s', 'timeout=1s'] }), {
        'ca.pem': slapd.ca,
      })
      assert.equal(await module.ask('lookup zoe'), '+OK zoe config 0')
      for (let round = 0; round < 2; round++) {
        await slapd.kill()
        for (const command of ['lookup zoe', 'lookup nobody', 'check zoe z', 'search z']) {
          assert.equal(await module.ask(command), AWAY, command)
        }
        await slapd.start()
        assert.equal((await askUntilTold(module, 'lookup zoe')).at(-1), '+OK zoe config 0')
        assert.equal(await module.ask('lookup nobody'), '-ERR no such user')
        assert.equal(await module.ask('check zoe z'), '+OK zoe config 0')
      }
      // One that hangs is as good as away.
      await slapd.freeze()
      for (const command of ['lookup zoe', 'check zoe z', 'lookup zoe']) {
        assert.equal(await module.ask(command), AWAY, command)
      }
      slapd.thaw()
      assert.equal((await askUntilTold(module, 'lookup zoe')).at(-1), '+OK zoe config 0')
      assert.doesNotMatch(module.said(), new RegExp(LDAP_ADMIN.password))
    })
  }

  it('a connection that the server ended for being idle costs no answer', async () => {
    const module = start(ldapIni(slapd))
    assert.equal(await module.ask('lookup zoe'), '+OK zoe config 0')
    await slapd.kill()
    await slapd.start()
    assert.equal(await module.ask('lookup zoe'), '+OK zoe config 0')
  })

  it('a server that says nothing, refuses the bind, or has no such base: -DEAD', async () => {
    const silent = await silentServer()
    const short = ['connect_timeout=1s', 'timeout=1s']
    const modules = [
      start(ldapIni(slapd, { server: [`url=ldap://127.0.0.1:${silent.port}`, ...short] })),
      start(ldapIni(slapd, { server: [`url=ldap://127.0.0.1:${silent.port}`, 'starttls=true', ...short] })),
      start(ldapIni(slapd, { server: [`url=ldaps://127.0.0.1:${silent.port}`, ...short] })),
      start(ldapIni(slapd).replace(/^bind_password=.*$/m, 'bind_password=wrong')),
      start(ldapIni(slapd).replace(/^base=.*$/m, 'base=ou=nobody,dc=example,dc=com')),
    ]
    for (const module of modules) {
      assert.equal(await module.ask('lookup zoe'), AWAY)
      assert.equal(await module.ask('check zoe z'), AWAY)
      module.write('exit\n')
      assert.deepEqual(await module.answer(), ['+OK goodbye'])
      assert.equal(await module.ended(), 0)
    }
    silent.close()
  })

  describe('over TLS', () => {
    const rows: [title: string, lines: () => string[], works: boolean][] = [
      ['ldaps', () => [`url=ldaps://localhost:${slapd.securePort}`, 'tls_ca=ca.pem'], true],
      ['StartTLS', () => [`url=ldap://localhost:${slapd.port}`, 'starttls=true', 'tls_ca=ca.pem'], true],
      ['ldaps with an unknown authority', () => [`url=ldaps://localhost:${slapd.securePort}`], false],
      ['StartTLS with an unknown authority', () => [`url=ldap://localhost:${slapd.port}`, 'starttls=true'], false],
      ['ldaps of another host', () => [`url=ldaps://127.0.0.1:${slapd.securePort}`, 'tls_ca=ca.pem'], false],
      [
        'StartTLS of another host',
        () => [`url=ldap://127.0.0.1:${slapd.port}`, 'starttls=true', 'tls_ca=ca.pem'],
        false,
      ],
      ['not verified, if told so', () => [`url=ldaps://127.0.0.1:${slapd.securePort}`, 'tls_verify=false'], true],
    ]
    for (const [title, lines, works] of rows) {
      it(`${title} ${works ? 'works' : 'does not work'}`, async () => {
        const module = start(ldapIni(slapd, { server: lines() }), { 'ca.pem': slapd.ca })
        assert.equal(await module.ask('check zoe z'), works ? '+OK zoe config 0' : AWAY)
      })
    }
  })
})

describe('a configuration of the ldap module that cannot be used', () => {
  const rows: [title: string, ini: string, said: RegExp][] = [
    ['no base', '[server]\nurl=ldap://x\n', /\[search\] base is missing/],
    ['an address that is none', '[server]\nurl=x\n[search]\nbase=o=x\n', /x is not of the form ldap:/],
    ['a filter without a name', '[search]\nbase=o=x\nfilter=(uid=bob)\n', /has neither %s nor %u/],
    ['TLS twice', '[server]\nurl=ldaps://x\nstarttls=true\n[search]\nbase=o=x\n', /has TLS from the start/],
    ['a bind without a password', '[server]\nbind_dn=cn=x\n[search]\nbase=o=x\n', /bind_dn needs a bind_password/],
  ]
  for (const [title, ini, said] of rows) {
    it(`${title}: status 2, and what to mend`, async () => {
      const module = startModule({ argv: bundled('ldap', '-config', configFile(ini)), timeoutMs: 60_000 })
      assert.equal(await module.ended(), 2)
      assert.match(module.said(), said)
    })
  }
})
