import assert from 'node:assert/strict'
import fs from 'node:fs'
import { readdir, readFile, unlink, utimes, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { appendBatches } from '../../lib/delivery/append-batch.js'
import { createLock } from '../../lib/delivery/lock-file.js'
import { removeStale } from '../../lib/delivery/stale-lock.js'
import { askDisk } from '../../lib/suite/disk.js'
import { append, jobOf, targetOf } from './batches.js'
import { HEAD, withDrop } from './drop.js'
import { summary } from './helpers.js'
import { LONG_AGO, look, RULE, take, withLock } from './locks.js'

/* What file systems of other machines (NFS) do and those of one's own do not. */

function failure(code: string): Error {
  return Object.assign(new Error(`${code}: told so`), { code })
}

/** A system call that fails once, with something done before. */
function failOnce(
  t: TestContext,
  call: 'readSync' | 'renameSync' | 'fstatSync',
  code: string,
  first: () => void,
): void {
  const original = fs[call] as (...args: unknown[]) => unknown
  let failed = false
  t.mock.method(fs, call, (...args: unknown[]) => {
    if (failed) return original(...args)
    failed = true
    first()
    throw failure(code)
  })
}

/** How files were opened, by name. */
function flagsOf(t: TestContext): Map<string, number> {
  const { openSync } = fs
  const flags = new Map<string, number>()
  t.mock.method(fs, 'openSync', (file: string, how: number, mode?: number) => {
    flags.set(path.basename(file).replace(/^\.lk-.*/, 'lock'), how)
    return openSync(file, how, mode)
  })
  return flags
}

describe('a lock on a disk of another machine', () => {
  for (const call of ['readSync', 'fstatSync'] as const) {
    it(
      `that goes while it is looked at (ESTALE from ${call}) is free`,
      withLock(async (lock, file, t) => {
        await writeFile(lock, '1\nelsewhere\n\n\nx\n')
        const { linkSync } = fs
        t.mock.method(fs, 'linkSync', (from: string, to: string) => {
          try {
            linkSync(from, to)
          } finally {
            if (call === 'readSync')
              failOnce(t, call, 'ESTALE', () => {
                fs.rmSync(lock)
              })
          }
        })
        if (call === 'fstatSync') {
          const { readSync } = fs
          t.mock.method(fs, 'readSync', (fd: number, buffer: Buffer, ...rest: [number, number, number]) => {
            failOnce(t, call, 'ESTALE', () => {
              fs.rmSync(lock)
            })
            return readSync(fd, buffer, ...rest)
          })
        }
        take(file, RULE).release()
      }),
    )
  }

  it(
    'counts as made when the answer to link() got lost and the number of links is known from before',
    withLock((lock, _file, t) => {
      const lostAnswer: typeof fs.linkSync = (from, to) => {
        fs.linkSync(from, to)
        throw failure('EEXIST')
      }
      const { fstatSync, openSync } = fs
      let opened = 0
      t.mock.method(fs, 'openSync', (file: string, how: number, mode?: number) => {
        opened++
        return openSync(file, how, mode)
      })
      t.mock.method(fs, 'fstatSync', (fd: number, options?: fs.StatSyncOptions) => {
        const stat = fstatSync(fd, options) as fs.BigIntStats
        return opened === 1 ? Object.assign(stat, { nlink: 1n }) : stat
      })
      assert.ok(createLock(lock, 'ours\n', lostAnswer) !== undefined)
      assert.equal(look(lock).content, 'ours\n')
    }),
  )

  it(
    'goes although closing it fails: its content could not be kept',
    withLock((lock, file, t) => {
      const held = take(file, RULE)
      const { closeSync } = fs
      t.mock.method(fs, 'closeSync', (fd: number) => {
        closeSync(fd)
        throw failure('EDQUOT')
      })
      held.release()
      assert.equal(fs.existsSync(lock), false)
    }),
  )

  for (const shared of [true, false]) {
    it(
      shared
        ? 'is on that disk before the drop file is written, for others to see'
        : 'of one machine alone costs no sync',
      withDrop((_root, file, t) => {
        const flags = flagsOf(t)
        append(targetOf(file, { lock: { ...RULE, shared } }), jobOf('ours\r\n'))
        const isSynced = (name: string): boolean => ((flags.get(name) ?? 0) & fs.constants.O_DSYNC) !== 0
        assert.deepEqual(['lock', 'bob'].map(isSynced), [shared, false])
        return Promise.resolve()
      }),
    )
  }
})

describe('a lock left behind on a disk of another machine', () => {
  it(
    'is removed when the answer to rename() got lost',
    withLock(async (lock, _file, t) => {
      await writeFile(lock, '0')
      await utimes(lock, LONG_AGO, LONG_AGO)
      const { renameSync } = fs
      t.mock.method(fs, 'renameSync', (from: string, to: string) => {
        renameSync(from, to)
        throw failure('ENOENT')
      })
      assert.equal(removeStale(lock, look(lock), RULE), true)
      assert.equal(fs.existsSync(lock), false)
    }),
  )

  for (const code of ['ENOENT', 'ESTALE']) {
    it(
      `that its holder gives back at the last moment is no error (${code})`,
      withLock(async (lock, file, t) => {
        await writeFile(lock, '0')
        await utimes(lock, LONG_AGO, LONG_AGO)
        failOnce(t, 'renameSync', code, () => {
          fs.rmSync(lock)
        })
        take(file, RULE).release()
      }),
    )
  }
})

describe('a drop file on a disk of another machine', () => {
  it(
    'that was replaced by another file (ESTALE) is opened again',
    withDrop(async (_root, file, t) => {
      await writeFile(file, `${HEAD}old\n\n`)
      const { openSync } = fs
      let failed = false
      t.mock.method(fs, 'openSync', (name: string, how: number, mode?: number) => {
        if (name !== file || failed) return openSync(name, how, mode)
        failed = true
        throw failure('ESTALE')
      })
      assert.deepEqual(append(targetOf(file), jobOf('ours\r\n')).outcomes.map(summary), ['delivered'])
      assert.ok(failed)
      assert.equal(await readFile(file, 'utf8'), `${HEAD}old\n\n${HEAD}ours\n\n`)
    }),
  )

  for (const before of ['', `${HEAD}old\n\n`]) {
    it(
      `without a sync, of which only closing tells that it could not be kept, ${before === '' ? 'a new one' : 'an old one'}: deferred, and as it was`,
      withDrop(async (root, file, t) => {
        if (before !== '') await writeFile(file, before)
        const { writevSync, closeSync } = fs
        let written: number | undefined
        t.mock.method(fs, 'writevSync', (fd: number, buffers: Buffer[]) => {
          written = fd
          return writevSync(fd, buffers)
        })
        t.mock.method(fs, 'closeSync', (fd: number) => {
          closeSync(fd)
          if (fd !== written) return
          written = undefined
          throw failure('EDQUOT')
        })
        const { outcomes } = append(targetOf(file, { fsync: false }), jobOf('ours\r\n'))
        assert.deepEqual(outcomes.map(summary), ['deferred 4.2.2'])
        assert.deepEqual(await readdir(root), before === '' ? [] : ['bob'])
        if (before !== '') assert.equal(await readFile(file, 'utf8'), before)
      }),
    )
  }

  it(
    'that can be neither synced nor cut back keeps its lock, and is repaired before it is written to again',
    withDrop(async (root, file, t) => {
      await writeFile(file, `${HEAD}old\n\n`)
      for (const call of ['fdatasyncSync', 'ftruncateSync'] as const) {
        t.mock.method(fs, call, () => {
          throw failure('EIO')
        })
      }
      const both = [jobOf('ours\r\n'), jobOf('ours\r\n')]
      assert.deepEqual(append(targetOf(file), ...both).outcomes.map(summary), ['deferred 4.3.0', 'deferred 4.3.0'])
      t.mock.restoreAll()
      const [result] = appendBatches([{ target: targetOf(file), jobs: both }])
      assert.equal(result?.busy, true)
      await utimes(`${file}.lock`, LONG_AGO, LONG_AGO)
      const { warnings } = append(targetOf(file), jobOf('later\r\n'))
      assert.match(warnings.join(), /half a message: it was moved to .*\.torn-bob-/)
      assert.equal(await readFile(file, 'utf8'), `${HEAD}old\n\n${HEAD}later\n\n`)
      const torn = (await readdir(root)).filter((name) => name.startsWith('.torn-'))
      assert.equal(await readFile(path.join(root, torn[0] ?? ''), 'utf8'), `${HEAD}ours\n\n${HEAD}ours\n\n`)
    }),
  )

  it(
    'has its size asked with an open: what is known from before may be old',
    withDrop(async (_root, file) => {
      assert.equal(await askDisk('size', file), 0)
      await writeFile(file, 'old\n\n')
      assert.equal(await askDisk('size', file), 5)
      await unlink(file)
      fs.symlinkSync('/etc/passwd', file)
      assert.equal(await askDisk('size', file), 0)
    }),
  )
})
