import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { cpSync, readFileSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { before, describe, it } from 'node:test'
import { tempDir } from '../support/cleanup.js'
import { packageRoot } from '../support/install.js'

/** What the script reads; a copy of it can be spoilt. */
const INPUTS = ['scripts', 'lib', 'docs', 'tsconfig.json']

describe('scripts/settings-docs.mjs', () => {
  let dir = ''
  before(() => {
    dir = tempDir('settings-docs')
    for (const name of INPUTS) {
      // Node copies a link as a link: what is spoilt here would be the package itself.
      cpSync(realpathSync(path.join(packageRoot(), name)), path.join(dir, name), { recursive: true })
    }
    symlinkSync(path.join(packageRoot(), 'node_modules'), path.join(dir, 'node_modules'))
  })

  const check = (): Promise<Ended> => runScript(dir, '--check')

  it('finds the pages up to date', async () => {
    assert.deepEqual(await check(), { code: 0, stderr: '' })
  })

  it('names the pages that a changed default has made out of date, and mends them', async () => {
    change(dir, 'lib/conf/settings-server.ts', 'default: 72', 'default: 96')
    assert.deepEqual(await check(), {
      code: 1,
      stderr:
        'docs/settings.md is out of date: run "npm run docs"\ndocs/outbound.md is out of date: run "npm run docs"\n',
    })
    assert.deepEqual(await runScript(dir), { code: 0, stderr: '' })
    assert.match(readFileSync(path.join(dir, 'docs/outbound.md'), 'utf8'), /\| `max_retrytime` \|.*\| `96` \|/)
    assert.deepEqual(await check(), { code: 0, stderr: '' })
  })

  it('keeps bars and stars of a note from changing the table', async () => {
    change(dir, 'lib/conf/ini-keys-server.ts', 'Time between two attempts', 'Time | *between* <b> two attempts')
    await runScript(dir)
    const page = readFileSync(path.join(dir, 'docs/outbound.md'), 'utf8')
    assert.ok(page.includes('Time \\| \\*between\\* \\<b> two attempts to send a message. |'), page)
  })

  it('names a setting that no page has, one that does not exist, and a block without an end', async () => {
    change(dir, 'docs/outbound.md', 'settings: gateway', 'settings: getaway')
    change(dir, 'docs/users.md', '<!-- /settings -->', '')
    const { code, stderr } = await check()
    assert.equal(code, 1)
    assert.match(stderr, /^docs\/outbound\.md: there is no setting getaway$/m)
    assert.match(stderr, /^no page of docs\/ has gateway in a <!-- settings: --> block$/m)
    assert.match(stderr, /^docs\/users\.md: a <!-- settings: --> block has no <!-- \/settings -->$/m)
  })

  it('names a reply that no page has, one that does not exist, and one that nobody explains', async () => {
    change(dir, 'docs/troubleshooting.md', 'replies: queued', 'replies: quewed')
    change(dir, 'lib/reply.ts', "loop: [550, '5.4.6'", "knot: [550, '5.4.7', () => 'A knot'],\n  loop: [550, '5.4.6'")
    change(dir, 'docs/troubleshooting.md', 'badAddress loop', 'badAddress knot loop')
    const { code, stderr } = await check()
    assert.equal(code, 1)
    assert.match(stderr, /^docs\/troubleshooting\.md: there is no reply quewed$/m)
    assert.match(stderr, /^no page of docs\/ has queued in a <!-- replies: --> block$/m)
    assert.match(stderr, /^lib\/reply-help\.ts has nothing to say to knot$/m)
  })

  it('names the page that a changed reply has made out of date', async () => {
    change(dir, 'lib/reply.ts', 'the mailbox is full', 'the mailbox is too full')
    assert.match((await check()).stderr, /^docs\/troubleshooting\.md is out of date: run "npm run docs"$/m)
  })
})

interface Ended {
  readonly code: number
  readonly stderr: string
}

function runScript(dir: string, ...args: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(process.execPath, [path.join(dir, 'scripts/settings-docs.mjs'), ...args], (error, _stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stderr })
    })
  })
}

function change(dir: string, name: string, from: string, to: string): void {
  const file = path.join(dir, name)
  assert.equal(realpathSync(file), path.join(realpathSync(dir), name), 'the file is a copy')
  const text = readFileSync(file, 'utf8')
  assert.ok(text.includes(from), `${name} has no "${from}"`)
  writeFileSync(file, text.replace(from, to))
}
