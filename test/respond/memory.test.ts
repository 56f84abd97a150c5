import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { tryLock } from '../../lib/delivery/dotlock.js'
import { formatAnswered, memoryFileName, parseAnswered } from '../../lib/respond/memory-file.js'
import { MemoryBusy, openMemory, type Memory, type MemoryOptions } from '../../lib/respond/memory.js'
import { tempDir } from '../support/cleanup.js'
import { claimer, killInClaims } from './claimers.js'
import { DAY, NOW } from './scene.js'

const ANN = 'ann@example.com'

interface Scene {
  readonly directory: string
  readonly file: string
  readonly warnings: string[]
  readonly open: (more?: Partial<MemoryOptions>) => Memory
}

function scene(): Scene {
  const directory = path.join(tempDir('respond'), 'memory')
  const warnings: string[] = []
  return {
    directory,
    file: path.join(directory, 'bob@domain1.com.answered'),
    warnings,
    open: (more) =>
      openMemory({
        directory,
        userKey: 'bob@domain1.com',
        everyMs: 7 * DAY,
        warn: (text) => warnings.push(text),
        ...more,
      }),
  }
}

describe('the memory of drespond', () => {
  it('has each sender answered once in a period', async () => {
    const memory = scene().open()
    assert.equal(memory.isAnswered(ANN, NOW), false)
    assert.equal(await memory.claim(ANN, NOW), 'claimed')
    assert.equal(memory.isAnswered(ANN, NOW), true)
    assert.equal(await memory.claim(ANN, NOW + 7 * DAY - 1), 'answered')
    assert.equal(await memory.claim('eve@example.com', NOW), 'claimed')
    assert.equal(memory.isAnswered(ANN, NOW + 7 * DAY), false)
    assert.equal(await memory.claim(ANN, NOW + 7 * DAY), 'claimed')
  })

  it('is kept in a file that a person can read and others cannot', async () => {
    const { open, file, directory } = scene()
    await open().claim(ANN, Date.UTC(2026, 10, 25, 12))
    assert.equal(
      readFileSync(file, 'utf8'),
      '# drespond 1: who was answered, and when\n2026-11-25T12:00:00.000Z "ann@example.com"\n',
    )
    assert.equal(statSync(file).mode & 0o777, 0o600)
    assert.equal(statSync(directory).mode & 0o777, 0o700)
    assert.deepEqual(readdirSync(directory), ['bob@domain1.com.answered'])
  })

  it('is there after a restart, and is each user\u2019s own', async () => {
    const { open } = scene()
    await open().claim(ANN, NOW)
    assert.equal(await open().claim(ANN, NOW), 'answered')
    assert.equal(await open({ userKey: 'fred@domain1.com' }).claim(ANN, NOW), 'claimed')
  })

  it('takes a claim back', async () => {
    const memory = scene().open()
    await memory.claim(ANN, NOW)
    await memory.release(ANN)
    await memory.release('eve@example.com')
    assert.equal(await memory.claim(ANN, NOW), 'claimed')
  })

  it('forgets who was answered long ago, and takes nobody more when it is full', async () => {
    const memory = scene().open({ maxSenders: 3 })
    for (const name of ['a', 'b', 'c']) assert.equal(await memory.claim(name, NOW), 'claimed')
    assert.equal(await memory.claim('d', NOW), 'full')
    assert.equal(await memory.claim('a', NOW), 'answered')
    assert.equal(await memory.claim('d', NOW + 7 * DAY), 'claimed')
  })

  it('makes nobody wait for a clock that was wrong', async () => {
    const memory = scene().open()
    await memory.claim(ANN, NOW + 400 * DAY)
    assert.equal(await memory.claim(ANN, NOW), 'claimed')
  })

  it('waits for another process, and says who has the lock', async () => {
    const { open, file, directory } = scene()
    mkdirSync(directory)
    const lock = tryLock(file, { staleMs: 60_000, lockId: '' })
    assert.ok(!('busy' in lock))
    await assert.rejects(open({ lockWaitMs: 50 }).claim(ANN, NOW), (error: Error) => {
      assert.ok(error instanceof MemoryBusy)
      assert.match(error.message, new RegExp(`bob@domain1\\.com\\.answered is locked by process ${process.pid} on `))
      return true
    })
    const waiting = open().claim(ANN, NOW)
    lock.release()
    assert.equal(await waiting, 'claimed')
  })

  const damages: readonly (readonly [what: string, content: string, why: RegExp])[] = [
    ['garbage', 'garbage\n', /its first line is not ours/],
    ['nothing', '', /its first line is not ours/],
    ['zeros, as a disk that lost them', '\0'.repeat(300), /its first line is not ours/],
    ['a line cut short', `${formatAnswered(new Map([[ANN, NOW]]))}2026-11-2`, /its end is missing/],
    ['a line of somebody else', `${formatAnswered(new Map([[ANN, NOW]]))}hello\n`, /line 3 cannot be read/],
  ]
  for (const [what, content, why] of damages) {
    it(`puts a file with ${what} aside, and says so`, async () => {
      const { open, file, directory, warnings } = scene()
      mkdirSync(directory)
      writeFileSync(file, content)
      assert.equal(await open().claim('eve@example.com', NOW), 'claimed')
      const aside = readdirSync(directory).find((name) => name.startsWith('bob@domain1.com.answered.damaged-'))
      assert.equal(readFileSync(path.join(directory, aside ?? ''), 'utf8'), content)
      assert.equal(warnings.length, 1)
      assert.match(warnings[0] ?? '', why)
      // What could be read counts.
      assert.equal(await open().claim(ANN, NOW), content.includes(ANN) ? 'answered' : 'claimed')
      assert.equal(warnings.length, 1)
    })
  }

  it('does not follow a link', async () => {
    const { open, file, directory, warnings } = scene()
    mkdirSync(directory)
    const elsewhere = path.join(directory, 'elsewhere')
    writeFileSync(elsewhere, 'untouched')
    symlinkSync(elsewhere, file)
    assert.equal(await open().claim(ANN, NOW), 'claimed')
    assert.match(warnings[0] ?? '', /it is a symbolic link/)
    assert.equal(readFileSync(elsewhere, 'utf8'), 'untouched')
  })

  it('throws the error of the file system where it cannot be kept', async () => {
    const { open, directory } = scene()
    writeFileSync(directory, 'a file in its place')
    await assert.rejects(open().claim(ANN, NOW), /EEXIST|ENOTDIR/)
  })
})

describe('the memory of drespond among processes', () => {
  it('has one of them answer each sender', async () => {
    const { directory, open } = scene()
    const senders = Array.from({ length: 20 }, (_none, n) => `s${n}@example.com`)
    const claims = await Promise.all(Array.from({ length: 5 }, () => claimer(directory, senders)))
    for (const sender of senders) {
      assert.equal(claims.filter((got) => got.includes(sender)).length, 1, sender)
      assert.equal(open().isAnswered(sender, Date.now()), true)
    }
  })

  it('loses nothing it said when one is killed at any moment', async () => {
    const { directory, open, file, warnings } = scene()
    const said = await killInClaims(directory, 8)
    assert.ok(said.length > 0)
    const memory = open()
    for (const sender of said) assert.equal(memory.isAnswered(sender, Date.now()), true, sender)
    assert.equal(await memory.claim('after@example.com', Date.now()), 'claimed')
    assert.deepEqual(warnings, [])
    assert.ok(existsSync(file) && !existsSync(`${file}.lock`))
  })
})

describe('the file of those who were answered', () => {
  it('is read as it was written', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.string({ unit: 'grapheme' }), fc.integer({ min: 0, max: 4_000_000_000_000 }))),
        (entries) => {
          const answered = new Map(entries)
          assert.deepEqual(parseAnswered(formatAnswered(answered)), { answered, damage: undefined })
        },
      ),
    )
  })

  it('may hold a name with a line separator', () => {
    const answered = new Map([['"\u2028\u2029"@example.com', NOW]])
    assert.deepEqual(parseAnswered(formatAnswered(answered)), { answered, damage: undefined })
  })

  it('has a name of its own for each user, that stays in the directory', () => {
    assert.equal(memoryFileName('bob@domain1.com'), 'bob@domain1.com.answered')
    assert.equal(memoryFileName('.lk-1@x'), '%2elk-1@x.answered')
    assert.equal(memoryFileName('a/../b@x'), 'a%2f..%2fb@x.answered')
    const key = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 100 })
    fc.assert(
      fc.property(key, key, (a, b) => {
        assert.match(memoryFileName(a), /^[a-z0-9@_+=%][a-z0-9@._+=%-]{0,179}\.answered$/)
        assert.equal(memoryFileName(a) === memoryFileName(b), a === b)
      }),
    )
  })
})
