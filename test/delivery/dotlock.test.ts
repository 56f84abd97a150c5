import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { link, lstat, readFile, unlink, utimes, watch, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import path from 'node:path'
import { describe, it } from 'node:test'
import { acquire } from '../../lib/delivery/dotlock.js'
import { createLock, touchLock } from '../../lib/delivery/lock-file.js'
import { inTemporaryDirectory } from './helpers.js'
import { kill, withWorkers } from './workers.js'
import { AT_ONCE, LONG, LONG_AGO, take, holderOf, look, withLock } from './locks.js'

describe('a dot-lock', () => {
  it(
    'is a file beginning with the process id, and goes with its release',
    withLock(async (lock, file) => {
      const held = await take(file, { ...AT_ONCE, lockId: 'node1' })
      const lines = (await readFile(lock, 'utf8')).split('\n')
      assert.deepEqual(lines.slice(0, 3), [String(process.pid), hostname(), 'node1'])
      await held.release()
      assert.equal(existsSync(lock), false)
      await held.release()
    }),
  )

  it(
    'of another process keeps us out until it is released',
    withLock(async (lock, file) => {
      await withWorkers(1, async ([worker]) => {
        assert.equal(await worker?.ask({ do: 'hold', file }), 'held')
        assert.equal(await holderOf(file, AT_ONCE), `process ${String(worker?.process.pid)} on ${hostname()}`)
        const waiting = take(file, LONG)
        assert.equal(await worker?.ask({ do: 'release' }), 'released')
        await (await waiting).release()
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
        await (await take(file, AT_ONCE)).release()
      })
    }),
  )

  it(
    'passes through the deliveries of one process in the order they came',
    withLock(async (_lock, file) => {
      const order: number[] = []
      const first = await take(file, LONG)
      const others = [1, 2, 3, 4].map(async (number) => {
        const lock = await take(file, LONG)
        order.push(number)
        await lock.release()
      })
      assert.match(await holderOf(file, AT_ONCE), /this process/)
      await first.release()
      await Promise.all(others)
      assert.deepEqual(order, [1, 2, 3, 4])
    }),
  )

  it(
    'is not waited for any more once the signal is aborted, in the queue or before the file',
    withLock(async (_lock, file) => {
      const reason = new Error('the server stops')
      const inQueue = new AbortController()
      const held = await take(file, LONG)
      const queued = acquire(file, { ...LONG, signal: inQueue.signal })
      inQueue.abort(reason)
      await assert.rejects(queued, reason)
      await held.release()

      await withWorkers(1, async ([worker]) => {
        await worker?.ask({ do: 'hold', file })
        const polling = new AbortController()
        const waiting = acquire(file, { ...LONG, signal: polling.signal })
        polling.abort(reason)
        await assert.rejects(waiting, reason)
        await worker?.ask({ do: 'release' })
      })
      await (await take(file, AT_ONCE)).release()
    }),
  )

  it(
    'is kept young while it is held',
    withLock(async (lock, file) => {
      const held = await take(file, { ...AT_ONCE, staleMs: 100 })
      await utimes(lock, LONG_AGO, LONG_AGO)
      for await (const change of watch(path.dirname(lock))) {
        if (change.filename !== path.basename(lock)) continue
        if ((await lstat(lock)).mtimeMs > LONG_AGO.getTime() + 1000) break
      }
      await held.release()
    }),
  )

  it(
    'that is not ours any more is neither touched nor removed',
    withLock(async (lock, file) => {
      const held = await take(file, AT_ONCE)
      const own = await look(lock)
      await unlink(lock)
      await writeFile(lock, '1\n')
      await utimes(lock, LONG_AGO, LONG_AGO)
      const { mtimeNs } = await lstat(lock, { bigint: true })
      await touchLock(lock, own)
      assert.equal((await lstat(lock, { bigint: true })).mtimeNs, mtimeNs)
      await held.release()
      assert.equal(await readFile(lock, 'utf8'), '1\n')
    }),
  )

  it('rejects with the error of the file system where none can be made', () =>
    inTemporaryDirectory(async (directory) => {
      await assert.rejects(acquire(path.join(directory, 'missing', 'bob'), AT_ONCE), { code: 'ENOENT' })
      // The turn was given back.
      await assert.rejects(acquire(path.join(directory, 'missing', 'bob'), AT_ONCE), { code: 'ENOENT' })
    }))

  it(
    'is made by O_EXCL where there are no hard links',
    withLock(async (lock) => {
      const noLinks: typeof link = () => Promise.reject(Object.assign(new Error('no links'), { code: 'EPERM' }))
      assert.ok((await createLock(lock, 'first\n', noLinks)) !== undefined)
      assert.equal(await createLock(lock, 'second\n', noLinks), undefined)
      assert.equal(await readFile(lock, 'utf8'), 'first\n')
    }),
  )

  it(
    'counts as made when link() did its work and the answer got lost',
    withLock(async (lock) => {
      const lostAnswer: typeof link = async (from, to) => {
        await link(from, to)
        throw Object.assign(new Error('it exists, says the second try'), { code: 'EEXIST' })
      }
      assert.ok((await createLock(lock, 'ours\n', lostAnswer)) !== undefined)
      assert.equal(await readFile(lock, 'utf8'), 'ours\n')
    }),
  )
})
