import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import path from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { loadAliasFile, type AliasEntry, type LoadedAliases } from '../../lib/conf/alias-file.js'
import { pathMapper } from '../../lib/conf/paths.js'
import { formatAt, formatProblem } from '../../lib/conf/problem.js'
import { formatWritten } from '../../lib/conf/destination.js'
import { brief, dirWith, mapPath } from './helpers.js'

type Files = Readonly<Record<string, string | Buffer>>

/** Loads the file `aliases`; `:include:` paths are relative to its directory. */
async function load(t: TestContext, files: Files): Promise<LoadedAliases & { dir: string }> {
  const dir = dirWith(t, files)
  const base = pathMapper(new Map([['c:\\dmail', '/var/dmail']]), dir)
  return { ...(await loadAliasFile(path.join(dir, 'aliases'), 'aliases', base)), dir }
}

function items(entry: AliasEntry | undefined): string[] | undefined {
  return entry?.items.map(({ written }) => formatWritten(written))
}

describe('an alias file (R6)', () => {
  const rows: [what: string, text: string | Buffer, name: string, expected: string[] | undefined][] = [
    ['one destination', 'sales: fred@domain2.com', 'sales', ['fred@domain2.com']],
    ['a comma list', 'sales: fred@domain2.com,john@domain2.com', 'sales', ['fred@domain2.com', 'john@domain2.com']],
    ['$user', 'bob: $user,fred@domain2.com', 'bob', ['$user', 'fred@domain2.com']],
    ['a robot', 'john: |drespond.exe', 'john', ['|drespond.exe']],
    ['a file', 'john: c:\\dmail\\john.txt', 'john', ['/var/dmail/john.txt']],
    ['a bare user (R5)', 'sales: fred', 'sales', ['fred']],
    ['names in any case', 'Bob.Smith: x', 'bob.SMITH', ['x']],
    ['blanks around the colon', 'sales \t:\t fred ', 'sales', ['fred']],
    ['no blank after the colon', 'sales:fred', 'sales', ['fred']],
    ['CRLF', 'a: b\r\nsales: fred\r\n', 'sales', ['fred']],
    ['comments and blank lines', '# x\n\n \t\nsales: fred\n#sales: john', 'sales', ['fred']],
    ['continuation lines', 'sales: fred,\n  john\n\t,bob\nx: y', 'sales', ['fred', 'john', 'bob']],
    ['a comment inside of an entry', 'sales: fred,\n# x\n  # y\n\n  john', 'sales', ['fred', 'john']],
    ['destinations on the next line only', 'sales:\n  fred', 'sales', ['fred']],
    [
      'quotes around a robot with arguments',
      'x: "|prog "two, words" a", fred',
      'x',
      ['"|prog "two, words" a"', 'fred'],
    ],
    ['a quoted name', '"two words": fred', 'two words', ['fred']],
    ['a byte order mark', '\ufeffsales: fred', 'sales', ['fred']],
    ['UTF-8', 'B\u00fcro: fred', 'b\u00dcro', ['fred']],
    ['Latin-1', Buffer.from('B\u00fcro: fred', 'latin1'), 'b\u00fcro', ['fred']],
    ['a decomposed name is the composed one', 'bu\u0308ro: fred', 'b\u00fcro', ['fred']],
    ['another name', 'sales: fred', 'sale', undefined],
    ['an empty file', '', 'sales', undefined],
    ['a name objects have', 'sales: fred', '__proto__', undefined],
  ]
  for (const [what, text, name, expected] of rows) {
    it(what, async (t) => {
      const { table, problems } = await load(t, { aliases: text })
      assert.deepEqual(items(table.find(name, 'domain1.com')), expected)
      assert.deepEqual(brief(problems), [])
    })
  }

  it('user@domain comes before user, in any case and any form of the domain', async (t) => {
    const { table } = await load(t, { aliases: 'bob: a\nBob@B\u00fccher.example: b\n"bob@domain2.com": c' })
    const found = ['xn--bcher-kva.example', 'B\u00dcCHER.example', 'domain2.com', 'domain1.com'].map((domain) =>
      table.find('BOB', domain),
    )
    assert.deepEqual(
      found.map((entry) => [entry?.key, items(entry)]),
      [
        ['bob@xn--bcher-kva.example', ['b']],
        ['bob@xn--bcher-kva.example', ['b']],
        ['bob@domain2.com', ['c']],
        ['bob', ['a']],
      ],
    )
  })

  it('a quoted local part with an @ is not an address', async (t) => {
    const { table } = await load(t, { aliases: '"a@b"@domain1.com: x\na@b: y' })
    assert.deepEqual(items(table.find('a@b', 'domain1.com')), ['x'])
    assert.deepEqual(items(table.find('a', 'b')), ['y'])
    assert.equal(table.find('a@b', 'domain2.com'), undefined)
  })

  it('every destination knows its place', async (t) => {
    const { table } = await load(t, { aliases: '# x\nsales: fred@domain1.com , john,\n\n\tbob' })
    assert.deepEqual(
      table.find('sales', 'domain1.com')?.items.map(({ at }) => formatAt(at)),
      ['aliases:2:8', 'aliases:2:27', 'aliases:4:2'],
    )
  })

  it('a key given twice is a warning, the destinations are joined', async (t) => {
    const { table, problems } = await load(t, { aliases: 'Sales: fred\nx: y\nsales: john\nSALES: bob' })
    assert.deepEqual(items(table.find('sales', 'domain1.com')), ['fred', 'john', 'bob'])
    assert.equal(table.size, 2)
    assert.deepEqual(brief(problems), [
      'warning aliases:3:1: "sales" is given twice, first at aliases:1',
      'warning aliases:4:1: "sales" is given twice, first at aliases:1',
    ])
  })

  it('a key at another name of the main domain, which no look-up asks for, is a warning (R10)', async (t) => {
    const aliases = [
      'Info@Second.example: bob',
      'info: bob, $user',
      '*@second.example: bob',
      '"front desk"@second.example: bob',
      'info@second.example: fred',
      'info@domain1.com: bob',
      'info@domain2.com: bob@second.example',
      '"info@second.example": fred',
    ]
    const dir = dirWith(t, { aliases: aliases.join('\n') })
    const names = new Map([['second.example', 'domain1.com']])
    const { problems } = await loadAliasFile(path.join(dir, 'aliases'), 'aliases', mapPath, names)
    const unused =
      'is never used: second.example is another name of domain1.com, and aliases are looked up under that ' +
      '(leave @second.example out, which is for all names of domain1.com; for second.example alone write a forward line in dmail.conf)'
    assert.deepEqual(problems.map(formatProblem), [
      `aliases:1:1: "info@second.example" ${unused}`,
      `aliases:3:1: "*@second.example" ${unused}`,
      `aliases:4:1: "front desk@second.example" ${unused}`,
      ...[5, 8].map(
        (line) =>
          `aliases:${line}:1: "info@second.example" is given twice, first at aliases:1 (the destinations of both lines are used; join them in one line)`,
      ),
    ])
  })

  it('has its keys for the checker', async (t) => {
    const { table } = await load(t, { aliases: 'Bob: x\nbob@domain1.com: x\n*: x\nsales*: x\nsales*@domain1.com: x' })
    assert.deepEqual([...table.keys()], ['bob', 'bob@domain1.com', '*', 'sales*', 'sales*@domain1.com'])
    assert.equal(table.size, 5)
  })
})

describe('catch-alls (R9)', () => {
  const aliases = [
    '*: all',
    'sales*: sales',
    'sales-eu*: eu',
    'sales*@domain2.com: sales2',
    '*@domain3.com: all3',
    'Sales-EU-?: never',
  ]
  const rows: [local: string, domain: string, key: string][] = [
    ['bob', 'domain1.com', '*'],
    ['sale', 'domain1.com', '*'],
    ['sales', 'domain1.com', 'sales*'],
    ['Sales-US', 'domain1.com', 'sales*'],
    ['sales-eu', 'domain1.com', 'sales-eu*'],
    ['sales-eu-west', 'domain2.com', 'sales-eu*'],
    ['sales-us', 'domain2.com', 'sales*@domain2.com'],
    ['bob', 'Domain3.com', '*@domain3.com'],
    ['sales', 'domain3.com', 'sales*'],
  ]
  for (const [local, domain, key] of rows) {
    it(`${local}@${domain} is caught by ${key}`, async (t) => {
      const { table } = await load(t, { aliases: aliases.slice(0, -1).join('\n') })
      assert.equal(table.findPrefix(local, domain)?.key, key)
      assert.equal(table.find(local, domain), undefined)
    })
  }

  it('nothing is caught without such a key', async (t) => {
    const { table } = await load(t, { aliases: 'sales: fred\njohn*: x' })
    assert.equal(table.findPrefix('sales', 'domain1.com'), undefined)
    assert.equal(table.findPrefix('', 'domain1.com'), undefined)
  })

  it('no other wildcard is a key', async (t) => {
    const { problems } = await load(t, { aliases: `${aliases.join('\n')}\n*sales: x\nsales@*: x` })
    assert.deepEqual(brief(problems), [
      'error aliases:6:1: "Sales-EU-?" has a wildcard that is not one * at the end',
      'error aliases:7:1: "*sales" has a wildcard that is not one * at the end',
      'error aliases:8:1: "sales@*" has no proper domain',
    ])
  })
})

describe('bad lines of an alias file (C7)', () => {
  const rows: [text: string, problem: string, left: string[] | undefined][] = [
    ['sales fred', '1:1: the line is not "name: destination"', undefined],
    [': fred', '1:1: the line is not "name: destination"', undefined],
    ['two words: fred', '1:1: the line is not "name: destination"', undefined],
    ['"sales: fred', '1:1: the line is not "name: destination"', undefined],
    ['sales:', '1:6: "sales" has no destination', undefined],
    ['sales: ,', '1:8: "sales" has no destination', undefined],
    ['@domain1.com: fred', '1:1: "@domain1.com" has no user', undefined],
    ['sales@: fred', '1:1: "sales@" has no proper domain', undefined],
    ['sales,info: fred', '1:1: "sales,info" has a character that a name needs quotes for', undefined],
    ['sales\u0001: fred', '1:1: "sales\u0001" has a control character', undefined],
    ['sales: fred,j\0ohn', '1:14: the entry holds a NUL byte', undefined],
    [' fred\nsales: john', '1:1: the line begins with a blank and there is no entry to continue', ['john']],
    ['sales: fred, *@domain1.com', '1:14: "*@domain1.com" has a wildcard', ['fred']],
    ['sales: a@b@c, fred', '1:8: "a@b@c" is not a mail address', ['fred']],
    ['sales: fred,\n  john doe', '2:3: "john doe" is not a destination', ['fred']],
    ['sales: d:\\x.txt', '1:8: "d:\\x.txt" is a Windows path', undefined],
    ['sales: ""', '1:9: the destination is empty', undefined],
    ['sales: :include:no-such-list', '1:8: "DIR/no-such-list" does not exist', []],
    ['sales: fred, :include:.', '1:14: "DIR" is a directory', ['fred']],
  ]
  for (const [text, problem, left] of rows) {
    it(`${JSON.stringify(text)} is an error at its place`, async (t) => {
      const { table, problems, dir } = await load(t, { aliases: text })
      assert.deepEqual(brief(problems), [`error aliases:${problem.replace('DIR', dir)}`])
      assert.deepEqual(items(table.find('sales', 'domain1.com')), left)
    })
  }

  it('shows the first thousand of a file that is wrong throughout', async (t) => {
    const { problems } = await load(t, { aliases: 'x\n'.repeat(5000) })
    assert.equal(problems.length, 1001)
    assert.equal(brief(problems).at(-1), 'error aliases:1: 4000 more errors are not shown')
  })

  it('a missing file, a directory and a FIFO are errors and empty tables', async (t) => {
    const dir = dirWith(t, { 'sub/x': '' })
    execFileSync('mkfifo', [path.join(dir, 'fifo')])
    const shown: unknown[] = []
    for (const name of ['none', 'sub', 'fifo']) {
      const { table, problems, files } = await loadAliasFile(path.join(dir, name), name, mapPath)
      shown.push([table.size, ...brief(problems), ...files])
    }
    assert.deepEqual(shown, [
      [0, `error none:1: "${dir}/none" does not exist`, path.join(dir, 'none')],
      [0, `error sub:1: "${dir}/sub" is a directory`, path.join(dir, 'sub')],
      [0, `error fifo:1: "${dir}/fifo" is not a regular file`, path.join(dir, 'fifo')],
    ])
  })

  it('a line of a megabyte is an alias like any other', async (t) => {
    const names = Array.from({ length: 60_000 }, (_, i) => `user${i}@domain1.com`)
    const { table, problems } = await load(t, {
      aliases: `all: ${names.join(',')}\n${'x'.repeat(1024 * 1024)}\nbob: fred`,
    })
    assert.deepEqual(items(table.find('all', 'domain1.com')), names)
    assert.deepEqual(items(table.find('bob', 'domain1.com')), ['fred'])
    assert.deepEqual(brief(problems), ['error aliases:2:1: the line is not "name: destination"'])
  })
})

describe(':include: (R6)', () => {
  it('puts the destinations of a list in its place', async (t) => {
    const { table, problems, files, dir } = await load(t, {
      aliases: 'team: john, :include:lists/team, $user',
      'lists/team': '# members\r\n\r\nfred@domain2.com\r\n"|prog a b"\r\n:include:lists/more\r\n',
      'lists/more': 'bob',
    })
    const entry = table.find('team', 'domain1.com')
    assert.deepEqual(brief(problems), [])
    assert.deepEqual(items(entry), ['john', 'fred@domain2.com', '"|prog a b"', 'bob', '$user'])
    assert.equal(formatAt(entry?.items[2]?.at ?? { file: '', line: 0 }), `${dir}/lists/team:4:2`)
    assert.deepEqual(
      files.map((file) => path.relative(dir, file)),
      ['aliases', 'lists/team', 'lists/more'],
    )
  })

  it('is read when the file is loaded, not at the look-up', async (t) => {
    const { table, dir } = await load(t, { aliases: 'team: :include:list', list: 'fred' })
    execFileSync('rm', [path.join(dir, 'list')])
    assert.deepEqual(items(table.find('team', 'domain1.com')), ['fred'])
  })

  it('a list named twice counts once, also by way of others', async (t) => {
    const { table } = await load(t, {
      aliases: 'team: :include:a, :include:b, :include:a',
      a: ':include:b',
      b: 'fred',
    })
    assert.deepEqual(items(table.find('team', 'domain1.com')), ['fred'])
  })

  it('a bad line of a list is an error at its place', async (t) => {
    const { problems, table, dir } = await load(t, { aliases: 'team: :include:list', list: 'fred\n  a b\nx\0y' })
    assert.deepEqual(brief(problems), [
      `error ${dir}/list:2:3: "a b" is not a destination`,
      `error ${dir}/list:3:2: the line holds a NUL byte`,
    ])
    assert.deepEqual(items(table.find('team', 'domain1.com')), ['fred'])
  })

  it('an empty list is a warning, and no alias', async (t) => {
    const { problems, table, dir } = await load(t, { aliases: 'team: :include:list', list: '# nobody\n' })
    assert.deepEqual(brief(problems), [`warning aliases:1:7: "${dir}/list" names no destination`])
    assert.equal(table.find('team', 'domain1.com'), undefined)
  })

  it('a circle is an error that names the chain', async (t) => {
    const { problems, table, dir } = await load(t, {
      aliases: 'team: :include:a',
      a: 'fred\n:include:b',
      b: ':include:a\njohn',
    })
    assert.deepEqual(brief(problems), [
      `error ${dir}/b:1:1: :include: goes in a circle: ${dir}/a -> ${dir}/b -> ${dir}/a`,
    ])
    assert.deepEqual(items(table.find('team', 'domain1.com')), ['fred', 'john'])
  })

  for (const order of ['from the top', 'from the bottom'] as const) {
    it(`goes 16 levels deep and no further, lists met ${order}`, async (t) => {
      const levels = Array.from({ length: 17 }, (_, i) => i + 1)
      const files: Record<string, string> = {}
      for (const level of levels) files[String(level)] = `user${level}\n${level < 17 ? `:include:${level + 1}` : ''}`
      const entries = levels.map((level) => `team${level}: :include:${level}`)
      files['aliases'] = (order === 'from the top' ? entries : entries.reverse()).join('\n')
      const { problems, table, dir } = await load(t, files)
      // A list is counted with the lists below it, so the naming that makes the chain too long is the error.
      const place = order === 'from the top' ? `${dir}/16:2:1` : `${dir}/1:2:1`
      assert.deepEqual(brief(problems), [`error ${place}: :include: goes deeper than 16 levels`])
      assert.equal(items(table.find('team2', 'domain1.com'))?.length, order === 'from the top' ? 15 : 16)
    })
  }
})
