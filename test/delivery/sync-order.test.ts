import assert from 'node:assert/strict'
import fs, { writeFileSync } from 'node:fs'
import path from 'node:path'
import { it, mock } from 'node:test'
import { appendBatches } from '../../lib/delivery/append-batch.js'
import { jobOf, targetOf } from './batches.js'
import { withDrop } from './drop.js'

/* The disk has confirmed what is said to be delivered (D3): the calls that decide what a machine's crash leaves. */

/** Those calls in the order `use` makes them. */
function callsOf(use: () => void): string[] {
  const calls: string[] = []
  const { writevSync, fdatasyncSync, fsyncSync, unlinkSync } = fs
  mock.method(fs, 'writevSync', (...args: Parameters<typeof writevSync>) => {
    calls.push('write')
    return writevSync(...args)
  })
  mock.method(fs, 'fdatasyncSync', (fd: number) => {
    calls.push('sync')
    fdatasyncSync(fd)
  })
  mock.method(fs, 'fsyncSync', (fd: number) => {
    calls.push('sync directory')
    fsyncSync(fd)
  })
  mock.method(fs, 'unlinkSync', (file: string) => {
    if (file.endsWith('.lock')) calls.push('unlock')
    unlinkSync(file)
  })
  try {
    use()
  } finally {
    mock.restoreAll()
  }
  return calls
}

const JOBS = [jobOf('one\r\n'), jobOf('two\r\n')]

it(
  'a new drop file: its bytes, then its name, then the lock goes and the outcome is told',
  withDrop((_root, file) => {
    const calls = callsOf(() => appendBatches([{ target: targetOf(file), jobs: JOBS }]))
    assert.deepEqual(calls, ['write', 'sync', 'sync directory', 'unlock'])
    return Promise.resolve()
  }),
)

it(
  'a drop file that is there: one write and one sync for all messages',
  withDrop((_root, file) => {
    writeFileSync(file, '')
    const calls = callsOf(() => appendBatches([{ target: targetOf(file), jobs: JOBS }]))
    assert.deepEqual(calls, ['write', 'sync', 'unlock'])
    return Promise.resolve()
  }),
)

it(
  'several drop files: all are written before the first sync, and all are synced before the first lock goes',
  withDrop((root, file) => {
    const files = [file, path.join(root, 'fred')]
    for (const name of files) writeFileSync(name, '')
    const calls = callsOf(() => appendBatches(files.map((name) => ({ target: targetOf(name), jobs: JOBS }))))
    assert.deepEqual(calls, ['write', 'write', 'sync', 'sync', 'unlock', 'unlock'])
    return Promise.resolve()
  }),
)

it(
  'a message whose length is not known before: what its lock says of it in the end is there before it is told',
  withDrop(async (root, file) => {
    const queued = path.join(root, 'queued')
    writeFileSync(queued, 'one\r\n')
    writeFileSync(file, '')
    const job = jobOf({ path: queued, start: 0, dotStuffed: false })
    // Of the lock on the disk may remain what it said at first, by which all that was appended would be moved away.
    const calls = callsOf(() => appendBatches([{ target: targetOf(file), jobs: [job] }]))
    assert.deepEqual(calls, ['write', 'write', 'write', 'sync', 'sync', 'unlock'])
    const unsynced = callsOf(() => appendBatches([{ target: { ...targetOf(file), fsync: false }, jobs: [job] }]))
    assert.deepEqual(unsynced, ['write', 'write', 'write', 'unlock'])
    return Promise.resolve()
  }),
)

it(
  '[drop] fsync=false leaves the syncs out',
  withDrop((_root, file) => {
    const calls = callsOf(() => appendBatches([{ target: { ...targetOf(file), fsync: false }, jobs: JOBS }]))
    assert.deepEqual(calls, ['write', 'unlock'])
    return Promise.resolve()
  }),
)
