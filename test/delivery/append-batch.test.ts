import assert from 'node:assert/strict'
import fs from 'node:fs'
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import fc from 'fast-check'
import { appendBatches } from '../../lib/delivery/append-batch.js'
import { readAppend } from '../../lib/delivery/lock-holder.js'
import { append, jobOf, stuffed, targetOf } from './batches.js'
import { HEAD } from './drop.js'
import { inTemporaryDirectory, summary } from './helpers.js'
import { look, RULE, take } from './locks.js'

function withFile(
  test: (file: string, directory: string, t: TestContext) => Promise<void>,
): (t: TestContext) => Promise<void> {
  return (t) => inTemporaryDirectory((directory) => test(path.join(directory, 'bob'), directory, t))
}

function failure(code: string): Error {
  return Object.assign(new Error(`${code}: told so`), { code })
}

describe('messages that are written together', () => {
  it(
    'keep their order, and share one sync and one write',
    withFile(async (file, directory, t) => {
      const sync = t.mock.method(fs, 'fdatasyncSync')
      const write = t.mock.method(fs, 'writevSync')
      const texts = Array.from({ length: 100 }, (_, at) => `Subject: ${at}\r\n`)
      const { outcomes, warnings } = append(targetOf(file), ...texts.map(jobOf))
      assert.deepEqual(outcomes.map(summary), Array(100).fill('delivered'))
      assert.deepEqual(warnings, [])
      assert.equal(await readFile(file, 'utf8'), texts.map((_, at) => `${HEAD}Subject: ${at}\n\n`).join(''))
      assert.deepEqual([sync.mock.callCount(), write.mock.callCount()], [1, 1])
      assert.deepEqual(await readdir(directory), ['bob'])
    }),
  )

  it(
    'are not synced where the operator says so',
    withFile((file, _directory, t) => {
      const sync = t.mock.method(fs, 'fdatasyncSync')
      append(targetOf(file, { fsync: false }), jobOf('one\r\n'))
      assert.equal(sync.mock.callCount(), 0)
      return Promise.resolve()
    }),
  )

  it(
    'say before they are synced how long the file is, in the lock',
    withFile(async (file, directory, t) => {
      const queued = path.join(directory, 'queued')
      await writeFile(queued, 'two\r\n')
      await writeFile(file, 'old\n\n')
      const fromFile = jobOf({ path: queued, start: 0, dotStuffed: false })
      const seen: unknown[] = []
      const { ino } = fs.statSync(file)
      t.mock.method(fs, 'fdatasyncSync', (fd: number) => {
        if (fs.fstatSync(fd).ino === ino) seen.push([readAppend(look(`${file}.lock`).content), fs.fstatSync(fd).size])
      })
      append(targetOf(file), jobOf('one\r\n'))
      append(targetOf(file), jobOf('one\r\n'), fromFile)
      const size = HEAD.length + 'one\n\n'.length
      assert.deepEqual(seen, [
        [{ from: 5, to: 5 + size }, 5 + size],
        [{ from: 5 + size, to: 5 + 3 * size }, 5 + 3 * size],
      ])
    }),
  )

  it(
    'for several files are all written before the first is synced',
    withFile(async (_file, directory, t) => {
      const order: string[] = []
      const { writevSync, fdatasyncSync } = fs
      t.mock.method(fs, 'writevSync', (fd: number, buffers: Buffer[]) => {
        order.push('write')
        return writevSync(fd, buffers)
      })
      t.mock.method(fs, 'fdatasyncSync', (fd: number) => {
        order.push('sync')
        fdatasyncSync(fd)
      })
      const names = ['bob', 'fred', 'john']
      const results = appendBatches(
        names.map((name) => ({ target: targetOf(path.join(directory, name)), jobs: [jobOf(`${name}\r\n`)] })),
      )
      assert.equal(results.length, 3)
      for (const name of names) assert.equal(await readFile(path.join(directory, name), 'utf8'), `${HEAD}${name}\n\n`)
      assert.deepEqual(order, ['write', 'write', 'write', 'sync', 'sync', 'sync'])
      assert.deepEqual((await readdir(directory)).sort(), names)
    }),
  )

  it(
    'for several files fail and wait each for itself',
    withFile(async (bob, directory) => {
      const fred = path.join(directory, 'fred')
      const lock = take(fred, RULE)
      const results = appendBatches([
        { target: targetOf(path.join(directory, 'missing', 'john')), jobs: [jobOf('one\r\n'), jobOf('two\r\n')] },
        { target: targetOf(fred), jobs: [jobOf('one\r\n')] },
        { target: targetOf(bob), jobs: [jobOf('one\r\n')] },
      ])
      lock.release()
      assert.deepEqual(
        results.map((result) => (result.busy ? 'busy' : result.outcomes.map(summary))),
        [['deferred 4.3.5', 'deferred 4.3.5'], 'busy', ['delivered']],
      )
      assert.deepEqual(await readdir(directory), ['bob'])
    }),
  )

  it(
    'fail one by one: a message that cannot be read takes no other with it',
    withFile(async (file, directory) => {
      await writeFile(file, 'old\n\n')
      const missing = jobOf({ path: path.join(directory, 'missing'), start: 0, dotStuffed: false })
      const { outcomes } = append(targetOf(file), jobOf('one\r\n'), missing, jobOf('two\r\n'))
      assert.deepEqual(outcomes.map(summary), ['delivered', 'deferred 4.3.0', 'delivered'])
      assert.equal(await readFile(file, 'utf8'), `old\n\n${HEAD}one\n\n${HEAD}two\n\n`)
    }),
  )

  for (const created of [true, false]) {
    it(
      `are cut off again when the disk fails at the sync, of ${created ? 'a new' : 'an old'} file`,
      withFile(async (file, directory, t) => {
        if (!created) await writeFile(file, 'old\n')
        t.mock.method(fs, 'fdatasyncSync', () => {
          throw failure('EIO')
        })
        const { outcomes } = append(targetOf(file), jobOf('one\r\n'), jobOf('two\r\n'))
        assert.deepEqual(outcomes.map(summary), ['deferred 4.3.0', 'deferred 4.3.0'])
        assert.deepEqual(await readdir(directory), created ? [] : ['bob'])
        if (!created) assert.equal(await readFile(file, 'utf8'), 'old\n')
      }),
    )
  }

  it(
    'say so when they cannot be cut off',
    withFile((file, _directory, t) => {
      for (const name of ['fdatasyncSync', 'ftruncateSync'] as const) {
        t.mock.method(fs, name, () => {
          throw failure('EIO')
        })
      }
      const [outcome] = append(targetOf(file), jobOf('one\r\n')).outcomes
      assert.ok(outcome?.state === 'deferred')
      assert.match(outcome.detail, /could not be cut off at byte 0: EIO/)
      return Promise.resolve()
    }),
  )

  it(
    'are delivered whatever closing the file says after the sync',
    withFile(async (file, directory, t) => {
      const { closeSync, fdatasyncSync } = fs
      let synced: number | undefined
      t.mock.method(fs, 'fdatasyncSync', (fd: number) => {
        fdatasyncSync(fd)
        synced = fd
      })
      t.mock.method(fs, 'closeSync', (fd: number) => {
        closeSync(fd)
        if (fd !== synced) return
        synced = undefined
        throw failure('EIO')
      })
      const { outcomes, warnings } = append(targetOf(file), jobOf('one\r\n'))
      assert.deepEqual(outcomes.map(summary), ['delivered'])
      assert.match(warnings.join('\n'), /closing .*bob failed: EIO/)
      assert.deepEqual(await readdir(directory), ['bob'])
    }),
  )

  it(
    'are delivered when the lock cannot be removed, which is told',
    withFile(async (file, _directory, t) => {
      t.mock.method(fs, 'unlinkSync', () => {
        throw failure('EIO')
      })
      const { outcomes, warnings } = append(targetOf(file), jobOf('one\r\n'))
      assert.deepEqual(outcomes.map(summary), ['delivered'])
      assert.match(warnings.join('\n'), /cannot remove the lock of .*bob: EIO/)
      assert.equal(await readFile(file, 'utf8'), `${HEAD}one\n\n`)
    }),
  )
})

describe('the limit of a drop file', () => {
  const size = `${HEAD}one\n\n`.length
  const rows: readonly (readonly [string, number, string, readonly string[]])[] = [
    ['lets in what just fits', size, '', ['delivered']],
    ['keeps out what is one byte too long', size - 1, '', ['deferred 4.2.2']],
    ['counts what is there', 5 + size, 'old\n\n', ['delivered']],
    ['counts what is there to the byte', 4 + size, 'old\n\n', ['deferred 4.2.2']],
    ['counts the messages before', 2 * size, '', ['delivered', 'delivered', 'deferred 4.2.2']],
    ['keeps out all when the file is beyond it', 1, 'old\n\n', ['deferred 4.2.2', 'deferred 4.2.2']],
  ]
  for (const [name, limit, before, expected] of rows) {
    it(
      name,
      withFile(async (file) => {
        if (before !== '') await writeFile(file, before)
        const { outcomes } = append(targetOf(file, { limit }), ...expected.map(() => jobOf('one\r\n')))
        assert.deepEqual(outcomes.map(summary), expected)
        const delivered = expected.filter((state) => state === 'delivered').length
        assert.equal((await stat(file)).size, before.length + delivered * size)
      }),
    )
  }

  it(
    'lets a shorter message pass one that is too long',
    withFile(async (file) => {
      const { outcomes } = append(targetOf(file, { limit: size }), jobOf('too long\r\n'), jobOf('one\r\n'))
      assert.deepEqual(outcomes.map(summary), ['deferred 4.2.2', 'delivered'])
      assert.equal(await readFile(file, 'utf8'), `${HEAD}one\n\n`)
    }),
  )

  it(
    'lets in a message from a file while there is any room',
    withFile(async (file, directory) => {
      const queued = path.join(directory, 'queued')
      await writeFile(queued, 'one\r\n')
      const job = jobOf({ path: queued, start: 0, dotStuffed: false })
      assert.deepEqual(append(targetOf(file, { limit: 1 }), job).outcomes.map(summary), ['delivered'])
      assert.deepEqual(append(targetOf(file, { limit: size }), job).outcomes.map(summary), ['deferred 4.2.2'])
      assert.equal(await readFile(file, 'utf8'), `${HEAD}one\n\n`)
    }),
  )
})

describe('a message from a file', () => {
  const line = fc.constantFrom('\r\n', '.', '..', 'From ', '>From ', 'a', '\n', '\r', '.\r\n', '\u00e9')
  const message = fc.array(line, { maxLength: 40 }).map((parts) => Buffer.from(parts.join('')))

  it(
    'is written as it would be from memory',
    withFile(async (_file, directory) => {
      await fc.assert(
        fc.asyncProperty(message, message, fc.boolean(), async (before, text, dotStuffed) => {
          const [queued, left, right] = ['queued', 'left', 'right'].map((name) => path.join(directory, name))
          assert.ok(queued !== undefined && left !== undefined && right !== undefined)
          await writeFile(queued, Buffer.concat([before, dotStuffed ? stuffed(text) : text]))
          append(targetOf(left, { fsync: false }), jobOf(text))
          append(targetOf(right, { fsync: false }), jobOf({ path: queued, start: before.length, dotStuffed }))
          assert.deepEqual(await readFile(right), await readFile(left))
        }),
      )
    }),
  )

  for (const dotStuffed of [true, false]) {
    it(
      `of 10 MB is too, ${dotStuffed ? 'with' : 'without'} dot-stuffing`,
      withFile(async (file, directory) => {
        const text = Buffer.alloc(
          10_000_000,
          'From bob\r\n.\r\n..\r\n>From fred\r\nan ordinary line of some length\r\n',
        )
        await mkdir(path.join(directory, 'memory'))
        const memory = path.join(directory, 'memory', 'bob')
        const queued = path.join(directory, 'queued')
        await writeFile(queued, dotStuffed ? stuffed(text) : text)
        append(targetOf(memory), jobOf(text), jobOf('after\r\n'))
        append(targetOf(file), jobOf({ path: queued, start: 0, dotStuffed }), jobOf('after\r\n'))
        assert.ok((await readFile(memory)).equals(await readFile(file)))
      }),
    )
  }
})
