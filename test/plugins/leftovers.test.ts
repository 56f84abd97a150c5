import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readdirSync, utimesSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { spareTheLiving } from '../../plugins/haraka/leftovers.js'
import type { HarakaQueueModule } from '../../plugins/haraka/outbound-types.js'
import { tempDir } from '../support/cleanup.js'

test('unfinished queue files go with the process that wrote them, and not before', async () => {
  const directory = tempDir('leftovers')
  const dead = spawnSync(process.execPath, ['-e', '']).pid
  const name = (pid: number): string => `1795576076007_1795576076007_0_${pid}_7jlPcA_12_host`
  const files = {
    ofTheDead: `__tmp__.${name(dead)}`,
    ofTheLiving: `__tmp__.${name(process.ppid)}`,
    own: `__tmp__.${name(process.pid)}`,
    // Of an earlier process with the same number.
    older: `__tmp__.${name(process.pid)}er`,
    strange: '__tmp__.strange',
    whole: name(dead),
  }
  for (const file of Object.values(files)) writeFileSync(path.join(directory, file), 'x')
  utimesSync(path.join(directory, files.older), 1_000_000_000, 1_000_000_000)
  const queue = { queue_dir: directory } as HarakaQueueModule
  spareTheLiving(queue)
  await queue.delete_dot_files()
  assert.deepEqual(readdirSync(directory).sort(), [files.whole, files.ofTheLiving, files.own].sort())
})
