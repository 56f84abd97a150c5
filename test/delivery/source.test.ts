import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, readdirSync, readlinkSync } from 'node:fs'
import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { describe, it } from 'node:test'
import { readHeaders } from '../../lib/delivery/headers.js'
import { fileSource, memorySource, spill } from '../../lib/delivery/source.js'
import { until } from '../support/wait.js'
import { breakingMessage, inTemporaryDirectory } from './helpers.js'

/** How often this process has a file open. */
function opened(file: string): number {
  return readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`) === file
    } catch {
      return false
    }
  }).length
}

async function spilled(): Promise<string[]> {
  return (await readdir(tmpdir())).filter((name) => /^dmail-[0-9a-f]{8}-[0-9a-f-]{27}$/.test(name))
}

describe('a message', () => {
  it('in memory can be read any number of times, shared or not', async () => {
    const shared = new Uint8Array(new SharedArrayBuffer(3))
    shared.set(Buffer.from('abc'))
    for (const bytes of [Buffer.from('abc'), shared, new Uint8Array(Buffer.from('xabc')).subarray(1)]) {
      const source = memorySource(bytes)
      assert.equal(source.size, 3)
      assert.equal(source.body, bytes)
      const texts = await Promise.all([buffer(source.open()), buffer(source.open())])
      assert.deepEqual(texts.map(String), ['abc', 'abc'])
    }
  })

  for (const [dotStuffed, expected] of [
    [true, '.a\r\nb'],
    [false, '..a\r\nb'],
  ] as const) {
    it(`in a file is read from where it begins, ${dotStuffed ? 'without' : 'with'} its dots`, () =>
      inTemporaryDirectory(async (directory) => {
        const file = path.join(directory, 'queued')
        await writeFile(file, 'head\n..a\r\nb')
        const source = fileSource({ path: file, start: 5, dotStuffed }, 11)
        assert.equal(source.size, 11)
        const texts = await Promise.all([buffer(source.open()), buffer(source.open())])
        assert.deepEqual(texts.map(String), [expected, expected])
      }))

    it(`in a file that cannot be read is an error${dotStuffed ? ' behind the dots too' : ''}`, async () => {
      const source = fileSource({ path: '/nowhere/queued', start: 0, dotStuffed }, 0)
      await assert.rejects(buffer(source.open()), { code: 'ENOENT' })
    })

    it(`in a file is closed when nobody reads on${dotStuffed ? ' behind the dots' : ''}`, (t) =>
      inTemporaryDirectory(async (directory) => {
        if (!existsSync('/proc/self/fd')) {
          t.skip('this system does not tell which files are open')
          return
        }
        const file = path.join(directory, 'queued')
        await writeFile(file, `Subject: a\r\n\r\n${'some text\r\n'.repeat(100_000)}`)
        const source = fileSource({ path: file, start: 0, dotStuffed }, 0)
        const stream = source.open()
        await once(stream, 'readable')
        assert.equal(opened(file), 1)
        stream.destroy()
        assert.deepEqual((await readHeaders(source, ['subject'])).get('subject'), ['a'])
        await until(() => opened(file) === 0, { otherwise: () => 'the file is still open' })
      }))
  }
})

describe('a message that is spilled', () => {
  it('lies in a file for this account alone until it is removed', async () => {
    const text = 'text\r\n'.repeat(100_000)
    const { file, remove } = await spill(Readable.from([text], { objectMode: false }))
    assert.deepEqual({ ...file, path: '' }, { path: '', start: 0, dotStuffed: false })
    assert.equal((await stat(file.path)).mode & 0o7777, 0o600)
    assert.equal(await readFile(file.path, 'utf8'), text)
    await remove()
    assert.equal(existsSync(file.path), false)
  })

  it('leaves no file when it breaks off', async () => {
    const before = new Set(await spilled())
    await assert.rejects(spill(breakingMessage('half a mess').open()), /input\/output error/)
    assert.deepEqual(
      (await spilled()).filter((name) => !before.has(name)),
      [],
    )
  })
})
