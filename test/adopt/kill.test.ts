import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, it } from 'node:test'
import { ADOPTION_FILE, NODE_FILE } from '../../lib/adopt/marks.js'
import { sortNames } from '../../lib/adopt/place.js'
import { atExit, tempDir } from '../support/cleanup.js'
import { adopterOf, mailIn, makeQueue } from './fixture.js'

const SHM = '/dev/shm'

/** A directory on another file system than that of temporary files. */
function elsewhere(): string {
  const dir = mkdtempSync(path.join(SHM, 'dmail-adopt-'))
  atExit(() => {
    rmSync(dir, { recursive: true, force: true })
  })
  return dir
}

function sameFileSystem(): string | false {
  try {
    return statSync(SHM).dev === statSync(tmpdir()).dev ? 'there is one file system only' : false
  } catch {
    return `there is no ${SHM}`
  }
}

const MAIL = ['mail 0', 'mail 1']

/** How it is killed; false: it came to its end first. */
function killed(own: string, from: string, step: number, what: 'adopt' | 'resume'): boolean {
  const script = path.join(__dirname, 'adopter-process.js')
  const { signal, status, stderr } = spawnSync(process.execPath, [script, own, from, String(step), what], {
    encoding: 'utf8',
  })
  if (signal === 'SIGKILL') return true
  assert.equal(status, 0, stderr)
  return false
}

/** The same by a process that nobody kills, this one. */
async function goOn(own: string, from: string, what: 'adopt' | 'resume'): Promise<void> {
  const adopter = adopterOf(own)
  if (what === 'resume') {
    await adopter.resume()
    return
  }
  const { stopped, left } = await adopter.adopt(from, false, () => undefined)
  assert.deepEqual({ stopped, left }, { stopped: '', left: [] })
}

/** What its own node does when it starts and finds whoever took it over dead: all that is there is sent. */
function takeBack(from: string, sent: string): void {
  rmSync(path.join(from, ADOPTION_FILE), { force: true })
  for (const name of sortNames(readdirSync(from)).mail) renameSync(path.join(from, name), path.join(sent, name))
}

const WAYS: readonly {
  readonly title: string
  readonly skip: string | false
  readonly from: () => string
  readonly steps: number
}[] = [
  { title: 'on one file system', skip: false, from: () => tempDir('adopt'), steps: 5 },
  { title: 'between two file systems', skip: sameFileSystem(), from: elsewhere, steps: 10 },
]

for (const { title, skip, from: place, steps } of WAYS) {
  describe(`a queue is taken over ${title} by a process that is killed at every step`, { skip }, () => {
    for (const { then, end } of [
      { then: 'the command given again', end: 'adopt' },
      { then: 'the next start of whoever took over', end: 'resume' },
      { then: 'the dead node started first, and then that', end: 'take back' },
    ] as const) {
      it(`each message is there once after ${then}`, async () => {
        let step = 1
        for (; ; step++) {
          const base = tempDir('adopt')
          const own = makeQueue(path.join(base, 'own'), 0)
          const from = makeQueue(place(), MAIL.length)
          const sent = path.join(from, '../sent')
          mkdirSync(sent)
          const wasKilled = killed(own, from, step, 'adopt')
          if (end === 'take back') takeBack(from, sent)
          // Killed again on the way, once at each step too.
          if (wasKilled && step % 2 === 0) killed(own, from, step / 2, end === 'adopt' ? 'adopt' : 'resume')
          if (wasKilled) await goOn(own, from, end === 'adopt' ? 'adopt' : 'resume')
          const where = `killed at step ${step}`
          assert.deepEqual([...mailIn(own), ...mailIn(sent)].sort(), MAIL, where)
          assert.deepEqual(readdirSync(from), [NODE_FILE], where)
          assert.deepEqual(sortNames(readdirSync(own)).mail.length + 1, readdirSync(own).length, where)
          if (!wasKilled) break
        }
        assert.ok(step > steps, `there are ${step} steps only`)
      })
    }
  })
}
