import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { lstat, mkdir, readFile, symlink, utimes, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import path from 'node:path'
import { describe, it } from 'node:test'
import { lockContent } from '../../lib/delivery/lock-holder.js'
import { isStale, removeStale } from '../../lib/delivery/stale-lock.js'
import { withWorkers } from './workers.js'
import { DEAD, holderOf, LONG_AGO, look, RULE, take, withLock } from './locks.js'

/** The file that lets in one remover at a time. */
function guardBeside(lock: string): string {
  const directory = path.dirname(lock)
  const guard = readdirSync(directory).find((name) => name.startsWith('.lk-guard-'))
  assert.ok(guard !== undefined)
  return path.join(directory, guard)
}

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
        if (holder === '') take(file, RULE).release()
        else assert.ok(holderOf(file, RULE).startsWith(holder))
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
      assert.match(holderOf(file, RULE), new RegExp(`^process ${process.pid} `))
      await writeFile(lock, lines.with(3, String(Number(lines[3]) - 1)).join('\n'))
      take(file, RULE).release()
    }),
  )

  it(
    'as a symbolic link is neither followed nor removed',
    withLock(async (lock, file) => {
      const target = `${file}.target`
      await writeFile(target, '0')
      await utimes(target, LONG_AGO, LONG_AGO)
      await symlink(target, lock)
      assert.equal(holderOf(file, RULE), 'something that is no file')
      assert.equal(readFileSync(target, 'utf8'), '0')
      assert.ok((await lstat(lock)).isSymbolicLink())
    }),
  )

  it(
    'as a directory is left alone',
    withLock(async (lock, file) => {
      await mkdir(lock)
      await utimes(lock, LONG_AGO, LONG_AGO)
      assert.equal(holderOf(file, RULE), 'something that is no file')
    }),
  )

  it(
    'is removed once, and no lock that came after it',
    withLock(async (lock) => {
      await writeFile(lock, '0')
      await utimes(lock, LONG_AGO, LONG_AGO)
      const judged = look(lock)
      assert.equal(isStale(lock, judged, RULE), true)
      assert.equal(removeStale(lock, judged, RULE), true)
      assert.equal(existsSync(lock), false)
      assert.equal(removeStale(lock, judged, RULE), false)

      await writeFile(lock, 'new')
      assert.equal(removeStale(lock, judged, RULE), false)
      assert.equal(await readFile(lock, 'utf8'), 'new')
    }),
  )

  it(
    'that was touched since it was judged stays',
    withLock(async (lock) => {
      await writeFile(lock, '0')
      await utimes(lock, LONG_AGO, LONG_AGO)
      const judged = look(lock)
      await utimes(lock, new Date(), new Date())
      assert.equal(removeStale(lock, judged, RULE), false)
      assert.ok(existsSync(lock))
    }),
  )

  it(
    'that another is just removing is left to that one',
    withLock(async (lock) => {
      await writeFile(lock, '0')
      await utimes(lock, LONG_AGO, LONG_AGO)
      const judged = look(lock)
      let guard = ''
      const removed = removeStale(lock, judged, RULE, () => {
        assert.equal(removeStale(lock, judged, RULE), false)
        guard = guardBeside(lock)
      })
      assert.equal(removed, true)
      assert.equal(existsSync(guard), false)
    }),
  )

  it(
    'is removed although the one who was removing it crashed, once that is old',
    withLock(async (lock, file) => {
      await writeFile(lock, '0')
      await utimes(lock, LONG_AGO, LONG_AGO)
      let guard = ''
      const crash = new Error('a crash')
      assert.throws(() => {
        removeStale(lock, look(lock), RULE, () => {
          guard = guardBeside(lock)
          throw crash
        })
      }, crash)
      assert.ok(existsSync(lock))
      writeFileSync(guard, '')
      assert.equal(holderOf(file, RULE), 'another program, which wrote "0"')
      await utimes(guard, LONG_AGO, LONG_AGO)
      take(file, RULE).release()
      assert.equal(existsSync(guard), false)
    }),
  )

  it(
    'is fought over by several processes, and one has it at a time',
    withLock(async (lock, file) => {
      await withWorkers(4, async (workers) => {
        for (let round = 0; round < 25; round++) {
          await writeFile(lock, `${DEAD}round ${round}\nappend 0 ${round}\n`)
          const answers = await Promise.all(workers.map((worker) => worker.ask({ do: 'collide', file })))
          assert.deepEqual(
            answers,
            workers.map(() => 'alone'),
          )
        }
        // And each time one of them mended the file, before any of them had the lock.
        const rounds = Array.from({ length: 25 }, (_, round) => `${round}\n`)
        assert.equal(await readFile(`${file}.mended`, 'utf8'), rounds.join(''))
      })
    }),
  )
})
