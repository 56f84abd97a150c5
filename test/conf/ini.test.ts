import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseDuration, parseList, parseRate, parseSize } from '../../lib/conf/forms.js'
import { INI_KEYS } from '../../lib/conf/ini-keys.js'
import type { DmailIni } from '../../lib/conf/ini-keys.js'
import { parseIni, type ParsedIni } from '../../lib/conf/ini.js'
import { brief, shown } from './helpers.js'

function read(text: string): ParsedIni {
  return parseIni(text, 'dmail.ini', '/srv/haraka')
}

const DEFAULTS = {
  paths: new Map(),
  main: { reloadCheck: 2000, pageFrom: '127.0.0.0/8,::1' },
  routing: { rematchForwards: true, plusAddress: '' },
  relay: { legacyOpen: false },
  drop: { mbox: 'mboxrd', fcntl: false, fsync: true, newHash: 0, roots: [], lockWait: 30_000, lockStale: 300_000 },
  robot: {
    user: '',
    path: [],
    userRoots: [],
    max: 8,
    perProgram: 2,
    timeout: 60_000,
    unixfrom: false,
    exitStatus: 'sysexits',
  },
  file: { userRoots: [] },
  auth: {
    plaintext: false,
    offerTo: '*',
    ipFailures: { count: 5, per: 600_000 },
    userFailures: { count: 20, per: 600_000 },
    failureDelay: 2000,
  },
  access: { fromipPeriod: 3_600_000, vrfy: false },
  outbound: { retryInterval: 7_200_000, suspendMaxHours: Number.POSITIVE_INFINITY },
  etrn: { allow: '*', rate: { count: 1, per: 60_000 }, hangupAfter: 600_000, firstRound: 10_000 },
  dsn: { successFrom: '*', doubleBounces: true, texts: [] },
  cluster: { redis: false, node: '', prefix: 'dmail', answerTimeout: 2000, tableCache: 5000, tableKeep: 86_400_000 },
}

/** With texts in place of compiled patterns. */
function plain({ main, auth, etrn, dsn, ...others }: DmailIni): unknown {
  return {
    ...others,
    main: { ...main, pageFrom: main.pageFrom.text },
    auth: { ...auth, offerTo: auth.offerTo.text },
    etrn: { ...etrn, allow: etrn.allow.text },
    dsn: { ...dsn, successFrom: dsn.successFrom.text },
  }
}

describe('forms of dmail.ini', () => {
  const rows: [form: string, value: unknown, expected: unknown][] = [
    ['90s', parseDuration('90s'), 90_000],
    ['5M', parseDuration('5M'), 300_000],
    ['2h', parseDuration('2h'), 7_200_000],
    ['1d', parseDuration('1d'), 86_400_000],
    ['90 is no duration', parseDuration('90'), undefined],
    ['2 h is no duration', parseDuration('2 h'), undefined],
    ['-1s is no duration', parseDuration('-1s'), undefined],
    ['500', parseSize('500'), 500],
    ['64k', parseSize('64k'), 65_536],
    ['10M', parseSize('10M'), 10_485_760],
    ['1g', parseSize('1g'), 1_073_741_824],
    ['1t is no size', parseSize('1t'), undefined],
    ['999999999999g is no size', parseSize('999999999999g'), undefined],
    ['1/60s', parseRate('1/60s'), { count: 1, per: 60_000 }],
    ['1/0s is no rate', parseRate('1/0s'), undefined],
    ['60s is no rate', parseRate('60s'), undefined],
    ['a, b,,c', parseList('a, b,,c'), ['a', 'b', 'c']],
  ]
  for (const [form, value, expected] of rows) {
    it(form, () => {
      assert.deepEqual(value, expected)
    })
  }
})

describe('dmail.ini', () => {
  it('has a default for every key', () => {
    const { ini, problems } = read('')
    assert.deepEqual(plain(ini), DEFAULTS)
    assert.deepEqual(problems, [])
  })

  it('has a note for every key', () => {
    assert.deepEqual(
      INI_KEYS.filter(({ note }) => !/^[A-Z].{10,}\.$/.test(note)).map(({ key }) => key),
      [],
    )
  })

  it('is read with comments, quotes, blanks and any case of names', () => {
    const { ini, problems } = read(
      [
        '; a comment',
        '# another',
        '[Routing]  ; section',
        'Rematch_Forwards = FALSE',
        'plus_address = "+#"',
        '[drop]\r',
        'mbox=mboxo ; as DMail did\r',
        'new_hash = 2',
        'roots = /var/mail, c:\\dmail\\in',
        'lock_stale = off',
        '[robot]',
        'unixfrom',
        'max=off',
        'user_roots=/opt/robots',
        'exit_status=Ignore',
        '[paths]',
        'c:\\dmail = /var/dmail',
        '[outbound]',
        'retry_interval=15m',
        'suspend_max_hours=1440',
        '[etrn]',
        'allow=192.0.2.0/24, 10.*',
        'rate=off',
        'hangup_after=90s',
        'first_round=1m',
      ].join('\n'),
    )
    assert.deepEqual(brief(problems), [])
    assert.deepEqual(plain(ini), {
      ...DEFAULTS,
      paths: new Map([['c:\\dmail', '/var/dmail']]),
      routing: { rematchForwards: false, plusAddress: '+#' },
      drop: {
        ...DEFAULTS.drop,
        mbox: 'mboxo',
        newHash: 2,
        roots: ['/var/mail', '/var/dmail/in'],
        lockStale: Number.POSITIVE_INFINITY,
      },
      robot: {
        ...DEFAULTS.robot,
        unixfrom: true,
        max: Number.POSITIVE_INFINITY,
        userRoots: ['/opt/robots'],
        exitStatus: 'ignore',
      },
      outbound: { retryInterval: 900_000, suspendMaxHours: 1440 },
      etrn: {
        allow: '192.0.2.0/24, 10.*',
        rate: { count: Number.POSITIVE_INFINITY, per: 1000 },
        hangupAfter: 90_000,
        firstRound: 60_000,
      },
    })
  })

  it('cannot be changed afterwards', () => {
    const { ini } = read('')
    assert.ok([ini, ini.drop, ini.robot, ini.robot.path].every((part) => Object.isFrozen(part)))
  })

  it('keeps back-slashes of [paths] as they are (C10)', () => {
    const { mapPath, problems } = read('[paths]\nd:\\mail = /data/mail\n\\\\server\\share = /mnt/share\n"e:" = "/e"')
    assert.deepEqual(brief(problems), [])
    assert.deepEqual(
      ['D:\\Mail\\x', '\\\\SERVER\\share\\y\\z', 'e:\\f', 'aliases'].map(mapPath),
      ['/data/mail/x', '/mnt/share/y/z', '/e/f', '/srv/haraka/aliases'].map((path) => ({ ok: true, path })),
    )
  })

  const rows: [what: string, text: string, expected: string[]][] = [
    ['an unknown section', '[rotuing]\nplus_address=+', ['warning dmail.ini:1:1: section [rotuing] is not known']],
    ['an unknown key', '[drop]\n  box=x', ['warning dmail.ini:2:3: "box" is not a known key of section [drop]']],
    ['a dotted section', '[drop.mbox]', ['warning dmail.ini:1:1: section [drop.mbox] is not known']],
    [
      'a broken head',
      '[drop\nmbox=mboxo',
      [
        'error dmail.ini:1:1: "[drop" is not the head of a section',
        'error dmail.ini:2:1: "mbox=mboxo" stands before any section',
      ],
    ],
    ['a key before any section', 'fsync=true', ['error dmail.ini:1:1: "fsync=true" stands before any section']],
    ['a bad flag', '[drop]\nfsync = maybe', ['error dmail.ini:2:9: "maybe" is not true or false']],
    ['a bad count', '[robot]\nmax=-1', ['error dmail.ini:2:5: "-1" is not a whole number']],
    ['too small a count', '[robot]\nmax=0', ['error dmail.ini:2:5: "0" is too small']],
    [
      'a bad duration',
      '[robot]\ntimeout=60',
      ['error dmail.ini:2:9: "60" is not a duration (a number and s, m, h or d)'],
    ],
    [
      'a timer that cannot be off',
      '[robot]\ntimeout=off',
      ['error dmail.ini:2:9: "off" is not a duration (a number and s, m, h or d)'],
    ],
    ['too small a duration', '[main]\nreload_check=0s', ['error dmail.ini:2:14: "0s" is too small']],
    ['a bad word', '[drop]\nmbox=maildir', ['error dmail.ini:2:6: "maildir" is not mboxrd or mboxo']],
    ['a bad method', '[drop]\nnew_hash=3', ['error dmail.ini:2:10: "3" is not 0, 1 or 2']],
    ['a key without a value', '[robot]\nmax', ['error dmail.ini:2:1: "" is not a whole number']],
    ['an unmapped path', '[drop]\nroots=/a, d:\\in', ['error dmail.ini:2:7: "d:\\in" is a Windows path']],
    ['a value that JSON reads as no text', "[drop]\nfsync='1'", ['error dmail.ini:2:7: "1" is not true or false']],
    [
      'a prefix without a directory',
      '[paths]\nc:\\dmail',
      ['error dmail.ini:2:1: a line of [paths] needs a prefix and a directory'],
    ],
    ['a prefix to a relative directory', '[paths]\nc:\\dmail=var', ['error dmail.ini:2:10: "var" is not a full path']],
    [
      'a key given twice',
      '[drop]\nfsync=true\n[drop]\nfsync=true',
      ['warning dmail.ini:4:1: fsync is given twice: line 4 wins over line 2'],
    ],
    [
      'an open relay (A1)',
      '[relay]\nlegacy_open=true',
      ['warning dmail.ini:2:1: without a relay rule this server relays for everybody'],
    ],
    [
      'mail that is not synced (D3)',
      '[drop]\nfsync=false',
      ['warning dmail.ini:2:1: mail is acknowledged before it is on the disk and can be lost'],
    ],
    [
      'a name that objects have',
      '[__proto__]\nx=1\n[drop]\n__proto__=1\nconstructor=2',
      [
        'warning dmail.ini:1:1: section [__proto__] is not known',
        'warning dmail.ini:4:1: "__proto__" is not a known key of section [drop]',
        'warning dmail.ini:5:1: "constructor" is not a known key of section [drop]',
      ],
    ],
  ]
  for (const [what, text, expected] of rows) {
    it(`${what} is reported`, () => {
      assert.deepEqual(brief(read(text).problems), expected)
    })
  }

  it('keeps the default where a value is bad, and names it', () => {
    const { ini, problems } = read('[robot]\ntimeout=soon')
    assert.equal(ini.robot.timeout, 60_000)
    assert.match(shown(problems)[0] ?? '', /the default is timeout=60s/)
  })
})
