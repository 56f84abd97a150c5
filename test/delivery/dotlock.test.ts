import assert from 'node:assert/strict'
import fs, { existsSync, linkSync } from 'node:fs'
import { readdir, readFile, unlink, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import path from 'node:path'
import { describe, it } from 'node:test'
import { tryLock } from '../../lib/delivery/dotlock.js'
import { createLock } from '../../lib/delivery/lock-file.js'
import { readAppend, type AppendRange } from '../../lib/delivery/lock-holder.js'
import { inTemporaryDirectory } from './helpers.js'
import { DEAD, holderOf, look, RULE, take, waitFor, withLock } from './locks.js'
import { kill, withWorkers } from './workers.js'

describe('a dot-lock', () => {
  for (const lockId of ['', 'node1']) {
    it(
      `${lockId === '' ? 'on one machine' : 'of a cluster'} is a file beginning with the process id, and goes with its release`,
      withLock(async (lock, file) => {
        const held = take(file, { ...RULE, lockId })
        const lines = (await readFile(lock, 'utf8')).split('\n')
        assert.deepEqual(lines.slice(0, 3), [String(process.pid), hostname(), lockId])
        assert.equal(holderOf(file, { ...RULE, lockId }), `process ${process.pid} on ${hostname()}`)
        held.release()
        assert.equal(existsSync(lock), false)
      }),
    )
  }

  it(
    'of another process keeps us out until it is released',
    withLock(async (lock, file) => {
      await withWorkers(1, async ([worker]) => {
        assert.equal(await worker?.ask({ do: 'hold', file }), 'held')
        assert.equal(holderOf(file, RULE), `process ${String(worker?.process.pid)} on ${hostname()}`)
        const waiting = waitFor(file, RULE)
        assert.equal(await worker?.ask({ do: 'release' }), 'released')
        ;(await waiting).release()
        assert.equal(existsSync(lock), false)
      })
    }),
  )

  it(
    'of a process that was killed is taken over at once',
    withLock(async (lock, file) => {
      await withWorkers(1, async ([worker]) => {
        assert.ok(worker !== undefined)
        assert.equal(await worker.ask({ do: 'hold', file }), 'held')
        await kill(worker.process)
        assert.ok(existsSync(lock))
        take(file, RULE).release()
      })
    }),
  )

  it(
    'that grew old and is not ours any more is not removed',
    withLock(async (lock, file) => {
      const held = take(file, { ...RULE, staleMs: -1 })
      await unlink(lock)
      await writeFile(lock, '1\n')
      held.release()
      assert.equal(await readFile(lock, 'utf8'), '1\n')
    }),
  )

  it(
    'that grew old and is still ours is removed, and one that is gone is no error',
    withLock(async (lock, file) => {
      const old = take(file, { ...RULE, staleMs: -1 })
      old.announce({ from: 0, to: 10 })
      old.release()
      assert.equal(existsSync(lock), false)
      for (const staleMs of [-1, 300_000]) {
        const held = take(file, { ...RULE, staleMs })
        await unlink(lock)
        held.release()
      }
    }),
  )

  it('rejects with the error of the file system where none can be made', () =>
    inTemporaryDirectory(async (directory) => {
      for (const lockId of ['', 'node1']) {
        assert.throws(() => tryLock(path.join(directory, 'missing', 'bob'), { ...RULE, lockId }), { code: 'ENOENT' })
      }
      assert.deepEqual(await readdir(directory), [])
    }))
})

describe('the lock file', () => {
  it(
    'is made by O_EXCL where there are no hard links, and for other machines is on the disk at once there too',
    withLock(async (lock, _file, t) => {
      const noLinks: typeof linkSync = () => {
        throw Object.assign(new Error('no links'), { code: 'EPERM' })
      }
      assert.ok(createLock(lock, 'first\n', noLinks) !== undefined)
      assert.equal(createLock(lock, 'second\n', noLinks), undefined)
      assert.equal(await readFile(lock, 'utf8'), 'first\n')
      fs.unlinkSync(lock)
      const { openSync } = fs
      const synced = t.mock.method(fs, 'openSync', (file: string, how: number, mode?: number) => {
        if (file === lock) assert.ok((how & fs.constants.O_DSYNC) !== 0)
        return openSync(file, how, mode)
      })
      assert.ok(createLock(lock, 'third\n', noLinks, true) !== undefined)
      assert.deepEqual(synced.mock.calls.filter(({ arguments: [file] }) => file === lock).length, 1)
    }),
  )

  it(
    'counts as made when link() did its work and the answer got lost',
    withLock(async (lock) => {
      const lostAnswer: typeof linkSync = (from, to) => {
        linkSync(from, to)
        throw Object.assign(new Error('it exists, says the second try'), { code: 'EEXIST' })
      }
      assert.ok(createLock(lock, 'ours\n', lostAnswer) !== undefined)
      assert.equal(await readFile(lock, 'utf8'), 'ours\n')
    }),
  )

  it(
    'is not made when link() fails for another reason',
    withLock((lock) => {
      const full: typeof linkSync = () => {
        throw Object.assign(new Error('the disk is full'), { code: 'ENOSPC' })
      }
      assert.throws(() => createLock(lock, 'ours\n', full), { code: 'ENOSPC' })
      assert.equal(existsSync(lock), false)
    }),
  )

  it(
    'is not made over another one',
    withLock(async (lock) => {
      await writeFile(lock, 'theirs\n')
      assert.equal(createLock(lock, 'ours\n'), undefined)
      assert.equal(await readFile(lock, 'utf8'), 'theirs\n')
    }),
  )
})

describe('what a lock says about an append', () => {
  it(
    'is the last thing its holder said, however often that was',
    withLock((lock, file) => {
      const held = take(file, { ...RULE, lockId: 'n\u00f6de1' })
      assert.equal(readAppend(look(lock).content), undefined)
      const said: readonly AppendRange[] = [
        { from: 0, to: undefined },
        ...Array.from({ length: 200 }, (_, at) => ({ from: 999_999_999_999_999 - at, to: 999_999_999_999_999 })),
        { from: 7, to: 8 },
      ]
      for (const range of said) {
        held.announce(range)
        const { content } = look(lock)
        assert.deepEqual(readAppend(content), range)
        assert.equal(content.split('\n').length, 7)
      }
      held.release()
    }),
  )

  const rows: readonly (readonly [string, string, AppendRange | undefined])[] = [
    ['nothing', DEAD, undefined],
    ['a known end', `${DEAD}append 10 200\n`, { from: 10, to: 200 }],
    ['an unknown end', `${DEAD}append 10 ?\n`, { from: 10, to: undefined }],
    ['a line that is cut off', `${DEAD}append 10 2`, undefined],
    ['a number that is none', `${DEAD}append 10 2000000000000000000\n`, undefined],
  ]
  for (const [name, content, expected] of rows) {
    it(`is read: ${name}`, () => {
      assert.deepEqual(readAppend(content), expected)
    })
  }

  it(
    'is mended before the lock of a dead process goes, and again where that failed',
    withLock(async (lock, file) => {
      const content = `${DEAD}append 10 200\n`
      await writeFile(lock, content)
      const full = new Error('the disk is full')
      assert.throws(
        () =>
          tryLock(file, RULE, () => {
            throw full
          }),
        full,
      )
      assert.equal(await readFile(lock, 'utf8'), content)
      const mended: AppendRange[] = []
      const held = take(file, RULE, (range) => {
        assert.equal(look(lock).content, content)
        assert.ok('busy' in tryLock(file, RULE, () => assert.fail('two mend at once')))
        mended.push(range)
      })
      assert.deepEqual(mended, [{ from: 10, to: 200 }])
      held.release()
    }),
  )

  it(
    'is nobody\u2019s business while its holder lives, or when it had not begun',
    withLock(async (lock, file) => {
      const never = (): never => assert.fail('mended')
      const held = take(file, RULE)
      held.announce({ from: 0, to: 10 })
      assert.ok('busy' in tryLock(file, RULE, never))
      held.release()
      await writeFile(lock, DEAD)
      take(file, RULE, never).release()
    }),
  )
})
