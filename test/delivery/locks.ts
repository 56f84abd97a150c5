import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { hostname } from 'node:os'
import path from 'node:path'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { tryLock, type HeldLock } from '../../lib/delivery/dotlock.js'
import { inspectLock, type SeenLock } from '../../lib/delivery/lock-file.js'
import type { AppendRange } from '../../lib/delivery/lock-holder.js'
import type { StaleRule } from '../../lib/delivery/stale-lock.js'
import { inTemporaryDirectory } from './helpers.js'

export const RULE: StaleRule = { staleMs: 300_000, lockId: '' }
export const LONG_AGO = new Date(Date.now() - 3_600_000)
/** What a lock of ours says whose process is dead: the number is above every system's greatest. */
export const DEAD = `4194304\n${hostname()}\n\n\n`

/** Takes the lock, or fails the test. */
export function take(file: string, rule: StaleRule, mend?: (interrupted: AppendRange) => void): HeldLock {
  const lock = tryLock(file, rule, mend)
  assert.ok(!('busy' in lock), 'busy' in lock ? lock.holder : '')
  return lock
}

/** Takes the lock as soon as it is free. */
export async function waitFor(
  file: string,
  rule: StaleRule,
  mend?: (interrupted: AppendRange) => void,
): Promise<HeldLock> {
  for (;;) {
    const lock = tryLock(file, rule, mend)
    if (!('busy' in lock)) return lock
    await sleep(1)
  }
}

/** Who keeps us out. */
export function holderOf(file: string, rule: StaleRule): string {
  const lock = tryLock(file, rule)
  assert.ok('busy' in lock)
  return lock.holder
}

/** The lock file as it is. */
export function look(lock: string): SeenLock {
  const seen = inspectLock(lock)
  assert.ok(seen !== undefined)
  return seen
}

/** A test with a mailbox `bob` that needs not exist, and its lock's name. */
export function withLock(
  test: (lock: string, file: string, t: TestContext) => Promise<void> | void,
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
