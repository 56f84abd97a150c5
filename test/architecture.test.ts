import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'

/** The package's root: the folder with the sources, wherever the tests were compiled to. */
function findRoot(from: string): string {
  if (existsSync(path.join(from, 'lib/address.ts'))) return from
  const up = path.dirname(from)
  assert.notEqual(up, from, 'the sources are nowhere above the tests')
  return findRoot(up)
}

const ROOT = findRoot(__dirname)

interface Import {
  readonly from: string
  /** `node:fs`, `fast-check`, or a path from the root: `lib/address`. */
  readonly to: string
}

/** Every import of a folder's sources, those of types too. */
function importsOf(folder: string): Import[] {
  const imports: Import[] = []
  for (const entry of readdirSync(path.join(ROOT, folder), { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !entry.name.endsWith('.ts')) continue
    const file = path.join(entry.parentPath, entry.name)
    const from = path.relative(ROOT, file)
    for (const named of readFileSync(file, 'utf8').matchAll(
      /(?:\bfrom|\bimport|\brequire\(|\bimport\()\s*'([^']+)'/g,
    )) {
      const text = named[1] ?? ''
      const to = text.startsWith('.')
        ? path.relative(ROOT, path.resolve(path.dirname(file), text)).replace(/\.js$/, '')
        : text
      imports.push({ from, to })
    }
  }
  assert.notEqual(imports.length, 0, `${folder} has no imports at all`)
  return imports
}

function crossings(folder: string, forbidden: RegExp): string[] {
  return importsOf(folder)
    .filter(({ to }) => forbidden.test(to))
    .map(({ from, to }) => `${from} imports ${to}`)
}

describe('the direction of imports (DESIGN)', () => {
  it('lib never imports plugins, bin or authent', () => {
    assert.deepEqual(crossings('lib', /^(?:plugins|bin|authent)\b/), [])
  })

  it('lib knows nothing of Haraka', () => {
    assert.deepEqual(crossings('lib', /^haraka/i), [])
  })

  it('routing touches nothing: no files, network, processes, timers or clocks', () => {
    const touching = /^node:(?!path$|url$|buffer$|util$)|^(?:fs|net|child_process|dns|timers|os|process)(?:\/|$)/
    assert.deepEqual(crossings('lib/routing', touching), [])
    for (const entry of readdirSync(path.join(ROOT, 'lib/routing'))) {
      const text = readFileSync(path.join(ROOT, 'lib/routing', entry), 'utf8')
      assert.doesNotMatch(text, /\b(?:Date\.now|new Date|Math\.random|setTimeout|process\.)/, entry)
    }
  })

  it('the plan of a message touches nothing either', () => {
    assert.deepEqual(
      importsOf('lib/spool').filter(({ to }) => to.startsWith('node:')),
      [],
    )
  })

  it('routing does not carry out, and delivery does not decide', () => {
    const pure = /^lib\/delivery\/(?:drop-path|types)$/
    assert.deepEqual(
      importsOf('lib/routing').filter(({ to }) => /^lib\/(?:delivery|spool|suite|cli)\//.test(to) && !pure.test(to)),
      [],
    )
    assert.deepEqual(
      importsOf('lib/delivery').filter(({ to }) => /^lib\/(?:spool|suite|cli)\//.test(to)),
      [],
    )
  })

  it('what runs a program knows neither mail nor robots', () => {
    const general = /^node:|^lib\/(?:process\/|error$|asking$)/
    assert.deepEqual(
      importsOf('lib/process').filter(({ to }) => !general.test(to)),
      [],
    )
  })

  it('of the migration only two files can write, and none of them knows where the legacy files are', () => {
    const writing =
      /\b(?:writeFile|appendFile|open|rename|mkdir|rm|unlink|symlink|chmod|chown|copyFile|cp|truncate|utimes)\b/
    const writers = readdirSync(path.join(ROOT, 'lib/migrate')).filter((entry) => {
      const text = readFileSync(path.join(ROOT, 'lib/migrate', entry), 'utf8')
      return Array.from(text.matchAll(/^import \{([^}]*)\} from 'node:fs(?:\/promises)?'/gm)).some(([, names = '']) =>
        writing.test(names),
      )
    })
    assert.deepEqual(writers.sort(), ['stage.ts', 'write.ts'])
    const legacy = /^lib\/migrate\/(?:source|plan|conf-edit|migrate)$/
    assert.deepEqual(
      importsOf('lib/migrate').filter(({ from, to }) => /(?:stage|write)\.ts$/.test(from) && legacy.test(to)),
      [],
    )
  })

  for (const folder of ['lib', 'plugins', 'bin', 'authent']) {
    it(`${folder} imports neither tests nor benchmarks`, () => {
      assert.deepEqual(crossings(folder, /^(?:test|bench)\b|^node:test$|^fast-check$/), [])
    })
  }

  it('lib exports what plugins use, and they use nothing of each other but what is shared', () => {
    const own = /^plugins\/(access|rcpt|queue|outbound|dmail)\//
    const crossed = importsOf('plugins').filter(({ from, to }) => {
      const [, target] = own.exec(to) ?? []
      return target !== undefined && own.exec(from)?.[1] !== target && from !== 'plugins/compose.ts'
    })
    assert.deepEqual(crossed, [])
  })
})
