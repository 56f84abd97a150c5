import assert from 'node:assert/strict'
import { utimesSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'
import { watchFiles } from '../../lib/suite/watcher.js'
import { tempDir } from '../support/cleanup.js'
import { within } from '../support/wait.js'

/** Whether a file written `agoMs` milliseconds before it was read counts as changed; another's change ends the wait. */
async function isToldOf(agoMs: number): Promise<boolean> {
  const dir = tempDir('watcher')
  const [file, other] = [path.join(dir, 'file'), path.join(dir, 'other')]
  writeFileSync(file, 'x')
  const since = Date.now()
  utimesSync(file, (since - agoMs) / 1000, (since - agoMs) / 1000)
  let looks = -Infinity
  let tell: () => void = () => undefined
  const told = new Promise<void>((resolve) => {
    tell = resolve
  })
  const watcher = watchFiles(
    () => {
      // By the third time there has been a whole look since the files were set.
      if (++looks === 3) writeFileSync(other, 'x')
      return 5
    },
    () => {
      tell()
      return Promise.resolve()
    },
  )
  const hold = setInterval(() => undefined, 1000)
  try {
    await watcher.set([file, other], since)
    looks = 0
    await within(told, { otherwise: () => 'nothing was told' })
    return looks < 3
  } finally {
    clearInterval(hold)
    watcher.close()
  }
}

describe('the watcher of files', () => {
  it('takes a file for changed while it was read', async () => {
    assert.equal(await isToldOf(0), true)
  })

  it('takes a file for changed that says it was written a moment before', async () => {
    assert.equal(await isToldOf(5), true)
  })

  it('does not take one for changed that is older', async () => {
    assert.equal(await isToldOf(1000), false)
  })
})
