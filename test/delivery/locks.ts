import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import path from 'node:path'
import type { TestContext } from 'node:test'
import { acquire, type HeldLock, type LockOptions } from '../../lib/delivery/dotlock.js'
import { inspectLock, type SeenLock } from '../../lib/delivery/lock-file.js'
import { inTemporaryDirectory } from './helpers.js'

export const AT_ONCE: LockOptions = { waitMs: 0, staleMs: 300_000, lockId: '' }
export const LONG: LockOptions = { ...AT_ONCE, waitMs: 60_000 }
export const LONG_AGO = new Date(Date.now() - 3_600_000)

/** Takes the lock, or fails the test. */
export async function take(file: string, options: LockOptions): Promise<HeldLock> {
  const lock = await acquire(file, options)
  assert.ok(!('busy' in lock), 'busy' in lock ? lock.holder : '')
  return lock
}

/** Who keeps us out. */
export async function holderOf(file: string, options: LockOptions): Promise<string> {
  const lock = await acquire(file, options)
  assert.ok('busy' in lock)
  return lock.holder
}

/** The lock file as it is. */
export async function look(lock: string): Promise<SeenLock> {
  const seen = await inspectLock(lock)
  assert.ok(seen !== undefined)
  return seen
}

/** A test with a mailbox `bob` that needs not exist, and its lock's name. */
export function withLock(
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
