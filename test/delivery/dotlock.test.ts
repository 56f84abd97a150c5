import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { link, lstat, mkdir, readdir, readFile, symlink, unlink, utimes, watch, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import path from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { acquire, type HeldLock, type LockOptions } from '../../lib/delivery/dotlock.js'
import { createLock, inspectLock, touchLock, type SeenLock } from '../../lib/delivery/lock-file.js'
import { lockContent } from '../../lib/delivery/lock-holder.js'
import { isStale, removeStale } from '../../lib/delivery/stale-lock.js'
import { inTemporaryDirectory } from './helpers.js'
import { kill, withWorkers } from './workers.js'

const AT_ONCE: LockOptions = { waitMs: 0, staleMs: 300_000, lockId: '' }
const LONG: LockOptions = { ...AT_ONCE, waitMs: 60_000 }
const LONG_AGO = new Date(Date.now() - 3_600_000)

async function take(file: string, options: LockOptions): Promise<HeldLock> {
  const lock = await acquire(file, options)
  assert.ok(!('busy' in lock), 'busy' in lock ? lock.holder : '')
  return lock
}

async function holderOf(file: string, options: LockOptions): Promise<string> {
  const lock = await acquire(file, options)
  assert.ok('busy' in lock)
  return lock.holder
}

async function look(lock: string): Promise<SeenLock> {
  const seen = await inspectLock(lock)
  assert.ok(seen !== undefined)
  return seen
}

/** A test with a mailbox `bob` that needs not exist, and its lock's name. */
function withLock(
  test: (lock: string, file: string, t: TestContext) => Promise<void>,
): (t: TestContext) => Promise<void> {
  return (t) =>
    inTemporaryDirectory(async (directory) => {
      const file = path.join(directory, 'bob')
      await test(`${file}.lock`, file, t)
      // Whatever happened, no temporary file is left.
      assert.deepEqual(
        (await readdir(directory)).filter((name) => name.startsWith('.')),
        [],
      )
    })
}

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

describe('a lock left behind', () => {
  const rows: readonly (readonly [string, string, Date, string])[] = [
    ['of another program, young: respected', '0', new Date(), 'another program, which wrote "0"'],
    ['of another program, empty and young: respected', '', new Date(), 'an unknown program'],
    ['of Dovecot, young: respected', `4194304:${hostname()}`, new Date(), 'another program'],
    [
      'of another host, whatever its pid: respected',
      '4194304\nelsewhere\n\n\nx\n',
      new Date(),
      'process 4194304 on elsewhere',
    ],
    ['of another lock_id: respected', `4194304\n${hostname()}\nnode2\n\nx\n`, new Date(), 'process 4194304'],
    ['of a dead process of this host: removed', `4194304\n${hostname()}\n\n\nx\n`, new Date(), ''],
    ['of another program, old: removed', '0', LONG_AGO, ''],
    ['of another host, old: removed', '1\nelsewhere\n\n\nx\n', LONG_AGO, ''],
    ['of a living process, but long untouched: removed', `${process.ppid}\n${hostname()}\n\n\nx\n`, LONG_AGO, ''],
  ]
  for (const [name, content, touched, holder] of rows) {
    it(
      name,
      withLock(async (lock, file) => {
        await writeFile(lock, content)
        await utimes(lock, touched, touched)
        if (holder === '') await (await take(file, AT_ONCE)).release()
        else assert.ok((await holderOf(file, AT_ONCE)).startsWith(holder))
        assert.equal(existsSync(lock), holder !== '')
      }),
    )
  }

  it(
    'by an earlier process with our number is told apart',
    withLock(async (lock, file, t) => {
      if (!existsSync('/proc/self/stat')) {
        t.skip('this system does not tell when a process began')
        return
      }
      const lines = lockContent('').split('\n')
      assert.equal(lines[0], String(process.pid))
      await writeFile(lock, lines.join('\n'))
      assert.match(await holderOf(file, AT_ONCE), new RegExp(`^process ${process.pid} `))
      await writeFile(lock, lines.with(3, String(Number(lines[3]) - 1)).join('\n'))
      await (await take(file, AT_ONCE)).release()
    }),
  )

  it(
    'as a symbolic link is neither followed nor removed',
    withLock(async (lock, file) => {
      const target = `${file}.target`
      await writeFile(target, '0')
      await utimes(target, LONG_AGO, LONG_AGO)
      await symlink(target, lock)
      assert.equal(await holderOf(file, AT_ONCE), 'something that is no file')
      assert.equal(readFileSync(target, 'utf8'), '0')
      assert.ok((await lstat(lock)).isSymbolicLink())
    }),
  )

  it(
    'as a directory is left alone',
    withLock(async (lock, file) => {
      await mkdir(lock)
      await utimes(lock, LONG_AGO, LONG_AGO)
      assert.equal(await holderOf(file, AT_ONCE), 'something that is no file')
    }),
  )

  it(
    'is removed once, by one of many, and no lock that came after it',
    withLock(async (lock) => {
      await writeFile(lock, '0')
      await utimes(lock, LONG_AGO, LONG_AGO)
      const judged = await look(lock)
      assert.equal(await isStale(lock, judged, AT_ONCE), true)
      const removed = await Promise.all(Array.from({ length: 20 }, () => removeStale(lock, judged, AT_ONCE)))
      assert.equal(removed.filter(Boolean).length, 1)
      assert.equal(existsSync(lock), false)

      await writeFile(lock, 'new')
      assert.equal(await removeStale(lock, judged, AT_ONCE), false)
      assert.equal(await readFile(lock, 'utf8'), 'new')
    }),
  )

  it(
    'that was touched since it was judged stays',
    withLock(async (lock) => {
      await writeFile(lock, '0')
      await utimes(lock, LONG_AGO, LONG_AGO)
      const judged = await look(lock)
      await utimes(lock, new Date(), new Date())
      assert.equal(await removeStale(lock, judged, AT_ONCE), false)
      assert.ok(existsSync(lock))
    }),
  )

  it(
    'is fought over by several processes, and one has it at a time',
    withLock(async (lock, file) => {
      await withWorkers(4, async (workers) => {
        for (let round = 0; round < 25; round++) {
          await writeFile(lock, `4194304\n${hostname()}\n\n\nround ${round}\n`)
          const answers = await Promise.all(workers.map((worker) => worker.ask({ do: 'collide', file })))
          assert.deepEqual(
            answers,
            workers.map(() => 'alone'),
          )
        }
      })
    }),
  )
})
