import assert from 'node:assert/strict'
import {
  chownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { afterEach, describe, it } from 'node:test'
import type { Entry } from '../../lib/queue/entry.js'
import { createQueueIndex, type QueueIndex } from '../../lib/queue/index.js'
import { createReasonLog, type ReasonLog } from '../../lib/queue/reason-log.js'
import { rootOnly } from '../faults/site.js'
import { tempDir } from '../support/cleanup.js'
import { until } from '../support/wait.js'

const RUN = 'aaaaaaaaaaaa'
const EARLIER = 'bbbbbbbbbbbb'
const LOADED = Promise.resolve()

interface Process {
  readonly log: ReasonLog
  readonly index: QueueIndex
  readonly warnings: string[]
  /** The n-th message of the queue. */
  readonly entry: (n: number) => Entry
  /** Its attempt fails. */
  readonly fail: (n: number, reason: string) => void
  readonly reasons: () => Record<string, string>
}

/** Files that a test leaves open. */
const opened: ReasonLog[] = []
afterEach(() => {
  for (const log of opened.splice(0)) log.close()
})

interface Options {
  readonly run?: string
  readonly pid?: number
  readonly alive?: readonly number[]
  readonly room?: number
  readonly now?: () => number
}

function processOf(base: string, { run = RUN, pid = 10, alive = [], ...more }: Options = {}): Process {
  const index = createQueueIndex()
  const warnings: string[] = []
  const log = createReasonLog({
    directory: path.join(base, 'reasons'),
    like: base,
    owner: { run, pid },
    index,
    isAlive: (pid) => alive.includes(pid),
    warn: (text) => warnings.push(text),
    ...more,
  })
  opened.push(log)
  function entry(n: number): Entry {
    const found = index.at(`1700000000000_1700000000000_1_77_u${n}_1_host`, 'waiting')
    assert.ok(found !== undefined)
    return found
  }
  return {
    log,
    index,
    warnings,
    entry,
    fail(n, reason) {
      const failed = entry(n)
      failed.reason = reason
      log.note(failed)
    },
    reasons: () => Object.fromEntries([...index.all()].map(({ id, reason }) => [/u\d+$/.exec(id)?.[0] ?? id, reason])),
  }
}

/** The files there are: `run.pid.number`. */
function files(base: string): string[] {
  return readdirSync(path.join(base, 'reasons')).sort()
}

function contents(base: string): string {
  return files(base)
    .map((name) => readFileSync(path.join(base, 'reasons', name), 'utf8'))
    .join('')
}

/** A process that noted these and is dead. */
async function leave(base: string, options: Options, reasons: Readonly<Record<number, string>>): Promise<void> {
  const earlier = processOf(base, options)
  for (const [n, reason] of Object.entries(reasons)) earlier.fail(Number(n), reason)
  await earlier.log.settled()
}

describe('reasons over a restart', () => {
  it('nothing is made before there is a reason', () => {
    const base = tempDir('reasons')
    const { log } = processOf(base)
    log.close()
    assert.deepEqual(readdirSync(base), [])
  })

  it('lie in a directory and files that others cannot read', async () => {
    const base = tempDir('reasons')
    await leave(base, {}, { 1: 'no' })
    const modes = ['reasons', `reasons/${RUN}.10.1`].map((name) => statSync(path.join(base, name)).mode & 0o777)
    assert.deepEqual(modes, [0o700, 0o600])
  })

  it('belong to whom the queue belongs, if root makes them', { skip: rootOnly }, async () => {
    const base = tempDir('reasons')
    const ACCOUNT = 65534
    mkdirSync(path.join(base, 'reasons'), 0o700)
    chownSync(base, ACCOUNT, ACCOUNT)
    await leave(base, {}, { 1: 'no' })
    const owners = ['reasons', `reasons/${RUN}.10.1`].map((name) => statSync(path.join(base, name)).uid)
    assert.deepEqual(owners, [ACCOUNT, ACCOUNT])
  })

  it('a worker gets those of the dead worker whose queue it takes over, and no others', async () => {
    const base = tempDir('reasons')
    await leave(base, { run: EARLIER, pid: 20 }, { 1: 'first', 2: 'of mail that has gone' })
    await leave(base, { run: EARLIER, pid: 21 }, { 3: 'somebody else has it' })
    const now = processOf(base)
    for (const n of [1, 3]) now.entry(n)
    await now.log.takeOver(20, LOADED)
    await now.log.settled()
    assert.deepEqual(now.reasons(), { u1: 'first', u3: '' })
    assert.deepEqual(files(base), [`${RUN}.10.2`, `${EARLIER}.21.1`])
    assert.ok(!contents(base).includes('gone'))
  })

  it('the only process gets all', async () => {
    const base = tempDir('reasons')
    await leave(base, { run: EARLIER, pid: 20 }, { 1: 'first' })
    await leave(base, { run: EARLIER, pid: 21 }, { 2: 'second' })
    const now = processOf(base)
    for (const n of [1, 2]) now.entry(n)
    await now.log.takeOver('all', LOADED)
    await now.log.settled()
    assert.deepEqual(now.reasons(), { u1: 'first', u2: 'second' })
    assert.equal(files(base).length, 1)
  })

  it('the newest file has the last word, and what fails meanwhile is newer than all of them', async () => {
    const base = tempDir('reasons')
    await leave(base, { run: EARLIER, pid: 20 }, { 1: 'old', 2: 'old' })
    const { id } = processOf(base).entry(1)
    writeFileSync(path.join(base, 'reasons', `${EARLIER}.20.0`), `${id} newer\n`)
    utimesSync(path.join(base, 'reasons', `${EARLIER}.20.1`), 1, 1)
    const now = processOf(base)
    for (const n of [1, 2]) now.entry(n)
    let loaded: (() => void) | undefined
    const taken = now.log.takeOver(
      20,
      new Promise<void>((resolve) => {
        loaded = resolve
      }),
    )
    now.fail(2, 'newest')
    loaded?.()
    await taken
    await now.log.settled()
    assert.deepEqual(now.reasons(), { u1: 'newer', u2: 'newest' })
    const again = processOf(base, { run: EARLIER })
    for (const n of [1, 2]) again.entry(n)
    await again.log.takeOver('all', LOADED)
    assert.deepEqual(again.reasons(), { u1: 'newer', u2: 'newest' })
  })

  it('a queue that could not be loaded whole has the reasons of what was loaded', async () => {
    const base = tempDir('reasons')
    await leave(base, { run: EARLIER, pid: 20 }, { 1: 'first' })
    const now = processOf(base)
    now.entry(1)
    await now.log.takeOver(20, Promise.reject(new Error('no directory')))
    assert.deepEqual(now.reasons(), { u1: 'first' })
  })

  it('a process that dies between taking over and writing its own file leaves them to the next one', async () => {
    const base = tempDir('reasons')
    await leave(base, { run: EARLIER, pid: 20 }, { 1: 'first' })
    const dies = processOf(base, { pid: 11 })
    // It never gets further than to the files' names.
    const never = dies.log.takeOver(20, new Promise(() => undefined))
    await Promise.race([never, untilNamed(base, `${RUN}.11.1`)])
    const next = processOf(base)
    next.entry(1)
    await next.log.takeOver(11, LOADED)
    assert.deepEqual(next.reasons(), { u1: 'first' })
  })

  const claims: readonly (readonly [what: string, left: Options, now: Options, whose: number, theirs: boolean])[] = [
    ["a worker with the pid of an earlier start takes that one's", { run: EARLIER, pid: 10 }, {}, 10, true],
    ['a living worker of this start keeps its own', { pid: 20 }, { alive: [20] }, 20, false],
    [
      'whoever has the pid of a dead worker of an earlier start now',
      { run: EARLIER, pid: 20 },
      { alive: [20] },
      20,
      true,
    ],
    ['a dead worker of this start', { pid: 20 }, {}, 20, true],
    ['not its own file', { pid: 10 }, {}, 10, false],
  ]
  for (const [what, left, options, whose, theirs] of claims) {
    it(`pids come again: ${what}`, async () => {
      const base = tempDir('reasons')
      await leave(base, left, { 1: 'first' })
      const now = processOf(base, options)
      now.entry(1)
      await now.log.takeOver(whose, LOADED)
      await now.log.settled()
      assert.deepEqual(now.reasons(), { u1: theirs ? 'first' : '' })
      assert.equal(files(base).includes(`${left.run ?? RUN}.${left.pid ?? 10}.1`), !theirs)
    })
  }

  it('two that take over the same share it out without a fault', async () => {
    const base = tempDir('reasons')
    await leave(base, { run: EARLIER, pid: 20 }, { 1: 'first' })
    const both = [processOf(base, { pid: 11 }), processOf(base, { pid: 12 })]
    for (const { entry } of both) entry(1)
    await Promise.all(both.map(({ log }) => log.takeOver(20, LOADED)))
    assert.deepEqual(both.flatMap(({ reasons }) => Object.values(reasons())).sort(), ['', 'first'])
    assert.deepEqual(
      both.flatMap(({ warnings }) => warnings),
      [],
    )
  })

  it('strange files are no matter, and stay', async () => {
    const base = tempDir('reasons')
    await leave(base, { run: EARLIER, pid: 20 }, { 1: 'first' })
    const inside = (name: string): string => path.join(base, 'reasons', name)
    mkdirSync(inside('folder'))
    writeFileSync(inside('README'), 'mine\n')
    mkdirSync(inside(`${EARLIER}.20.7`))
    writeFileSync(inside('secret'), `${processOf(base).entry(1).id} read through a link\n`)
    symlinkSync('secret', inside(`${EARLIER}.20.8`))
    const now = processOf(base)
    now.entry(1)
    await now.log.takeOver(20, LOADED)
    await now.log.settled()
    assert.deepEqual(now.reasons(), { u1: 'first' })
    assert.equal(now.warnings.length, 2)
    assert.deepEqual(
      files(base).filter((name) => !name.includes('.')),
      ['README', 'folder', 'secret'],
    )
  })
})

describe('the file of reasons', () => {
  it('is written anew when it has grown beyond its room and twice what is of use', async () => {
    const base = tempDir('reasons')
    const { log, fail, index } = processOf(base, { room: 1000 })
    for (let n = 1; n <= 5; n++) fail(n, 'x'.repeat(100))
    for (let round = 0; round < 40; round++) {
      fail(1, `round ${round} ${'y'.repeat(80)}`)
      await log.settled()
      const [name = '', ...others] = files(base)
      assert.deepEqual(others, [])
      assert.ok(statSync(path.join(base, 'reasons', name)).size < 1500)
    }
    assert.match(contents(base), /round 39 /)
    for (const entry of [...index.all()].slice(0, 4)) index.remove(entry)
    for (let round = 0; round < 20; round++) fail(5, `last ${round} ${'y'.repeat(80)}`)
    await log.settled()
    assert.doesNotMatch(contents(base), /round/)
  })

  it('is not there when nothing has a reason any more', async () => {
    const base = tempDir('reasons')
    await leave(base, { run: EARLIER, pid: 20 }, { 1: 'first' })
    const now = processOf(base)
    await now.log.takeOver(20, LOADED)
    await now.log.settled()
    assert.deepEqual(files(base), [])
  })

  it('that cannot be written is told once; when it can, everything is in it', async () => {
    const base = tempDir('reasons')
    let nowMs = 1_000_000
    const { log, fail, warnings } = processOf(base, { now: () => nowMs })
    writeFileSync(path.join(base, 'reasons'), 'in the way')
    for (const n of [1, 2]) {
      fail(n, `failed ${n}`)
      await log.settled()
      nowMs += 70_000
    }
    assert.equal(warnings.length, 1)
    assert.match(warnings[0] ?? '', /until the next restart only, .*reasons cannot be written \(E.*: let the account/)
    rmSync(path.join(base, 'reasons'))
    fail(3, 'failed 3')
    await log.settled()
    assert.deepEqual(contents(base).match(/failed \d/g), ['failed 1', 'failed 2', 'failed 3'])
  })

  it('has 100,000 reasons, and two workers have them again', { timeout: 120_000 }, async () => {
    const base = tempDir('reasons')
    const COUNT = 100_000
    const text = '450 4.2.0 mailbox busy, try later (mx.example.com)'
    for (const pid of [20, 21]) {
      const { log, fail } = processOf(base, { run: EARLIER, pid })
      for (let n = pid - 20; n < COUNT; n += 2) fail(n, `${text} ${n}`)
      await log.settled()
    }
    for (const pid of [20, 21]) {
      const now = processOf(base, { pid })
      for (let n = pid - 20; n < COUNT; n += 2) now.entry(n)
      await now.log.takeOver(pid, LOADED)
      const reasons = [...now.index.all()].map(({ reason }) => reason)
      assert.deepEqual(
        reasons,
        reasons.map((_reason, at) => `${text} ${2 * at + pid - 20}`),
      )
      assert.equal(reasons.length, COUNT / 2)
      await now.log.settled()
    }
    assert.equal(contents(base).split('\n').length - 1, COUNT)
    assert.equal(files(base).length, 2)
  })

  it('has what was noted last before the process was stopped', () => {
    const base = tempDir('reasons')
    const { log, fail } = processOf(base)
    fail(1, 'first')
    return log.settled().then(() => {
      fail(1, 'last')
      log.close()
      assert.match(contents(base), /first\n.* last\n$/)
    })
  })
})

describe('files that nobody takes over', () => {
  it('go when they were there the time before, but not those of the living', async () => {
    const base = tempDir('reasons')
    await leave(base, { run: EARLIER, pid: 20 }, { 1: 'first' })
    await leave(base, { pid: 21 }, { 2: 'second' })
    const { log } = processOf(base, { alive: [21] })
    await log.sweep()
    assert.equal(files(base).length, 2)
    await leave(base, { run: EARLIER, pid: 22 }, { 3: 'third' })
    await log.sweep()
    assert.deepEqual(files(base), [`${RUN}.21.1`, `${EARLIER}.22.1`])
  })
})

async function untilNamed(base: string, name: string): Promise<void> {
  await until(() => files(base).includes(name), { otherwise: () => files(base).join(' ') })
}
