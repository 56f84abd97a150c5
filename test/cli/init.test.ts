import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import type { CheckReport } from '../../lib/conf/check.js'
import { dmail } from './support.js'

function newDirectory(t: TestContext): string {
  const dir = mkdtempSync(path.join(tmpdir(), 'dmail-init-'))
  t.after(() => {
    rmSync(dir, { recursive: true, force: true })
  })
  return dir
}

interface InitReport {
  readonly directory: string
  readonly port: number
  readonly written: readonly string[]
  readonly kept: readonly string[]
}

async function init(...args: string[]): Promise<InitReport> {
  const { exit, out, err } = await dmail(['init', '--json', ...args])
  assert.equal(exit, 0, err)
  return JSON.parse(out) as InitReport
}

describe('dmail init', () => {
  it('makes a Haraka directory, also one that is not there', async (t) => {
    const dir = path.join(newDirectory(t), 'a/b')
    const { directory, port, written, kept } = await init(dir)
    assert.deepEqual([directory, port, kept], [dir, 2525, []])
    for (const name of ['config/dmail.conf', 'config/dmail.ini', 'config/plugins', 'config/smtp.ini', 'package.json']) {
      assert.ok(written.includes(name), name)
    }
    for (const name of written) assert.ok(statSync(path.join(dir, name)).isFile())
    for (const folder of ['mail/shop', 'queue']) assert.ok(statSync(path.join(dir, folder)).isDirectory())
  })

  it('fills in the directory and the port', async (t) => {
    const dir = newDirectory(t)
    await init(dir, '--port', '2600')
    const texts = readdirSync(path.join(dir, 'config')).map((name) =>
      readFileSync(path.join(dir, 'config', name), 'utf8'),
    )
    assert.ok(texts.every((text) => !/\{\{(?:dir|port)\}\}/.test(text)))
    assert.match(readFileSync(path.join(dir, 'config/smtp.ini'), 'utf8'), /listen=127\.0\.0\.1:2600/)
    assert.ok(readFileSync(path.join(dir, 'config/dmail.conf'), 'utf8').includes(`drop_path ${dir}/mail`))
  })

  it('says what Haraka ends its replies to EHLO and QUIT with: it would say "undefined"', async (t) => {
    const dir = newDirectory(t)
    await init(dir)
    const text = readFileSync(path.join(dir, 'config/connection.ini'), 'utf8')
    for (const key of ['helo', 'close']) assert.match(text, new RegExp(`^${key}=\\S`, 'm'))
  })

  it('keeps files that exist', async (t) => {
    const dir = newDirectory(t)
    mkdirSync(path.join(dir, 'config'))
    writeFileSync(path.join(dir, 'config/dmail.conf'), '# mine\n')
    const { written, kept } = await init(dir)
    assert.deepEqual(kept, ['config/dmail.conf'])
    assert.ok(!written.includes('config/dmail.conf'))
    assert.equal(readFileSync(path.join(dir, 'config/dmail.conf'), 'utf8'), '# mine\n')
  })

  it('done again writes nothing', async (t) => {
    const dir = newDirectory(t)
    const first = await init(dir)
    const second = await init(dir, '--port', '2600')
    assert.deepEqual(second.written, [])
    assert.deepEqual([...second.kept].sort(), [...first.written].sort())
  })

  it('makes what passes dmail check', async (t) => {
    const dir = newDirectory(t)
    await init(dir)
    const { exit, out } = await dmail(['check', '-c', dir, '--json', '--no-lookups'])
    const { errors, warnings } = JSON.parse(out) as CheckReport
    assert.deepEqual(errors, [])
    assert.deepEqual(warnings, [])
    assert.equal(exit, 0)
  })

  it('says what it made, and what it kept', async (t) => {
    const dir = newDirectory(t)
    writeFileSync(path.join(dir, 'README.md'), 'mine')
    const { exit, out } = await dmail(['init', dir])
    assert.equal(exit, 0)
    assert.match(out, new RegExp(`^made ${dir}: \\d+ files written, 1 kept\n  kept README\\.md\n`))
    assert.match(out, /port 2525/)
  })

  it('ends with 2 for what is no port, and makes nothing', async (t) => {
    for (const port of ['0', '65536', 'smtp', '25.5', '-1']) {
      const dir = path.join(newDirectory(t), 'new')
      const { exit } = await dmail(['init', dir, '--port', port])
      assert.equal(exit, 2, port)
      assert.throws(() => statSync(dir), { code: 'ENOENT' })
    }
  })

  it('ends with 2 without a directory', async () => {
    assert.equal((await dmail(['init'])).exit, 2)
  })
})
