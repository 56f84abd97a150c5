import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { pathMapper } from '../../lib/conf/paths.js'
import { formatWritten, parseDestination, type Place } from '../../lib/conf/destination.js'
import { splitCommand, splitDestinations } from '../../lib/conf/destination-list.js'

const mapPath = pathMapper(new Map([['c:\\dmail', '/var/dmail']]), '/srv/haraka')

/** What a destination is read as, in one line. */
function read(text: string, place: Place = 'alias'): string {
  const written = parseDestination(text, place, mapPath)
  switch (written.kind) {
    case 'address':
      return `address ${written.address.key}`
    case 'user':
    case 'mailbox':
      return `${written.kind} ${written.local}`
    case 'robot':
      return `robot ${JSON.stringify(written.argv)}`
    case 'file':
    case 'include':
      return `${written.kind} ${written.path}`
    case 'bad':
      return `bad: ${written.message}`
    case 'self':
    case 'discard':
      return written.kind
  }
}

describe('one destination', () => {
  const rows: Record<string, string> = {
    'fred@Domain2.com': 'address fred@domain2.com',
    '"fred smith"@domain2.com': 'address fred smith@domain2.com',
    fred: 'user fred',
    'fred.smith': 'user fred.smith',
    $user: 'self',
    $USER: 'self',
    '|drespond': 'robot ["drespond"]',
    '|drespond.exe arg1 "two words" arg3': 'robot ["drespond.exe","arg1","two words","arg3"]',
    '|drespond ""': 'robot ["drespond",""]',
    '|c:\\dmail\\drespond c:\\dmail\\reply.txt': 'robot ["/var/dmail/drespond","/var/dmail/reply.txt"]',
    '|/usr/bin/drespond -x': 'robot ["/usr/bin/drespond","-x"]',
    '|"/opt/my robots/drespond" x': 'robot ["/opt/my robots/drespond","x"]',
    '/var/log/mail': 'file /var/log/mail',
    '/var/log/../mail': 'file /var/mail',
    '/var/log/fred@domain2.com': 'file /var/log/fred@domain2.com',
    'c:\\dmail\\archive': 'file /var/dmail/archive',
    'C:\\DMAIL\\archive': 'file /var/dmail/archive',
    '\\var\\log': 'file /var/log',
    '/dev/null': 'discard',
    '/dev/nul': 'discard',
    NUL: 'discard',
    'fred/smith@domain2.com': 'address fred/smith@domain2.com',
    ':include:/etc/list': 'include /etc/list',
    '': 'bad: the destination is empty',
    '|': 'bad: no program after "|"',
    '| ': 'bad: no program after "|"',
    '*@domain2.com': 'bad: "*@domain2.com" has a wildcard',
    'fre?': 'bad: "fre?" has a wildcard',
    'fred@@domain2.com': 'bad: "fred@@domain2.com" is not a mail address',
    'fred smith': 'bad: "fred smith" is not a destination',
    'mail/archive': 'bad: "mail/archive" is not a full path',
    'd:\\elsewhere\\x': 'bad: "d:\\elsewhere\\x" is a Windows path',
    '|d:\\elsewhere\\x': 'bad: "d:\\elsewhere\\x" is a Windows path',
  }
  for (const [text, expected] of Object.entries(rows)) {
    it(`${JSON.stringify(text)} is ${expected}`, () => {
      assert.equal(read(text), expected)
    })
  }

  it('only an alias file has :include:', () => {
    for (const place of ['forward', 'fwd', 'forward-file'] as const) assert.match(read(':include:/x', place), /^bad/)
  })

  it('only a forward file has \\user', () => {
    assert.equal(read('\\fred', 'forward-file'), 'mailbox fred')
    for (const place of ['forward', 'fwd', 'alias'] as const) {
      assert.equal(read('\\fred', place), 'bad: "\\fred" is neither a user nor a full path')
    }
    assert.equal(read('\\var\\fred', 'alias'), 'file /var/fred')
  })
})

describe('a list of destinations', () => {
  const rows: Record<string, readonly string[]> = {
    'fred@domain2.com,john@domain2.com': ['fred@domain2.com', 'john@domain2.com'],
    ' fred ,\tjohn ': ['fred', 'john'],
    'fred,,john,': ['fred', 'john'],
    '': [],
    ' , ,': [],
    '"|drespond a b", fred': ['|drespond a b', 'fred'],
    '"|drespond "two words" b", fred': ['|drespond "two words" b', 'fred'],
    '"|drespond "a, b" c"': ['|drespond "a, b" c'],
    '|drespond "a, b" c, fred': ['|drespond "a, b" c', 'fred'],
    '"fred smith"@domain2.com, john': ['"fred smith"@domain2.com', 'john'],
    '"fred, smith"@domain2.com': ['"fred, smith"@domain2.com'],
    '"fred': ['"fred'],
    '"fred, john': ['"fred, john'],
  }
  for (const [list, expected] of Object.entries(rows)) {
    it(`${JSON.stringify(list)} has ${expected.length}`, () => {
      const items = splitDestinations(list)
      assert.deepEqual(
        items.map(({ text }) => text),
        expected,
      )
      for (const { text, offset } of items) assert.equal(list.slice(offset).trimStart().startsWith(text), true)
    })
  }

  it('of nothing but quotes costs no more than its length', () => {
    // Quadratic work on a megabyte would outlast every time limit.
    assert.ok(splitDestinations('"a"b,'.repeat(200_000)).length > 0)
    assert.ok(splitDestinations('"'.repeat(1_000_000)).length > 0)
  })
})

describe('a command (C9)', () => {
  it('is cut at blanks, with double quotes to group', () => {
    assert.deepEqual(splitCommand('prog "two words" arg ""'), ['prog', 'two words', 'arg', ''])
    assert.deepEqual(splitCommand('  prog\targ  '), ['prog', 'arg'])
    assert.deepEqual(splitCommand(''), [])
  })

  it('knows no other characters of a shell', () => {
    assert.deepEqual(splitCommand("prog $HOME `id` 'a b' ; rm *"), [
      'prog',
      '$HOME',
      '`id`',
      "'a",
      "b'",
      ';',
      'rm',
      '*',
    ])
  })
})

describe('a destination is shown as it is written', () => {
  for (const text of ['fred@domain2.com', 'fred', '$user', '|drespond', '"|drespond a "b c" d"', '/var/log/mail']) {
    it(text, () => {
      const [item] = splitDestinations(text)
      const written = parseDestination(item?.text ?? '', 'alias', mapPath)
      assert.ok(written.kind !== 'bad')
      assert.equal(formatWritten(written), text)
    })
  }
})
