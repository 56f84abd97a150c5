import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { before, describe, it } from 'node:test'
import { runCli } from '../../lib/cli/main.js'
import { tempDir } from '../support/cleanup.js'
import { writeInto } from '../support/haraka-dir.js'
import { installedPackage, linkPackage } from '../support/install.js'
import { allPages } from './pages.js'
import { sitesOf } from './sites.js'

/** The page whose blocks with `file=` are the Haraka directory of all pages that have none of their own. */
const SITE_PAGE = 'docs/rcpt.md'

/** What the pages call the Haraka directory. */
const DIRECTORY = '/var/haraka'

/** What `dmail check` has to complain of, where a site shows something wrong. All others have nothing. */
const WARNINGS: Readonly<Record<string, readonly RegExp[]>> = {
  'docs/rcpt.md': [/^boss@domain1\.com leads nowhere/],
}

const sites = sitesOf(allPages(), SITE_PAGE)

describe('the examples of the pages', () => {
  it('are found', () => {
    assert.deepEqual([...new Set(sites.flatMap(({ examples }) => examples.map(({ page }) => page)))].sort(), [
      'docs/access.md',
      'docs/command.md',
      'docs/outbound.md',
      'docs/rcpt.md',
      'docs/recipes.md',
    ])
  })

  it('show something of every recipe', () => {
    const recipes = sites.filter(({ name }) => name.startsWith('docs/recipes.md: '))
    assert.ok(recipes.length >= 10, recipes.map(({ name }) => name).join(', '))
    for (const { name, examples } of recipes) assert.notEqual(examples.length, 0, name)
  })

  for (const { name, files, examples } of sites) {
    describe(name, () => {
      let dir = ''
      before(async () => {
        dir = tempDir('docs')
        linkPackage(await installedPackage(), dir)
        for (const [file, content] of files) writeInto(dir, file, content)
      })

      for (const { page, args, output } of examples) {
        it(`${page}: dmail ${args.join(' ')}`, async () => {
          const printed = (await dmail([...args, '-c', dir])).replaceAll(dir, DIRECTORY)
          if (args.includes('--json')) assert.deepEqual(JSON.parse(printed), JSON.parse(output))
          // The last line tells where the answer comes from.
          else assert.equal(printed.replace(/^(?:decided from|as the files are now) ?.*\n/m, ''), output)
        })
      }

      it('is a configuration with nothing to complain of, but for what the page shows', async () => {
        const report: unknown = JSON.parse(await dmail(['check', '--json', '-c', dir]))
        assert.ok(typeof report === 'object' && report !== null && 'errors' in report && 'warnings' in report)
        assert.deepEqual(report.errors, [])
        const expected = WARNINGS[name] ?? []
        const warnings = report.warnings as readonly { readonly message: string }[]
        assert.equal(warnings.length, expected.length, JSON.stringify(warnings))
        for (const [index, pattern] of expected.entries()) assert.match(warnings[index]?.message ?? '', pattern)
      })
    })
  }
})

async function dmail(args: readonly string[]): Promise<string> {
  const out = new PassThrough()
  const err = new PassThrough()
  err.resume()
  await runCli(['node', 'dmail', ...args], { out, err, env: {} })
  out.end()
  return (await out.setEncoding('utf8').toArray()).join('')
}
