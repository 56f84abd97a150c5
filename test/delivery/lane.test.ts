import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, it } from 'node:test'
import { promisify } from 'node:util'
import { startLane, type Lane } from '../../lib/delivery/lane.js'
import { PATIENCE_MS } from '../support/wait.js'
import { jobOf, targetOf } from './batches.js'
import { HEAD, withDrop } from './drop.js'
import { RULE, take } from './locks.js'

const DELIVERED = { busy: false, outcomes: [{ state: 'delivered' }, { state: 'delivered' }], warnings: [] }

async function withLane(use: (lane: Lane) => Promise<void>): Promise<void> {
  const lane = startLane()
  try {
    await use(lane)
  } finally {
    await lane.close()
  }
}

/** Runs a program that must end by itself; one that does not is killed, which is an error. */
async function runLane(...files: readonly string[]): Promise<string> {
  const fixture = path.join(__dirname, 'fixtures', 'lane.js')
  const { stdout } = await promisify(execFile)(process.execPath, [fixture, ...files], { timeout: PATIENCE_MS })
  return stdout
}

describe('a delivery thread', () => {
  it(
    'writes several files at once, and answers in their order',
    withDrop((root, file) =>
      withLane(async (lane) => {
        const held = take(path.join(root, 'john'), RULE)
        const files = [path.join(root, 'fred'), path.join(root, 'john'), file]
        const jobs = [jobOf('one\r\n'), jobOf('two\r\n')]
        const [fred, john, bob] = await lane.run(files.map((name) => ({ target: targetOf(name), jobs })))
        held.release()
        assert.deepEqual([fred, bob], [DELIVERED, DELIVERED])
        assert.ok(john?.busy === true)
        for (const name of ['fred', 'bob']) {
          assert.equal(await readFile(path.join(root, name), 'utf8'), `${HEAD}one\n\n${HEAD}two\n\n`)
        }
      }),
    ),
  )

  it(
    'takes messages that are shared between threads, one turn after the other',
    withDrop((_root, file) =>
      withLane(async (lane) => {
        const shared = new Uint8Array(new SharedArrayBuffer(5))
        shared.set(Buffer.from('one\r\n'))
        for (let at = 0; at < 3; at++) {
          const jobs = [jobOf(shared.subarray(0)), jobOf(Buffer.from('two\r\n'))]
          assert.deepEqual(await lane.run([{ target: targetOf(file), jobs }]), [DELIVERED])
        }
        assert.equal(await readFile(file, 'utf8'), `${HEAD}one\n\n${HEAD}two\n\n`.repeat(3))
      }),
    ),
  )

  it('that ends in the middle of its work says so, then and later', async () => {
    const lane = startLane()
    const running = lane.run([])
    const [outcome] = await Promise.allSettled([running, lane.close()])
    // It may have answered just before.
    if (outcome.status === 'rejected') assert.match(String(outcome.reason), /the thread ended/)
    await assert.rejects(lane.run([]), /the thread ended/)
  })

  it('keeps no process alive while it has nothing to do', async () => {
    assert.equal(await runLane(), '')
  })

  it(
    'keeps the process alive until it has answered, and no longer',
    withDrop(async (_root, file) => {
      assert.deepEqual(JSON.parse(await runLane(file)), [DELIVERED])
    }),
  )
})
