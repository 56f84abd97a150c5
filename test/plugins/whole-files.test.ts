import assert from 'node:assert/strict'
import { once } from 'node:events'
import fs from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { Readable, type Writable } from 'node:stream'
import { describe, it, type TestContext } from 'node:test'
import type { HarakaOutbound, HarakaTodo } from '../../plugins/haraka/outbound-types.js'
import { wholeFilesOnly } from '../../plugins/haraka/whole-files.js'
import { tempDir } from '../support/cleanup.js'

type StreamClass = new (file: string, options: object) => Writable

const load = createRequire(__filename)

/** The class that each Haraka writes its queue files with. */
const CLASSES: readonly (readonly [string, () => StreamClass])[] = [
  ['3.1.7', () => load('haraka-3.1/outbound/fsync_writestream.js') as StreamClass],
  [
    '3.3.4',
    () => {
      const utils = createRequire(load.resolve('haraka-3.3/package.json'))('haraka-utils') as unknown
      return (utils as { FsyncWriteStream: StreamClass }).FsyncWriteStream
    },
  ],
]

/** Writes a file as process_delivery of both does, and returns what it did with it, in order. */
async function written(StreamClass: StreamClass, t: TestContext, failure: Error | null = null): Promise<string[]> {
  const file = path.join(tempDir('whole'), 'file')
  const steps: string[] = []
  const { fsync } = fs
  t.mock.method(fs, 'fsync', (fd: number, done: (error: Error | null) => void) => {
    steps.push(`sync of ${fs.fstatSync(fd).size}`)
    fsync(fd, () => {
      done(failure)
    })
  })
  const stream = new StreamClass(file, { flags: 'wx' })
  stream.on('close', () => steps.push('named'))
  stream.on('error', (error) => steps.push(`failed: ${error.message}`))
  const outbound = {
    build_todo: (_todo: HarakaTodo, to: Writable, writeMore: () => void) => {
      to.write('todo')
      writeMore()
    },
  }
  wholeFilesOnly(outbound as unknown as HarakaOutbound).build_todo({} as HarakaTodo, stream, () => {
    Readable.from([Buffer.from(' and message')]).pipe(stream)
  })
  await once(stream, 'close').catch(() => undefined)
  // Told to the listeners of both, in one turn.
  await new Promise((resolve) => setImmediate(resolve))
  return steps
}

for (const [version, classOf] of CLASSES) {
  describe(`a queue file of Haraka ${version}`, () => {
    it('is on the disk before it has its name, and is synced once', async (t) => {
      assert.deepEqual(await written(classOf(), t), ['sync of 16', 'named'])
    })

    it('that the disk does not keep gets no name', async (t) => {
      assert.deepEqual(await written(classOf(), t, new Error('EIO')), ['sync of 16', 'failed: EIO'])
    })
  })
}
