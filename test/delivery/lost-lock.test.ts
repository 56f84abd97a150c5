import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import { readdir, readFile, utimes, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { describe, it, type TestContext } from 'node:test'
import { appendBatches } from '../../lib/delivery/append-batch.js'
import type { AppendTarget } from '../../lib/delivery/append-job.js'
import { tryLock } from '../../lib/delivery/dotlock.js'
import type { Outcome } from '../../lib/delivery/types.js'
import { isStopped, processRef } from '../support/processes.js'
import { until } from '../support/wait.js'
import { append, jobOf, targetOf } from './batches.js'
import { detailOf, HEAD, withDrop } from './drop.js'
import { splitMbox, summary } from './helpers.js'
import { DEAD, LONG_AGO, look, RULE, take, withLock } from './locks.js'
import { kill } from './workers.js'

/* A machine that stood still for long: another one took its lock for left behind, and has written since. */

const OLD = `${HEAD}old\n\n`
const THEIRS = `${HEAD}theirs\n\n`
const OURS = `${HEAD}ours\n\n`
const OTHER_NODE: AppendTarget['lock'] = { ...RULE, lockId: 'node2' }
/** Our lock counts as old at once, so it is looked at each time that an old one would be. */
const SLOW: AppendTarget['lock'] = { staleMs: -1, lockId: 'node1' }

/** Another machine finds our lock old, takes it over and appends a message. */
function takeOver(file: string): void {
  fs.utimesSync(`${file}.lock`, LONG_AGO, LONG_AGO)
  assert.deepEqual(append(targetOf(file, { lock: OTHER_NODE }), jobOf('theirs\r\n')).outcomes.map(summary), [
    'delivered',
  ])
}

type Call = 'lstatSync' | 'writevSync' | 'fdatasyncSync'

/** Has something happen once, before or after a system call for the drop file. */
function strike(t: TestContext, call: Call, after: boolean, blow: () => void): void {
  const { lstatSync, writevSync, fdatasyncSync } = fs
  let dropFile: number | undefined
  let struck = false
  function around<T>(which: Call, concerns: boolean, original: () => T): T {
    if (struck || which !== call || !concerns) return original()
    struck = true
    if (!after) blow()
    const result = original()
    if (after) blow()
    return result
  }
  t.mock.method(fs, 'lstatSync', (file: string, options?: fs.StatSyncOptions) =>
    around('lstatSync', !file.endsWith('.lock'), () => lstatSync(file, options)),
  )
  t.mock.method(fs, 'writevSync', (fd: number, buffers: Buffer[]) => {
    dropFile = fd
    return around('writevSync', true, () => writevSync(fd, buffers))
  })
  // A lock is synced too when it is touched.
  t.mock.method(fs, 'fdatasyncSync', (fd: number) => {
    around('fdatasyncSync', fd === dropFile, () => {
      fdatasyncSync(fd)
    })
  })
}

describe('a lock that was lost while its holder stood still', () => {
  const large = Buffer.alloc(600_000, 'a line of the message\r\n')
  const rows: readonly (readonly [string, Call, boolean, string])[] = [
    ['before the file was opened', 'lstatSync', false, OLD + THEIRS],
    // Not to be told from outside: then each message stands there as a whole.
    ['between the last look at it and the write', 'writevSync', false, OLD + THEIRS + OURS],
    ['after the write', 'writevSync', true, OLD + OURS + THEIRS],
    ['in the sync', 'fdatasyncSync', false, OLD + OURS + THEIRS],
  ]
  for (const [name, call, after, expected] of rows) {
    it(
      `${name}: nobody loses anything, and nothing is acknowledged`,
      withDrop(async (root, file, t) => {
        await writeFile(file, OLD)
        strike(t, call, after, () => {
          takeOver(file)
        })
        const { outcomes } = append(targetOf(file, { lock: SLOW }), jobOf('ours\r\n'))
        assert.deepEqual(outcomes.map(summary), ['deferred 4.3.0'])
        assert.match(outcomes.map(detailOf).join(), /bob: its lock was lost to somebody who is done$/)
        const now = await readFile(file)
        assert.equal(now.toString(), expected)
        splitMbox(now)
        assert.deepEqual(await readdir(root), ['bob'])
      }),
    )
  }

  it(
    'between two pieces of a message: nothing more of it is written, and what was there is moved aside',
    withDrop(async (root, file, t) => {
      const queued = path.join(root, 'queued')
      await writeFile(queued, large)
      await writeFile(file, OLD)
      strike(t, 'writevSync', true, () => {
        takeOver(file)
      })
      const job = jobOf({ path: queued, start: 0, dotStuffed: false })
      assert.deepEqual(append(targetOf(file, { lock: SLOW }), job).outcomes.map(summary), ['deferred 4.3.0'])
      assert.equal(await readFile(file, 'utf8'), OLD + THEIRS)
      assert.match((await readdir(root)).join(), /^\.torn-bob-\d+,bob,queued$/)
    }),
  )

  it(
    'and the disk fails too: what others wrote since is not cut off, and no message is tried alone',
    withDrop(async (_root, file, t) => {
      await writeFile(file, OLD)
      let failed = false
      strike(t, 'fdatasyncSync', false, () => {
        takeOver(file)
        failed = true
        throw Object.assign(new Error('EIO: told so'), { code: 'EIO' })
      })
      const target = targetOf(file, { lock: { ...SLOW, staleMs: 300_000 } })
      const { outcomes } = append(target, jobOf('ours\r\n'), jobOf('ours\r\n'))
      assert.ok(failed)
      assert.deepEqual(outcomes.map(summary), ['deferred 4.3.0', 'deferred 4.3.0'])
      assert.equal(await readFile(file, 'utf8'), OLD + OURS + OURS + THEIRS)
    }),
  )

  it(
    'to one who has it still: that one keeps it',
    withDrop(async (_root, file, t) => {
      await writeFile(file, OLD)
      const lock = `${file}.lock`
      strike(t, 'writevSync', true, () => {
        takeOver(file)
        fs.writeFileSync(lock, '77\nelsewhere\n\n\nx\n')
      })
      const { outcomes } = append(targetOf(file, { lock: SLOW }), jobOf('ours\r\n'))
      assert.match(outcomes.map(detailOf).join(), /its lock was lost to process 77 on elsewhere/)
      assert.equal(await readFile(lock, 'utf8'), '77\nelsewhere\n\n\nx\n')
    }),
  )

  it(
    'by one who repairs what a crash left: what was written since is not cut off',
    withDrop(async (root, file, t) => {
      await writeFile(file, `${OLD}From to`)
      await writeFile(`${file}.lock`, `${DEAD}append ${OLD.length} 1000\n`)
      const { fsyncSync } = fs
      let struck = false
      t.mock.method(fs, 'fsyncSync', (fd: number) => {
        fsyncSync(fd)
        if (struck) return
        struck = true
        // Another one did the same, and appended.
        fs.unlinkSync(`${file}.lock`)
        fs.writeFileSync(file, OLD + THEIRS)
      })
      const [result] = appendBatches([{ target: targetOf(file), jobs: [jobOf('ours\r\n')] }])
      assert.ok(result?.busy === false)
      assert.deepEqual(result.outcomes.map(summary), ['deferred 4.3.0'])
      assert.equal(await readFile(file, 'utf8'), OLD + THEIRS)
      assert.deepEqual(await readdir(root), ['bob'])
    }),
  )

  it(
    'by a process that was stopped in the middle of a message (SIGSTOP, SIGCONT)',
    withDrop(async (root, file) => {
      await writeFile(file, OLD)
      const worker = path.join(__dirname, 'fixtures', 'limited.js')
      // A message without end.
      const child = spawn(process.execPath, [worker, file, '@/dev/zero'], {
        stdio: ['ignore', 'pipe', 'inherit'],
        env: { ...process.env, LOCK_STALE_MS: '4' },
      })
      const said = text(child.stdout)
      const ended = once(child, 'exit')
      try {
        await until(() => fs.statSync(file).size > 2 * OLD.length, { otherwise: () => 'the process writes nothing' })
        child.kill('SIGSTOP')
        const ref = processRef(child.pid ?? 0)
        await until(() => ref !== undefined && isStopped(ref), { otherwise: () => 'it does not stop' })
        assert.ok('busy' in tryLock(file, OTHER_NODE), 'respected while it is young')
        takeOver(file)
        child.kill('SIGCONT')
        await ended
      } finally {
        child.kill('SIGCONT')
        await kill(child)
      }
      const outcomes = JSON.parse(await said) as Outcome[]
      assert.deepEqual(outcomes.map(summary), ['deferred 4.3.0'])
      assert.match(outcomes.map(detailOf).join(), /its lock was lost/)
      assert.equal(await readFile(file, 'utf8'), OLD + THEIRS)
      const names = await readdir(root)
      assert.match(names.join(), /^\.torn-bob-\d+,bob$/)
    }),
  )
})

describe('a lock that is held for long', () => {
  it(
    'is made young again while its holder works',
    withLock(async (lock, file) => {
      const held = take(file, SLOW)
      held.announce({ from: 3, to: 4 })
      const before = look(lock)
      await utimes(lock, LONG_AGO, LONG_AGO)
      held.keep()
      assert.ok('busy' in tryLock(file, OTHER_NODE))
      assert.equal(look(lock).content, before.content)
      held.release()
      assert.equal(fs.existsSync(lock), false)
    }),
  )

  it(
    'is not touched while it is young',
    withLock(async (lock, file) => {
      const held = take(file, RULE)
      await utimes(lock, LONG_AGO, LONG_AGO)
      const { mtimeNs } = look(lock)
      held.keep()
      assert.equal(look(lock).mtimeNs, mtimeNs)
      held.release()
    }),
  )

  it(
    'is looked at after a sleep of the machine, and after its clock was set back',
    withLock((lock, file, t) => {
      const rows: readonly number[] = [80_000, -1e9]
      for (const ms of rows) {
        const held = take(file, RULE)
        fs.utimesSync(lock, LONG_AGO, LONG_AGO)
        const { mtimeNs } = look(lock)
        const wall = Date.now()
        const { mock } = t.mock.method(Date, 'now', () => wall + ms)
        held.keep()
        mock.restore()
        assert.ok(look(lock).mtimeNs > mtimeNs, String(ms))
        held.release()
      }
    }),
  )

  it(
    'is made young again while another file takes its time',
    withDrop(async (root, file, t) => {
      const second = path.join(root, 'fred')
      for (const name of [file, second]) await writeFile(name, '')
      const { fdatasyncSync } = fs
      const now = performance.now.bind(performance)
      let slept = 0
      let syncs = 0
      t.mock.method(performance, 'now', () => now() + slept)
      const wall = Date.now.bind(Date)
      t.mock.method(Date, 'now', () => wall() + slept)
      t.mock.method(fs, 'fdatasyncSync', (fd: number) => {
        fdatasyncSync(fd)
        if (syncs++ > 0) return
        slept = 290_000
        fs.utimesSync(`${second}.lock`, LONG_AGO, LONG_AGO)
      })
      const targets = [file, second].map((name) => targetOf(name))
      const { writeSync } = fs
      const touched: string[] = []
      t.mock.method(fs, 'writeSync', (fd: number, data: string, at?: number) => {
        if (at === 0) touched.push(`after ${syncs}`)
        return writeSync(fd, data, at)
      })
      const results = appendBatches(targets.map((target) => ({ target, jobs: [jobOf('ours\r\n')] })))
      assert.deepEqual(
        results.map((result) => result.busy || result.outcomes.map(summary)),
        [['delivered'], ['delivered']],
      )
      // The first one's, since it took so long, and the other's at the same time; none waits until it is its turn.
      assert.deepEqual(touched, ['after 1', 'after 2'])
      assert.equal(syncs, 4)
    }),
  )
})
