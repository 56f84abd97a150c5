import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import fs from 'node:fs'
import { chown, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { appendBatches } from '../../lib/delivery/append-batch.js'
import { toMbox } from '../../lib/delivery/mbox.js'
import { until } from '../support/wait.js'
import { append, jobOf, targetOf } from './batches.js'
import { HEAD, withDrop } from './drop.js'
import { bodyOf, inTemporaryDirectory, splitMbox, summary } from './helpers.js'
import { DEAD } from './locks.js'
import { kill } from './workers.js'

const NEW = `${HEAD}new\n\n`

/** Delivers after a crash, and returns what was moved aside; '' for nothing. */
async function deliverAfter(file: string): Promise<{ readonly aside: Buffer; readonly warnings: readonly string[] }> {
  const { outcomes, warnings } = append(targetOf(file, { fsync: false }), jobOf('new\r\n'))
  assert.deepEqual(outcomes.map(summary), ['delivered'])
  const others = (await readdir(path.dirname(file))).filter((name) => name !== path.basename(file))
  const [torn] = others
  assert.ok(others.length <= 1)
  if (torn === undefined) return { aside: Buffer.alloc(0), warnings }
  assert.match(torn, /^\.torn-bob-\d+$/)
  const aside = path.join(path.dirname(file), torn)
  assert.equal((await stat(aside)).mode & 0o7777, 0o600)
  return { aside: await readFile(aside), warnings }
}

describe('after a crash while messages were appended', () => {
  const part = fc.constantFrom('\r\n', '\r\n\r\n', 'From ', 'a', '>', 'Subject: x')
  const message = fc.array(part, { maxLength: 12 }).map((parts) => Buffer.from(parts.join('')))
  const messages = fc.array(message, { minLength: 1, maxLength: 3 })

  function written(all: readonly Buffer[]): Buffer {
    return Buffer.concat(all.flatMap((text) => [Buffer.from(HEAD), toMbox(text, 'mboxrd')]))
  }

  it('exactly what was torn is moved aside, wherever it was cut', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(message, { maxLength: 2 }).map(written),
        messages.map(written),
        fc.nat().map((at) => at / 0x7fffffff),
        fc.boolean(),
        async (old, appended, where, known) => {
          const cut = Math.round(where * appended.length)
          await inTemporaryDirectory(async (directory) => {
            const file = path.join(directory, 'bob')
            await writeFile(file, Buffer.concat([old, appended.subarray(0, cut)]))
            const to = known ? String(old.length + appended.length) : '?'
            await writeFile(`${file}.lock`, `${DEAD}append ${old.length} ${to}\n`)
            const { aside, warnings } = await deliverAfter(file)
            const whole = known && cut === appended.length
            const expected = whole ? Buffer.concat([old, appended]) : old
            assert.equal(aside.toString(), whole ? '' : appended.subarray(0, cut).toString())
            assert.equal(warnings.length, aside.length === 0 ? 0 : 1)
            const now = await readFile(file)
            assert.equal(now.toString(), `${expected.toString()}${NEW}`)
            splitMbox(now)
          })
        },
      ),
      { numRuns: 300 },
    ))

  const rows: readonly (readonly [string, string, string, string, string])[] = [
    ['nothing was written yet', 'old\n\n', 'append 5 100\n', 'old\n\n', ''],
    ['nothing was written yet of unknown length', 'old\n\n', 'append 5 ?\n', 'old\n\n', ''],
    ['the file is shorter than it was: a mail reader took mail away', 'o\n\n', 'append 5 100\n', 'o\n\n', ''],
    ['somebody appended to a whole message', 'old\n\nfull\n\nmore\n\n', 'append 5 11\n', 'old\n\nfull\n\nmore\n\n', ''],
    ['the holder did not say what it appends', 'old\n\nto', '', 'old\n\nto\n\n', ''],
    ['one byte was written', 'old\n\nF', 'append 5 100\n', 'old\n\n', 'F'],
    ['one byte is missing', 'old\n\nFrom\n', 'append 5 11\n', 'old\n\n', 'From\n'],
    ['the separator alone was written', 'old\n\n\n', 'append 4 100\n', 'old\n\n', '\n\n'],
    ['a message of unknown length looks whole', 'old\n\nFrom a\n\n', 'append 5 ?\n', 'old\n\n', 'From a\n\n'],
    ['the file was empty before', 'From', 'append 0 10\n', '', 'From'],
  ]
  for (const [name, before, line, kept, torn] of rows) {
    it(
      `the file is whole again: ${name}`,
      withDrop(async (_root, file) => {
        await writeFile(file, before)
        await writeFile(`${file}.lock`, `${DEAD}${line}`)
        const { aside } = await deliverAfter(file)
        assert.equal(aside.toString(), torn)
        assert.equal(await readFile(file, 'utf8'), `${kept}${NEW}`)
      }),
    )
  }

  it(
    'there may be no file yet',
    withDrop(async (root, file) => {
      await writeFile(`${file}.lock`, `${DEAD}append 0 100\n`)
      await deliverAfter(file)
      assert.equal(await readFile(file, 'utf8'), NEW)
      assert.deepEqual(await readdir(root), ['bob'])
    }),
  )

  it(
    'a link in the place of the file is not followed',
    withDrop(async (root, file) => {
      await writeFile(path.join(root, 'other'), 'old\n\nto')
      fs.symlinkSync('other', file)
      await writeFile(`${file}.lock`, `${DEAD}append 5 100\n`)
      assert.deepEqual(append(targetOf(file), jobOf('new\r\n')).outcomes.map(summary), ['deferred 4.3.5'])
      assert.equal(await readFile(path.join(root, 'other'), 'utf8'), 'old\n\nto')
    }),
  )

  it(
    'what stands in a lock that somebody else made moves nothing: it may be the lock of any user',
    withDrop(async (root, file, t) => {
      if (process.getuid?.() !== 0) {
        t.skip('root only can make the files of others')
        return
      }
      await writeFile(file, 'old\n\n')
      await writeFile(`${file}.lock`, `${DEAD}append 0 ?\n`)
      await chown(`${file}.lock`, 4321, 4321)
      const { outcomes, warnings } = append(targetOf(file), jobOf('new\r\n'))
      assert.deepEqual([outcomes.map(summary), warnings], [['delivered'], []])
      assert.equal(await readFile(file, 'utf8'), `old\n\n${NEW}`)
      assert.deepEqual(await readdir(root), ['bob'])
    }),
  )

  it(
    'a file whose name is as long as can be is mended too',
    withDrop(async (root) => {
      const file = path.join(root, 'b'.repeat(250))
      await writeFile(file, 'old\n\nFrom')
      await writeFile(`${file}.lock`, `${DEAD}append 5 100\n`)
      assert.deepEqual(append(targetOf(file), jobOf('new\r\n')).outcomes.map(summary), ['delivered'])
      assert.equal(await readFile(file, 'utf8'), `old\n\n${NEW}`)
      assert.match((await readdir(root)).join(), /^\.torn-b{200,}-\d+,b+$/)
    }),
  )

  it(
    'nothing is appended before the torn part could be saved, and no half copy is left',
    withDrop(async (root, file, t) => {
      await writeFile(file, 'old\n\nFrom')
      await writeFile(`${file}.lock`, `${DEAD}append 5 100\n`)
      const sync = t.mock.method(fs, 'fsyncSync', () => {
        throw Object.assign(new Error('ENOSPC: the disk is full'), { code: 'ENOSPC' })
      })
      const [result] = appendBatches([{ target: targetOf(file), jobs: [jobOf('new\r\n')] }])
      assert.ok(result?.busy === false)
      assert.deepEqual(result.outcomes.map(summary), ['deferred 4.3.1'])
      assert.equal(await readFile(file, 'utf8'), 'old\n\nFrom')
      assert.deepEqual((await readdir(root)).sort(), ['bob', 'bob.lock'])
      sync.mock.restore()
      assert.equal((await deliverAfter(file)).aside.toString(), 'From')
      assert.equal(await readFile(file, 'utf8'), `old\n\n${NEW}`)
    }),
  )

  it(
    'a torn part longer than any buffer is saved whole, although writes end short',
    withDrop(async (_root, file, t) => {
      const torn = Buffer.alloc(1_000_000, 'From here to there\n')
      await writeFile(file, Buffer.concat([Buffer.from('old\n\n'), torn]))
      await writeFile(`${file}.lock`, `${DEAD}append 5 ?\n`)
      const { writeSync } = fs
      t.mock.method(fs, 'writeSync', (fd: number, data: Buffer | string, from?: number, length?: number) =>
        typeof data === 'string' ? writeSync(fd, data, from) : writeSync(fd, data, from, Math.ceil((length ?? 0) / 2)),
      )
      assert.ok((await deliverAfter(file)).aside.equals(torn))
      assert.equal(await readFile(file, 'utf8'), `old\n\n${NEW}`)
    }),
  )
})

describe('a process killed while it appends', () => {
  // `/dev/zero` is a message without end: the process is in the middle of it whenever it is killed.
  const rows: readonly (readonly [string, string])[] = [
    ['to a new file', ''],
    ['to an old file', `${HEAD}old\n\n`],
  ]
  for (const [name, before] of rows) {
    it(
      `leaves nothing of it in the way of the next delivery: ${name}`,
      withDrop(async (root) => {
        const drop = path.join(root, 'drop')
        await mkdir(drop)
        const file = path.join(drop, 'bob')
        if (before !== '') await writeFile(file, before)
        const worker = path.join(__dirname, 'fixtures', 'limited.js')
        const child = spawn(process.execPath, [worker, file, '@/dev/zero'], { stdio: 'inherit' })
        try {
          await until(() => fs.statSync(file).size > before.length + HEAD.length, {
            otherwise: () => 'the process writes nothing',
          })
        } finally {
          await kill(child)
        }
        const length = (await stat(file)).size
        assert.ok(fs.existsSync(`${file}.lock`))
        const { outcomes, warnings } = append(targetOf(file), jobOf('new\r\n'))
        assert.deepEqual(outcomes.map(summary), ['delivered'])
        assert.match(warnings.join('\n'), /a crash left .*bob with half a message: it was moved to /)
        const now = await readFile(file)
        assert.equal(now.toString(), `${before}${NEW}`)
        assert.deepEqual(splitMbox(now).map(bodyOf), before === '' ? ['new\n'] : ['old\n', 'new\n'])
        const [torn = ''] = (await readdir(drop)).filter((entry) => entry.startsWith('.torn-'))
        assert.equal((await stat(path.join(drop, torn))).size, length - before.length)
        await rm(drop, { recursive: true })
      }),
    )
  }
})
