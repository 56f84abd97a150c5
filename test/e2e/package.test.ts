import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { before, describe, it } from 'node:test'
import { promisify } from 'node:util'
import { tempDir } from '../support/cleanup.js'
import { HARAKA_VERSIONS, type HarakaVersion } from '../support/haraka.js'
import { launch } from '../support/haraka-process.js'
import { installedPackage, linkPackage, PACKAGE, packageRoot } from '../support/install.js'
import { captureLog } from '../support/log.js'
import { readMbox } from '../support/mbox.js'
import { freePort } from '../support/ports.js'
import { send } from '../support/smtp.js'
import { LINES } from '../../plugins/lines.js'
import { codes, note } from './site.js'

const run = promisify(execFile)

/** What npm puts into every package, and what this one is made of. */
const ALLOWED =
  /^(?:package\.json|LICENSE|README\.md|CHANGELOG\.md|docs\/.+|config\/.+|(?:access|auth|dsn|rcpt|queue|outbound|etrn|admin)\/package\.json|dist\/(?:lib|plugins|bin|authent)\/.+\.(?:js|d\.ts))$/

const NEEDED = [
  ...['LICENSE', 'package.json', 'dist/bin/dmail.js', 'dist/bin/drespond.js', 'dist/plugins/dmail/index.js'],
  ...['dist/authent/file.js', 'dist/authent/sql.js', 'dist/authent/ldap.js'],
  ...['config/sample/dmail.conf', 'config/sample/plugins', 'config/sample/users.txt', 'config/sample/README.md'],
  ...LINES.flatMap((line) => [`${line}/package.json`, `dist/plugins/${line}/index.js`]),
]

describe('the packed package', () => {
  let root: string
  let files: string[]
  before(async () => {
    root = path.join(await installedPackage(), 'node_modules', PACKAGE)
    files = filesBelow(root, '')
  })

  it('has what an operator needs', () => {
    assert.deepEqual(
      NEEDED.filter((name) => !files.includes(name)),
      [],
    )
  })

  it('and nothing else: no tests, no sources, no source maps', () => {
    assert.deepEqual(
      files.filter((name) => !ALLOWED.test(name)),
      [],
    )
  })

  it('knows nothing of the machine it was packed on', () => {
    const here = [packageRoot(), root]
    for (const name of files) {
      const text = readFileSync(path.join(root, name), 'utf8')
      for (const place of here) assert.ok(!text.includes(place), `${name} has ${place}`)
      assert.doesNotMatch(text, /sourceMappingURL/, name)
    }
  })

  it('its programs can be executed', () => {
    for (const program of ['bin/dmail', 'bin/drespond', 'authent/file', 'authent/sql', 'authent/ldap'].map(
      (name) => `dist/${name}.js`,
    )) {
      assert.equal(statSync(path.join(root, program)).mode & 0o111, 0o111, program)
      assert.match(readFileSync(path.join(root, program), 'utf8'), /^#!\/usr\/bin\/env node\n/)
    }
  })

  it('each line of config/plugins leads to its plugin', () => {
    for (const line of LINES) {
      const manifest = JSON.parse(readFileSync(path.join(root, line, 'package.json'), 'utf8')) as { main: string }
      assert.ok(files.includes(path.join(line, manifest.main)), line)
    }
  })

  it('needs nothing at run time but its dependencies', async () => {
    const { stdout } = await run('npm', ['ls', '--omit=dev', '--all', '--json'], { cwd: await installedPackage() })
    assert.equal((JSON.parse(stdout) as { problems?: unknown }).problems, undefined)
  })

  for (const version of HARAKA_VERSIONS) {
    it(`dmail init makes a directory that Haraka ${version} serves`, () => serveFreshDirectory(version))
  }
})

async function serveFreshDirectory(version: HarakaVersion): Promise<void> {
  const installed = await installedPackage()
  const dmail = path.join(installed, 'node_modules/.bin/dmail')
  const dir = tempDir('init')
  const port = await freePort()
  await run(dmail, ['init', dir, '--port', String(port)])
  linkPackage(installed, dir)
  const local = path.join(dir, 'node_modules/.bin/dmail')

  const checked = JSON.parse((await run(local, ['check', '-c', dir, '--json'])).stdout) as Record<string, unknown>
  assert.deepEqual([checked['errors'], checked['warnings']], [[], []])

  const log = captureLog(`the log of Haraka ${version}`)
  const started = await launch(dir, port, { version, plugins: ['dmail'] }, log)
  assert.ok(started.kind === 'ready', log.tail())
  try {
    const { rcpt, final } = await send(port, {
      from: 'ann@example.com',
      to: ['fred@example.com', 'sales@example.com', 'anna@shop.example', 'nobody@example.com'],
      message: note('first'),
    })
    assert.deepEqual(rcpt.map(codes), ['250 2.1.5', '250 2.1.5', '250 2.1.5', '550 5.1.1'])
    assert.equal(codes(final), '250 2.0.0')
    const subjects = (file: string): (string | undefined)[] =>
      readMbox(path.join(dir, 'mail', file)).map((message) => message.header('Subject'))
    assert.deepEqual(subjects('fred'), ['first', 'first'])
    assert.deepEqual(subjects('shop/shop_anna'), ['first', 'first'])
    const route = await run(local, ['route', 'sales@example.com', '-c', dir, '--json'])
    assert.equal((JSON.parse(route.stdout) as { accepted: boolean }).accepted, true)
  } finally {
    await started.run.stop()
  }
}

function filesBelow(root: string, folder: string): string[] {
  return readdirSync(path.join(root, folder), { withFileTypes: true })
    .filter(({ name }) => name !== 'node_modules')
    .flatMap((entry) => {
      const name = path.join(folder, entry.name)
      return entry.isDirectory() ? filesBelow(root, name) : [name]
    })
    .sort()
}
