import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { before, describe, it } from 'node:test'
import { runCli } from '../../lib/cli/main.js'
import { tempDir } from '../support/cleanup.js'
import { writeInto } from '../support/haraka-dir.js'
import { installedPackage, linkPackage } from '../support/install.js'
import { allPages, blocksOf } from './pages.js'

/** The page whose blocks with `file=` are the Haraka directory of all examples. */
const SITE_PAGE = 'docs/rcpt.md'

interface Example {
  readonly page: string
  readonly args: readonly string[]
  readonly output: string
}

const pages = allPages()
const examples = pages.flatMap((page) =>
  blocksOf(page)
    .filter(({ language }) => language === 'console')
    .flatMap(({ content }) => examplesIn(page.name, content)),
)

describe('the examples of the pages', () => {
  let dir = ''
  before(async () => {
    dir = tempDir('docs')
    linkPackage(await installedPackage(), dir)
    const site = pages.find(({ name }) => name === SITE_PAGE)
    assert.ok(site !== undefined)
    for (const { info, content } of blocksOf(site)) {
      const file = /^file=(\S+)$/.exec(info)?.[1]
      if (file !== undefined) writeInto(dir, file, content)
    }
  })

  it('are found', () => {
    assert.deepEqual(
      [...new Set(examples.map(({ page }) => page))],
      ['docs/access.md', 'docs/command.md', 'docs/outbound.md', 'docs/rcpt.md'],
    )
  })

  for (const { page, args, output } of examples) {
    it(`${page}: dmail ${args.join(' ')}`, async () => {
      const printed = await dmail([...args, '-c', dir])
      if (args.includes('--json')) assert.deepEqual(JSON.parse(printed), JSON.parse(output))
      // The last line tells where the answer comes from.
      else assert.equal(printed.replace(/^decided from .*\n/m, ''), output)
    })
  }

  it('have a configuration with one thing to complain of: the alias for somebody who does not exist', async () => {
    const report: unknown = JSON.parse(await dmail(['check', '--json', '-c', dir]))
    assert.ok(typeof report === 'object' && report !== null && 'errors' in report && 'warnings' in report)
    assert.deepEqual(report.errors, [])
    assert.match(JSON.stringify(report.warnings), /^\[\{[^{}]*boss@domain1\.com leads nowhere[^{}]*\}\]$/)
  })
})

/** The commands of a console block that show their output; `...` stands for output left out, which is not held to anything. */
function examplesIn(page: string, content: string): Example[] {
  return content
    .split(/^\$ /m)
    .slice(1)
    .flatMap((part) => {
      const [command = '', ...lines] = part.split('\n')
      const output = lines.join('\n')
      const args = /^npx dmail (.+)$/.exec(command)?.[1]?.split(' ')
      return args === undefined || output === '' || /^ *\.\.\.$/m.test(output) ? [] : [{ page, args, output }]
    })
}

async function dmail(args: readonly string[]): Promise<string> {
  const out = new PassThrough()
  const err = new PassThrough()
  err.resume()
  await runCli(['node', 'dmail', ...args], { out, err, env: {} })
  out.end()
  return (await out.setEncoding('utf8').toArray()).join('')
}
