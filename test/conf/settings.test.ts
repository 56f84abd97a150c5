import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { iniTemplate } from '../../lib/conf/ini-template.js'
import { SETTINGS, settingNamed, type MultiName, type SingleName } from '../../lib/conf/settings.js'
import { brief, confOf, shown } from './helpers.js'

describe('the table of settings', () => {
  it('has each name once, in lower case', () => {
    const names = SETTINGS.map(({ name }) => name)
    assert.deepEqual(names, [...new Set(names)])
    assert.deepEqual(
      names.filter((name) => !/^[a-z][a-z0-9_]*$/.test(name)),
      [],
    )
  })

  it('says one sentence about each', () => {
    const odd = SETTINGS.filter(({ note }) => !/^[A-Z].{10,}\.$/.test(note)).map(({ name }) => name)
    assert.deepEqual(odd, [])
  })

  it('names no numbers of decisions, which mean nothing to an operator; nor does dmail.ini', () => {
    const texts = [...SETTINGS.map(({ note }) => note), iniTemplate()]
    for (const text of texts) assert.doesNotMatch(text, /\([A-Z]\d+\)/)
  })

  it('requires what the server cannot do without', () => {
    const required = SETTINGS.filter((spec) => spec.required === true).map(({ name }) => name)
    assert.deepEqual(required, ['host_domain', 'drop_path', 'sysadmin'])
  })
})

describe('values of single settings', () => {
  const rows: [line: string, name: SingleName, value: unknown][] = [
    ['allowdup false', 'allowdup', false],
    ['ALLOWDUP False', 'allowdup', false],
    ['no_dotforward "true"', 'no_dotforward', true],
    ['max_rcpts 100', 'max_rcpts', 100],
    ['max_retrytime 48', 'max_retrytime', 48],
    ['vdomain_separator -', 'vdomain_separator', '-'],
    ['lock_id mail1', 'lock_id', 'mail1'],
    ['authent_method Unix_User', 'authent_method', 'unix_user'],
    ['hash_spool 0', 'hash_spool', 0],
    ['hash_spool Scan', 'hash_spool', 'scan'],
    ['drop_path /var/dmail/in', 'drop_path', '/var/dmail/in'],
    ['drop_path c:\\dmail\\in', 'drop_path', '/var/dmail/in'],
    ['drop_path C:\\DMail\\in files', 'drop_path', '/var/dmail/in files'],
    ['drop_path "c:\\dmail\\in files"', 'drop_path', '/var/dmail/in files'],
    ['drop_path in', 'drop_path', '/srv/haraka/in'],
    ['alias_file c:\\dmail\\aliases.txt', 'alias_file', '/var/dmail/aliases.txt'],
    ['authent_process nwauth', 'authent_process', ['nwauth']],
    [
      'authent_process c:\\dmail\\nwauth -path c:\\dmail',
      'authent_process',
      ['/var/dmail/nwauth', '-path', '/var/dmail'],
    ],
    ['authent_process "c:\\dmail\\nwauth "two words" -x"', 'authent_process', ['/var/dmail/nwauth', 'two words', '-x']],
    ['authent_process "/opt/my auth" -x', 'authent_process', ['/opt/my auth', '-x']],
    ['authent_process "/opt/my auth" "two words"', 'authent_process', ['/opt/my auth', 'two words']],
    ['authent_process ./auth', 'authent_process', ['/srv/haraka/auth']],
  ]
  for (const [line, name, value] of rows) {
    it(line, () => {
      const { conf, problems } = confOf(line)
      assert.deepEqual(conf.one(name), value)
      assert.deepEqual(conf.setting(name)?.at, { file: 'dmail.conf', line: 1, column: 1 })
      assert.deepEqual(brief(problems), [])
    })
  }

  it('sysadmin is an address', () => {
    assert.equal(confOf('sysadmin Admin@Domain1.com').conf.one('sysadmin')?.key, 'admin@domain1.com')
  })

  it('defaults are the legacy ones', () => {
    const { conf } = confOf('')
    const names = [
      'vdomain_separator',
      'drop_prefix',
      'hash_spool',
      'allowdup',
      'authent_method',
      'authent_number',
      'authent_timeout',
      'authent_cache',
      'auth_nocache',
      'authent_domain',
      'alias_fallthrough',
      'no_dotforward',
      'max_retrytime',
      'alias_file',
    ] as const
    assert.deepEqual(
      names.map((name) => conf.one(name)),
      ['_', true, 0, true, 'unix_user', 2, 10, 1000, false, false, true, false, 72, undefined],
    )
    assert.equal(conf.setting('hash_spool'), undefined)
  })
})

describe('values of settings that may be repeated', () => {
  const rows: [line: string, name: MultiName, value: unknown][] = [
    ['host_domain Domain1.com.', 'host_domain', 'domain1.com'],
    ['host_domain b\u00fccher.example', 'host_domain', 'xn--bcher-kva.example'],
    ['host_domain [192.0.2.1]', 'host_domain', '[192.0.2.1]'],
    [
      'vdomain cc @computers.com Computers.com c:\\dmail\\in\\computers',
      'vdomain',
      { prefix: 'cc', login: '@computers.com', domain: 'computers.com', path: '/var/dmail/in/computers' },
    ],
    [
      'vdomain cc 9.9.9.9 computers.com "/var/my mail"',
      'vdomain',
      { prefix: 'cc', login: '9.9.9.9', domain: 'computers.com', path: '/var/my mail' },
    ],
    ['alt_drop_path domain2.com /var/two words', 'alt_drop_path', { domain: 'domain2.com', path: '/var/two words' }],
    [
      'alias_file_domain domain1.com c:\\dmail\\dom1aliases.txt',
      'alias_file_domain',
      { domain: 'domain1.com', path: '/var/dmail/dom1aliases.txt' },
    ],
    [
      'alias_file_domain * c:\\dmail\\global_aliases.txt',
      'alias_file_domain',
      { domain: '*', path: '/var/dmail/global_aliases.txt' },
    ],
    ['gateway Example.com 192.0.2.1', 'gateway', { domain: 'example.com', host: '192.0.2.1', port: 25 }],
    ['gateway * 192.0.2.1:2525', 'gateway', { domain: '*', host: '192.0.2.1', port: 2525 }],
    ['gateway *.example.com MX.Domain1.com', 'gateway', { domain: '*.example.com', host: 'mx.domain1.com', port: 25 }],
    ['gateway example.com 2001:DB8::1', 'gateway', { domain: 'example.com', host: '2001:db8::1', port: 25 }],
    ['gateway example.com [2001:db8::1]', 'gateway', { domain: 'example.com', host: '2001:db8::1', port: 25 }],
    ['gateway example.com [2001:db8::1]:26', 'gateway', { domain: 'example.com', host: '2001:db8::1', port: 26 }],
  ]
  for (const [line, name, value] of rows) {
    it(line, () => {
      const { conf, problems } = confOf(line)
      assert.deepEqual(conf.all(name)[0]?.value, value)
      assert.deepEqual(brief(problems), [])
    })
  }

  it('the first host_domain comes first', () => {
    const { conf } = confOf('host_domain domain2.com\nhost_domain domain1.com')
    assert.deepEqual(
      conf.all('host_domain').map(({ value, at }) => [value, at.line]),
      [
        ['domain2.com', 1],
        ['domain1.com', 2],
      ],
    )
  })

  const lists: [line: string, name: 'relay_to' | 'ban_ip' | 'ban_mailfrom', yes: string, no: string][] = [
    ['relay_to Example.com', 'relay_to', 'example.com', 'www.example.com'],
    ['relay_to *.b\u00fccher.example', 'relay_to', 'www.xn--bcher-kva.example', 'xn--bcher-kva.example'],
    ['relay_to *,!example.com', 'relay_to', 'domain1.com', 'example.com'],
    ['ban_ip 10.1.*, 192.0.2.0/24', 'ban_ip', '192.0.2.9', '10.2.0.1'],
    ['ban_mailfrom *@example.com,!bob@example.com', 'ban_mailfrom', 'fred@example.com', 'Bob@example.com'],
  ]
  for (const [line, name, yes, no] of lists) {
    it(line, () => {
      const { conf, problems } = confOf(line)
      const value = conf.all(name)[0]?.value
      assert.deepEqual(brief(problems), [])
      assert.equal(value?.text, line.slice(name.length + 1))
      assert.deepEqual([value.matches(yes), value.matches(no)], [true, false])
    })
  }
})

describe('C5: a single setting given twice', () => {
  it('the last one wins, with a warning that names both lines', () => {
    const { conf, problems } = confOf('max_rcpts 5\n\nmax_rcpts 7')
    assert.equal(conf.one('max_rcpts'), 7)
    assert.deepEqual(shown(problems), [
      'warning dmail.conf:3:1: max_rcpts is given twice: dmail.conf:3 wins over dmail.conf:1 (remove one of the two lines)',
    ])
  })

  it('a bad last one is ignored', () => {
    const { conf, problems } = confOf('max_rcpts 5\nmax_rcpts x')
    assert.equal(conf.one('max_rcpts'), 5)
    assert.deepEqual(brief(problems), ['error dmail.conf:2:11: "x" is not a whole number of at least 1'])
  })
})

describe('C6: settings that are not acted on', () => {
  const rows: [line: string, problem: string | undefined][] = [
    ['  no_such_thing 1', 'warning dmail.conf:1:3: "no_such_thing" is not a known setting'],
    ['POP_port 110', 'warning dmail.conf:1:1: pop_port is a setting of the POP server (DPOP)'],
    ['dlist_path /x', 'warning dmail.conf:1:1: dlist_path is a setting of the mailing list server (DList)'],
    ['bomb_max 50', 'warning dmail.conf:1:1: bomb_max is set in Haraka, not here'],
    ['ras_timer whatever it was', 'warning dmail.conf:1:11: "whatever it was" is not a whole number from 1 to 525600'],
    ['hide_auth recentpop', 'warning dmail.conf:1:1: hide_auth is not supported'],
    ['forward_recentpop true', 'warning dmail.conf:1:1: "forward_recentpop" is not a known setting'],
    ['dwatch_path /x', undefined],
  ]
  for (const [line, problem] of rows) {
    it(`${line.trim()}: ${problem === undefined ? 'nothing' : 'a warning'}`, () => {
      const { problems, fatal } = confOf(line)
      assert.deepEqual(brief(problems), problem === undefined ? [] : [problem])
      assert.deepEqual(fatal, [])
    })
  }

  it('the hint says where to go', () => {
    assert.match(shown(confOf('pop_port 110').problems)[0] ?? '', /Dovecot/)
    assert.match(shown(confOf('bomb_max 1').problems)[0] ?? '', /limit plugin/)
    assert.match(shown(confOf('bomb_max 1').problems)[0] ?? '', /\[rate_rcpt\]/)
    assert.match(shown(confOf('hide_auth recentpop').problems)[0] ?? '', /SMTP AUTH .*offer_to/)
    assert.match(shown(confOf('forward_recentpop true').problems)[0] ?? '', /SMTP AUTH: set forward_user true/)
    assert.match(shown(confOf('msg_filter x').problems)[0] ?? '', /rspamd.*karma/)
  })

  it('list() has every line in file order, whatever became of it', () => {
    const { conf } = confOf('pop_port 110\nmax_rcpts x\nnonsense\nallowdup true')
    assert.deepEqual(
      conf
        .list()
        .slice(0, 4)
        .map(({ name, value, at, handled }) => [name, value, at.line, handled]),
      [
        ['pop_port', '110', 1, 'unsupported'],
        ['max_rcpts', 'x', 2, 'suite'],
        ['nonsense', '', 3, 'unsupported'],
        ['allowdup', 'true', 4, 'suite'],
      ],
    )
    assert.equal(conf.list()[0]?.note, settingNamed('pop_port')?.note)
  })
})

describe('C7: bad values', () => {
  const rows: [line: string, place: string][] = [
    ['allowdup yes', '10: "yes" is neither true nor false'],
    ['allowdup  "maybe"', '12: "maybe" is neither true nor false'],
    ['allowdup "true', '10: the closing quote is missing'],
    ['allowdup true # always', '10: "true # always" is neither true nor false'],
    ['allowdup', '9: allowdup has no value'],
    ['max_rcpts ten', '11: "ten" is not a whole number of at least 1'],
    ['max_rcpts 0', '11: "0" is not a whole number of at least 1'],
    ['authent_number 1000', '16: "1000" is not a whole number from 1 to 256'],
    ['lock_id two words', '9: "two words" is more than one word'],
    ['lock_id m\u00e4il', '9: "m\u00e4il" is not good for lock_id'],
    ['vdomain_separator /', '19: "/" is not good for vdomain_separator'],
    ['authent_method kerberos', '16: "kerberos" is not an authentication method'],
    ['hash_spool 3', '12: "3" is not a way of hashing'],
    ['alias_file ""', '12: the value is empty'],
    ['alias_file d:\\aliases.txt', '12: "d:\\aliases.txt" is a Windows path'],
    ['alias_file "d:\\aliases.txt"', '13: "d:\\aliases.txt" is a Windows path'],
    ['authent_process "|"', '17: the command is empty'],
    ['authent_process d:\\nwauth', '17: "d:\\nwauth" is a Windows path'],
    ['vdomain cc @x.com x.com', '9: vdomain needs four values'],
    ['vdomain c/c @x.com x.com /in', '9: "c/c" cannot be part of a file name'],
    ['vdomain cc @x.com *.x.com /in', '19: "*.x.com" is not a domain'],
    ['vdomain cc @x.com x.com d:\\in', '25: "d:\\in" is a Windows path'],
    ['alt_drop_path * /in', '15: "*" is not a domain'],
    ['alt_drop_path domain1.com', '15: alt_drop_path has no path'],
    ['alias_file_domain *.x.com /a', '19: "*.x.com" is not a domain or *'],
    ['alias_file_domain * d:\\a.txt', '21: "d:\\a.txt" is a Windows path'],
    ['gateway example.com', '9: gateway needs a domain and a host'],
    ['gateway example.com 1.2.3.4 25', '29: "25" is one value too many'],
    ['gateway exa*.com 1.2.3.4', '9: "exa*.com" is not a domain'],
    ['gateway example.com 1.2.3', '21: "1.2.3" is not a host'],
    ['gateway example.com mx:0', '21: "mx:0" is not a host'],
    ['gateway example.com mx:65536', '21: "mx:65536" is not a host'],
    ['gateway example.com [mx]:25', '21: "[mx]:25" is not a host'],
    ['gateway example.com mx:smtp', '21: "mx:smtp" is not a host'],
    ['relay_to example.com,bob@domain1.com', '22: "bob@domain1.com" is not a domain'],
    ['forward_from_ip 127.0.0.1,10.1', '27: "10.1" is not an IP address'],
    ['ban_ip "10.1.2.3, x"', '19: "x" is not an IP address'],
    ['ban_mailfrom a@x.com b@x.com', '14: "a@x.com b@x.com" has a blank'],
    ['forward sales bob@domain1.com', '9: "sales" is not user@domain'],
    ['forward @domain1.com bob@domain1.com', '9: "@domain1.com" is not user@domain'],
    ['forward sales@ bob@domain1.com', '9: "sales@" is not user@domain'],
    ['forward a@b@domain1.com bob@domain1.com', '9: "a@b@domain1.com" is not user@domain'],
    ['forward bob@domain1.com', '9: forward has no destination'],
    ['forward bob@domain1.com  *@domain2.com', '26: "*@domain2.com" has a wildcard'],
    [
      'forward_cc bob@domain1.com "fred@domain2.com,john@domain2.com"',
      '29: "fred@domain2.com,john@domain2.com" is not a mail address',
    ],
    ['forward bob@domain1.com |d:\\drespond', '25: "d:\\drespond" is a Windows path'],
    ['forward bob@domain1.com mail/bob', '25: "mail/bob" is not a full path'],
  ]
  for (const [line, place] of rows) {
    it(`${line} is an error at its place, and ignored`, () => {
      const { conf, problems } = confOf(`# first\n${line}`)
      const [name = ''] = line.split(' ')
      assert.deepEqual(brief(problems), [`error dmail.conf:2:${place}`])
      assert.notEqual(problems[0]?.hint, '')
      assert.deepEqual(conf.all(name as MultiName), [])
    })
  }

  it('a broken or missing required setting is fatal', () => {
    assert.deepEqual(brief(confOf('sysadmin nobody').fatal), ['error dmail.conf:1:10: "nobody" is not a mail address'])
    assert.deepEqual(brief(confOf('host_domain *.domain1.com').fatal), [
      'error dmail.conf:1:13: "*.domain1.com" is not a domain',
    ])
    assert.deepEqual(brief(confOf('# drop_path\ndrop_path').fatal), ['error dmail.conf:2:10: drop_path has no value'])
    assert.deepEqual(brief(confOf('forward x y').fatal), [])
  })

  it('one bad host_domain among good ones is fatal too: its mail would be refused', () => {
    assert.equal(confOf('host_domain domain1.com\nhost_domain a b').fatal.length, 1)
  })
})

describe('what cannot be carried over', () => {
  it('U7: nt_user names the alternatives and prevents the start', () => {
    const { problems, fatal } = confOf('authent_method NT_User')
    assert.match(shown(problems)[0] ?? '', /^error dmail\.conf:1:16: nt_user .*unix_user.*external/)
    assert.equal(problems.length, 1)
    assert.deepEqual(fatal, problems)
  })

  it('U8: allow_dds true is an error, false is not', () => {
    assert.deepEqual(brief(confOf('allow_dds true').problems), [
      'error dmail.conf:1:11: allow_dds would let user names leave the drop directory',
    ])
    assert.equal(confOf('allow_dds true').conf.one('allow_dds'), false)
    assert.deepEqual(confOf('allow_dds false').problems, [])
  })

  it('authent_method external needs authent_process', () => {
    assert.deepEqual(brief(confOf('authent_method external').fatal), [
      'error dmail.conf:1:16: authent_method external needs authent_process',
    ])
    assert.deepEqual(confOf('authent_process /opt/auth\nauthent_method external').problems, [])
    assert.equal(confOf('authent_process d:\\auth\nauthent_method external').problems.length, 1)
  })

  it('D6: hash_spool 1 and 2 are not what DMail did', () => {
    const { conf, problems } = confOf('hash_spool 2')
    assert.equal(conf.one('hash_spool'), 2)
    assert.match(shown(problems)[0] ?? '', /^warning dmail\.conf:1:12: .*hash_spool scan/)
  })

  it('a vdomain whose second field is neither suffix nor IP is used, with a warning', () => {
    const { conf, problems } = confOf('vdomain cc x x.com /in')
    assert.equal(conf.all('vdomain')[0]?.value.domain, 'x.com')
    assert.deepEqual(brief(problems), [
      'warning dmail.conf:1:12: "x" is neither a login suffix (@name) nor an IP address',
    ])
  })
})
