import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { DEFAULT_TEXTS, TEXT_NAMES, type Texts } from '../../lib/dsn/texts.js'
import { loadTexts } from '../../lib/suite/report-texts.js'
import { loadAll } from '../../lib/suite/loaded.js'
import { dirWith, shown } from '../conf/helpers.js'
import { withDirectory } from '../routing/site.js'

const OWN = 'Sorry\nNot for\n{recipients}\n'

interface Row {
  /** Files of two directories, `a` before `b`. */
  readonly files: Readonly<Record<string, string | Buffer>>
  /** What differs from the built-in texts. */
  readonly own?: Partial<Texts>
  readonly problems?: readonly string[]
}

const HINT = 'see docs/dsn.md for what a text holds'

const ROWS: Record<string, Row> = {
  'are built in where there are none': { files: {} },
  'are the own one where there is one, and built in otherwise': {
    files: { 'a/failed.txt': OWN },
    own: { failed: OWN },
  },
  'may be there for everything': {
    files: Object.fromEntries(TEXT_NAMES.map((name) => [`b/${name}.txt`, `${name}\n{recipients}\n`])),
    own: Object.fromEntries(TEXT_NAMES.map((name) => [name, `${name}\n{recipients}\n`])),
  },
  'come from the first directory that has the file': {
    files: { 'a/failed.txt': OWN, 'b/failed.txt': 'no\n{recipients}\n', 'b/delayed.txt': `Later${OWN}` },
    own: { failed: OWN, delayed: `Later${OWN}` },
  },
  'may have CRLF line ends and a byte order mark': {
    files: { 'a/failed.txt': `\ufeff${OWN.replaceAll('\n', '\r\n')}` },
    own: { failed: OWN },
  },
  'may be in Latin-1 but for the subject': {
    files: { 'a/failed.txt': Buffer.from('Sorry\nD\xe9sol\xe9\n{recipients}\n', 'latin1') },
    own: { failed: 'Sorry\nDésolé\n{recipients}\n' },
  },
  'stay built in for one without recipients': {
    files: { 'a/failed.txt': 'Sorry\n' },
    problems: [`error a/failed.txt:1: there is no line {recipients} (${HINT})`],
  },
  'stay built in for an empty one': {
    files: { 'a/delayed.txt': '' },
    problems: [`error a/delayed.txt:1: the first line, which is the subject, is empty (${HINT})`],
  },
  'stay built in for a subject that is not ASCII': {
    files: { 'b/double-bounce.txt': 'Désolé\n{recipients}\n' },
    problems: [
      `error b/double-bounce.txt:1: the first line, which is the subject, has characters that are not ASCII (${HINT})`,
    ],
  },
  'do not come from a later directory when that of the first is broken': {
    files: { 'a/failed.txt': 'Sorry\n', 'b/failed.txt': OWN },
    problems: [`error a/failed.txt:1: there is no line {recipients} (${HINT})`],
  },
  'stay built in for each broken one, and the others count': {
    files: { 'a/failed.txt': 'Sorry', 'a/delayed.txt': OWN, 'a/relayed.txt': '\n\n' },
    own: { delayed: OWN },
    problems: [
      `error a/failed.txt:1: there is no line {recipients} (${HINT})`,
      `error a/relayed.txt:1: the first line, which is the subject, is empty (${HINT})`,
    ],
  },
  'know no other names': { files: { 'a/handed on.txt': OWN, 'a/FAILED.txt': OWN, 'a/failed': OWN } },
}

describe('the texts of reports', () => {
  const load = async (
    t: TestContext,
    files: Readonly<Record<string, string | Buffer>>,
  ): Promise<{ readonly dir: string; readonly loaded: Awaited<ReturnType<typeof loadTexts>> }> => {
    const dir = dirWith(t, files)
    const loaded = await loadTexts([path.join(dir, 'a'), path.join(dir, 'b')], (file) => path.relative(dir, file))
    return { dir, loaded }
  }

  for (const [sentence, { files, own = {}, problems = [] }] of Object.entries(ROWS)) {
    it(sentence, async (t) => {
      const { loaded } = await load(t, files)
      assert.deepEqual(loaded.texts, { ...DEFAULT_TEXTS, ...own })
      assert.deepEqual(shown(loaded.problems), problems)
    })
  }

  it('stay built in for what is no file, and for one that is too large', async (t) => {
    const dir = dirWith(t, { 'a/delayed.txt': `Sorry\n{recipients}\n${'x'.repeat(64 * 1024)}` })
    mkdirSync(path.join(dir, 'a/failed.txt'))
    const { texts, problems } = await loadTexts([path.join(dir, 'a')], (file) => path.basename(file))
    assert.deepEqual(texts, DEFAULT_TEXTS)
    const [directory, large, ...more] = shown(problems)
    assert.match(directory ?? '', /^error failed\.txt:1: .* is a directory \(name a file\)$/)
    assert.match(large ?? '', /^error delayed\.txt:1: .* is larger than /)
    assert.deepEqual(more, [])
  })

  it('tell which files were looked for: one that comes later is seen', async (t) => {
    const { dir, loaded } = await load(t, { 'b/failed.txt': OWN })
    for (const name of TEXT_NAMES) assert.ok(loaded.files.includes(path.join(dir, 'a', `${name}.txt`)), name)
    assert.ok(loaded.files.includes(path.join(dir, 'b/failed.txt')))
  })

  it('are none of ours without a directory', async () => {
    assert.deepEqual(await loadTexts([], String), { texts: DEFAULT_TEXTS, problems: [], files: [] })
  })
})

describe('the texts that [dsn] texts names', () => {
  const site = { ini: '[dsn]\ntexts={dir}/texts', files: { 'texts/failed.txt': OWN } }

  it('are loaded with the configuration, and the files are watched', async () => {
    await withDirectory(site, async (dir) => {
      const { texts, files, problems } = await loadAll(dir)
      assert.deepEqual(shown(problems.filter(({ severity }) => severity === 'error')), [])
      assert.equal(texts.failed, OWN)
      assert.ok(files.includes(path.join(dir, 'texts/failed.txt')))
      assert.ok(files.includes(path.join(dir, 'texts/delayed.txt')))
    })
  })

  it('are read again with it: a new one counts, a broken one is an error', async () => {
    await withDirectory(site, async (dir) => {
      writeFileSync(path.join(dir, 'texts/delayed.txt'), OWN)
      const changed = await loadAll(dir)
      assert.equal(changed.texts.delayed, OWN)
      writeFileSync(path.join(dir, 'texts/failed.txt'), 'Sorry\n')
      const { texts, problems } = await loadAll(dir)
      assert.equal(texts.failed, DEFAULT_TEXTS.failed)
      const file = path.join(dir, 'texts/failed.txt')
      assert.ok(shown(problems).includes(`error ${file}:1: there is no line {recipients} (${HINT})`))
    })
  })

  it('have their place in messages from config/ on, where they lie there', async () => {
    const inside = { ini: '[dsn]\ntexts={dir}/config/texts', files: { 'config/texts/failed.txt': 'Sorry\n' } }
    await withDirectory(inside, async (dir) => {
      const { problems } = await loadAll(dir)
      assert.ok(shown(problems).some((problem) => problem.startsWith('error texts/failed.txt:1: ')))
    })
  })
})
