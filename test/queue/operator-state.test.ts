import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'
import { unfinishedName } from '../../lib/durable.js'
import { promisify } from 'node:util'
import * as fc from 'fast-check'
import {
  NOTHING_DECIDED,
  readOperatorState,
  STATE_FILE,
  writeOperatorState,
  type OperatorState,
} from '../../lib/queue/operator-state.js'
import { mountSmallDisk } from '../faults/tmpfs.js'
import { tempDir } from '../support/cleanup.js'

const OLD: OperatorState = { suspensions: [{ domain: 'example.com', reason: 'away' }], held: ['abc'] }

/** Writes a new state in a process that gets SIGKILL in place of one call of the file system. */
const KILLED = String.raw`
const [, script, directory, call] = process.argv
const fs = require('node:fs')
fs[call] = () => process.kill(process.pid, 'SIGKILL')
require(script).writeOperatorState(directory, { suspensions: [], held: ['new'] })
`

describe('what operators decided', () => {
  it('is nothing where nothing was written', () => {
    assert.deepEqual(readOperatorState(tempDir('state')), NOTHING_DECIDED)
  })

  it('is read as it was written', () => {
    const dir = tempDir('state')
    const text = fc.string({ unit: 'binary' })
    const time = fc.integer({ min: 0, max: 4_102_444_800_000 })
    const suspension = fc
      .record({ domain: text, reason: text, sinceMs: time, untilMs: time }, { requiredKeys: ['domain'] })
      // What fast-check makes has no prototype.
      .map((one) => ({ ...one }))
    fc.assert(
      fc.property(fc.array(suspension, { maxLength: 5 }), fc.array(text, { maxLength: 5 }), (suspensions, held) => {
        writeOperatorState(dir, { suspensions, held })
        assert.deepEqual(readOperatorState(dir), { suspensions, held })
        assert.deepEqual(readdirSync(dir), [STATE_FILE])
      }),
      { numRuns: 50 },
    )
  })

  const damaged: readonly [string, string, RegExp][] = [
    ['an empty file', '', /JSON/],
    ['one cut off', '{"version":1,"suspensions":[', /JSON/],
    ['no record', '[]', /version 1/],
    ['another version', '{"version":2,"suspensions":[],"held":[]}', /version 1/],
    ['no held', '{"version":1,"suspensions":[]}', /a list is missing/],
    ['suspensions that are no list', '{"version":1,"suspensions":{},"held":[]}', /a list is missing/],
    ['a suspension without domain', '{"version":1,"suspensions":[{"reason":"x"}],"held":[]}', /has no domain/],
  ]
  for (const [sentence, text, why] of damaged) {
    it(`is not guessed: ${sentence} is an error that names the file and what to do`, () => {
      const dir = tempDir('state')
      writeFileSync(path.join(dir, STATE_FILE), text)
      assert.throws(
        () => readOperatorState(dir),
        (error: Error) => {
          assert.match(error.message, why)
          assert.ok(error.message.startsWith(path.join(dir, STATE_FILE)))
          assert.match(error.message, /correct it, or remove it/)
          return true
        },
      )
    })
  }

  it('a file that cannot be read is an error too', () => {
    const dir = tempDir('state')
    mkdirSync(path.join(dir, STATE_FILE))
    assert.throws(() => readOperatorState(dir), /cannot be read: EISDIR/)
  })

  it('other fields are left out', () => {
    const dir = tempDir('state')
    const text = '{"version":1,"suspensions":[{"domain":"x","at":"here","untilMs":"soon"}],"held":["a",7],"more":1}'
    writeFileSync(path.join(dir, STATE_FILE), text)
    assert.deepEqual(readOperatorState(dir), { suspensions: [{ domain: 'x' }], held: ['a'] })
  })

  for (const call of ['writeFileSync', 'fsyncSync', 'renameSync']) {
    it(`is the old state when the process is killed at ${call}`, async () => {
      const dir = tempDir('state')
      writeOperatorState(dir, OLD)
      const script = require.resolve('../../lib/queue/operator-state.js')
      await assert.rejects(promisify(execFile)(process.execPath, ['-e', KILLED, script, dir, call]), {
        signal: 'SIGKILL',
      })
      assert.ok(existsSync(unfinishedName(path.join(dir, STATE_FILE))), 'it was under way')
      assert.deepEqual(readOperatorState(dir), OLD)
      writeOperatorState(dir, { ...OLD, held: ['next'] })
      assert.deepEqual(readOperatorState(dir), { ...OLD, held: ['next'] })
    })
  }

  it('is the old state when the disk is full in the middle of the new one', (context) => {
    const dir = tempDir('state')
    const disk = mountSmallDisk(dir, 64)
    if (disk === undefined) {
      context.skip('needs the right to mount')
      return
    }
    try {
      writeOperatorState(dir, OLD)
      const before = readFileSync(path.join(dir, STATE_FILE), 'utf8')
      disk.fill(4096)
      const held = Array.from({ length: 2000 }, (_, n) => `id${n}`)
      assert.throws(() => {
        writeOperatorState(dir, { ...OLD, held })
      }, /ENOSPC/)
      assert.equal(readFileSync(path.join(dir, STATE_FILE), 'utf8'), before)
      disk.makeRoom()
      writeOperatorState(dir, { ...OLD, held })
      assert.deepEqual(readOperatorState(dir), { ...OLD, held })
    } finally {
      disk.unmount()
    }
  })
})
