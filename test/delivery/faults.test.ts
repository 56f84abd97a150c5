import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, it } from 'node:test'
import { promisify } from 'node:util'
import { deliverMailbox } from '../../lib/delivery/mailbox.js'
import type { Outcome } from '../../lib/delivery/types.js'
import { ENVELOPE, inTemporaryDirectory, messageOf, splitMbox, summary } from './helpers.js'

const run = promisify(execFile)

function deliver(file: string, length: number): Promise<Outcome> {
  const message = messageOf(Buffer.alloc(length, 'x\r\n'))
  return deliverMailbox({ kind: 'mailbox', path: file, mbox: 'mboxrd' }, message, ENVELOPE, {
    lockWaitMs: 0,
    lockId: '',
    fsync: true,
  })
}

/** Delivers in a process whose files may not grow beyond `blocks` of 512 or 1024 bytes: a write ends short, then fails. */
async function deliverLimited(file: string, length: number, blocks: number): Promise<unknown> {
  const worker = path.join(__dirname, 'fixtures', 'limited.js')
  const script = `ulimit -f ${blocks} && exec "$0" "$@"`
  const { stdout } = await run('/bin/sh', ['-c', script, process.execPath, worker, file, String(length)])
  return JSON.parse(stdout)
}

describe('a write that ends in the middle', () => {
  const rows: readonly (readonly [string, number])[] = [
    ['a message written at once', 300_000],
    ['a message written piece by piece', 3_000_000],
  ]
  for (const [name, length] of rows) {
    it(`is undone: ${name}`, () =>
      inTemporaryDirectory(async (directory) => {
        const file = path.join(directory, 'bob')
        // Nothing is left of a file that was new.
        assert.match(JSON.stringify(await deliverLimited(file, length, 100)), /"state":"deferred","status":"4.2.2"/)
        assert.deepEqual(await readdir(directory), [])
        await deliver(file, 20_000)
        const before = await readFile(file)
        assert.match(JSON.stringify(await deliverLimited(file, length, 100)), /"state":"deferred","status":"4.2.2"/)
        assert.ok(before.equals(await readFile(file)))
        assert.deepEqual(await readdir(directory), ['bob'])
        // And what fits is delivered under the same limit.
        assert.match(JSON.stringify(await deliverLimited(file, 100, 100)), /"state":"delivered"/)
        assert.equal(splitMbox(await readFile(file)).length, 2)
      }))
  }

  it('is undone when the disk is full, and tried again when it is not', (t) =>
    inTemporaryDirectory(async (directory) => {
      const disk = path.join(directory, 'disk')
      await mkdir(disk)
      try {
        await run('mount', ['-t', 'tmpfs', '-o', 'size=512k', 'tmpfs', disk])
      } catch {
        t.skip('a file system can be mounted by root only')
        return
      }
      try {
        const file = path.join(disk, 'bob')
        assert.equal(summary(await deliver(file, 1000)), 'delivered')
        const before = await readFile(file)
        for (const length of [900_000, 3_000_000]) {
          assert.equal(summary(await deliver(file, length)), 'deferred 4.3.1')
          assert.ok(before.equals(await readFile(file)))
        }
        assert.equal(summary(await deliver(path.join(disk, 'fred'), 900_000)), 'deferred 4.3.1')
        assert.deepEqual(await readdir(disk), ['bob'])
        assert.equal(summary(await deliver(file, 1000)), 'delivered')
        assert.equal(splitMbox(await readFile(file)).length, 2)
      } finally {
        await run('umount', [disk])
      }
    }))
})

describe('a file system that says no', () => {
  it('defers: a drop directory that may not be written', (t) =>
    inTemporaryDirectory(async (directory) => {
      if (process.getuid?.() === 0) {
        t.skip('root may write anywhere')
        return
      }
      const closed = path.join(directory, 'closed')
      await mkdir(closed, 0o500)
      assert.equal(summary(await deliver(path.join(closed, 'bob'), 10)), 'deferred 4.3.5')
    }))

  it('defers: a file where a directory should be', () =>
    inTemporaryDirectory(async (directory) => {
      await writeFile(path.join(directory, 'b'), '')
      assert.equal(summary(await deliver(path.join(directory, 'b', 'bob'), 10)), 'deferred 4.3.5')
    }))
})

describe('a process killed while it writes', () => {
  it('holds up no later delivery, which begins after an empty line', () =>
    inTemporaryDirectory(async (directory) => {
      const file = path.join(directory, 'bob')
      const worker = path.join(__dirname, 'fixtures', 'limited.js')
      const child = spawn(process.execPath, [worker, file, 'endless'], { stdio: ['ignore', 'pipe', 'inherit'] })
      await once(child.stdout, 'data')
      const exited = once(child, 'exit')
      child.kill('SIGKILL')
      await exited
      const torn = (await stat(file)).size
      assert.ok(torn > 0)
      assert.equal(summary(await deliver(file, 10)), 'delivered')
      const after = await readFile(file, 'latin1')
      assert.match(after.slice(torn), /^\n{0,2}From fred@example\.com /)
      assert.equal(splitMbox(Buffer.from(after, 'latin1')).length, 2)
    }))
})
