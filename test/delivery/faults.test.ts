import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, it } from 'node:test'
import { promisify } from 'node:util'
import { deliverMailbox } from '../../lib/delivery/mailbox.js'
import type { Outcome } from '../../lib/delivery/types.js'
import { bodyOf, ENVELOPE, inTemporaryDirectory, messageOf, splitMbox, summary } from './helpers.js'

const run = promisify(execFile)

function deliver(file: string, length: number): Promise<Outcome> {
  const message = messageOf(Buffer.alloc(length, 'x\r\n'))
  return deliverMailbox({ kind: 'mailbox', path: file, mbox: 'mboxrd' }, message, ENVELOPE, {
    lockWaitMs: 0,
    lockId: '',
    fsync: true,
  })
}

/**
 * Delivers messages together in a process whose files may not grow beyond `blocks` of 512 or 1024 bytes: a write ends
 * short, then fails.
 */
async function deliverLimited(file: string, blocks: number, ...messages: readonly string[]): Promise<string[]> {
  const worker = path.join(__dirname, 'fixtures', 'limited.js')
  const script = `ulimit -f ${blocks} && exec "$0" "$@"`
  const { stdout } = await run('/bin/sh', ['-c', script, process.execPath, worker, file, ...messages])
  return (JSON.parse(stdout) as Outcome[]).map(summary)
}

describe('a write that ends in the middle', () => {
  for (const kind of ['in memory', 'in a file']) {
    it(`is undone: a message ${kind}`, () =>
      inTemporaryDirectory(async (directory) => {
        const drop = path.join(directory, 'drop')
        await mkdir(drop)
        const file = path.join(drop, 'bob')
        const queued = path.join(directory, 'queued')
        await writeFile(queued, Buffer.alloc(3_000_000, 'x\r\n'))
        const message = kind === 'in memory' ? '300000' : `@${queued}`
        // Nothing is left of a file that was new.
        assert.deepEqual(await deliverLimited(file, 100, message), ['deferred 4.2.2'])
        assert.deepEqual(await readdir(drop), [])
        await deliver(file, 20_000)
        const before = await readFile(file)
        assert.deepEqual(await deliverLimited(file, 100, message), ['deferred 4.2.2'])
        assert.ok(before.equals(await readFile(file)))
        assert.deepEqual(await readdir(drop), ['bob'])
        // And what fits is delivered under the same limit.
        assert.deepEqual(await deliverLimited(file, 100, '100'), ['delivered'])
        assert.equal(splitMbox(await readFile(file)).length, 2)
      }))
  }

  it('fails no message but its own', () =>
    inTemporaryDirectory(async (directory) => {
      const file = path.join(directory, 'bob')
      const outcomes = await deliverLimited(file, 100, '300000', '99', '300000', '102', '300000')
      assert.deepEqual(outcomes, ['deferred 4.2.2', 'delivered', 'deferred 4.2.2', 'delivered', 'deferred 4.2.2'])
      assert.deepEqual(
        splitMbox(await readFile(file)).map((message) => bodyOf(message).length),
        [66, 68],
      )
      assert.deepEqual(await readdir(directory), ['bob'])
    }))

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
