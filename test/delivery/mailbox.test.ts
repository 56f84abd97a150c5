import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { chmod, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, it } from 'node:test'
import { fileSource } from '../../lib/delivery/source.js'
import { bodyOf, messageOf, splitMbox, summary } from './helpers.js'
import { withWorkers } from './workers.js'
import { deliver, detailOf, HEAD, withDrop } from './drop.js'
import { RULE, take } from './locks.js'

describe('delivery to a drop file', () => {
  it(
    'creates the file for the service account alone, whatever the umask',
    withDrop(async (root, file) => {
      assert.equal(summary(await deliver(file, messageOf('Subject: a\r\n\r\nFrom b\r\n'))), 'delivered')
      assert.equal(await readFile(file, 'utf8'), `${HEAD}Subject: a\n\n>From b\n\n`)
      assert.equal((await stat(file)).mode & 0o7777, 0o600)
      assert.deepEqual(await readdir(root), ['bob'])
    }),
  )

  it(
    'appends, one message after the other, in either dialect',
    withDrop(async (_root, file) => {
      await deliver(file, messageOf('one\r\n'))
      await deliver(file, messageOf('>From two'), { mbox: 'mboxo' })
      await deliver(file, messageOf('three\r\n'), {}, { fsync: false })
      assert.equal(await readFile(file, 'utf8'), `${HEAD}one\n\n${HEAD}>From two\n\n${HEAD}three\n\n`)
    }),
  )

  it(
    'keeps owner and mode of a file that is there',
    withDrop(async (_root, file) => {
      await writeFile(file, '')
      await chmod(file, 0o640)
      await deliver(file, messageOf('one\r\n'))
      assert.equal((await stat(file)).mode & 0o7777, 0o640)
    }),
  )

  it(
    'gives a new file of a unix_user to that user and group',
    withDrop(async (_root, file) => {
      const owner = { uid: process.getuid?.() === 0 ? 4321 : (process.getuid?.() ?? 0), gid: process.getgid?.() ?? 0 }
      await deliver(file, messageOf('one\r\n'), { owner })
      const { uid, gid, mode } = await stat(file)
      assert.deepEqual({ uid, gid, mode: mode & 0o7777 }, { ...owner, mode: 0o660 })
    }),
  )

  const ends: readonly (readonly [string, string, string])[] = [
    ['an empty file', '', ''],
    ['a file that is one line end', '\n', '\n'],
    ['a file that ends in an empty line', 'old\n\n', 'old\n\n'],
    ['a file whose last message lacks the empty line', 'old\n', 'old\n\n'],
    ['a file whose last line is torn', 'old\nto', 'old\nto\n\n'],
    ['a file of a single character', 'x', 'x\n\n'],
  ]
  for (const [name, before, then] of ends) {
    it(
      `begins the message after an empty line in ${name}`,
      withDrop(async (_root, file) => {
        await writeFile(file, before)
        await deliver(file, messageOf('one\r\n'))
        assert.equal(await readFile(file, 'utf8'), `${then}${HEAD}one\n\n`)
      }),
    )
  }

  it(
    'writes a long message whole and quoted',
    withDrop(async (_root, file) => {
      const text = `Subject: long\r\n\r\n${'From here\r\n> to there\r\n'.repeat(200_000)}`
      assert.equal(summary(await deliver(file, messageOf(text, 65_521))), 'delivered')
      assert.equal(summary(await deliver(file, messageOf('short\r\n'))), 'delivered')
      const [long = '', short = ''] = splitMbox(await readFile(file))
      assert.equal(bodyOf(long), text.replaceAll('\r\n', '\n'))
      assert.equal(bodyOf(short), 'short\n')
    }),
  )

  it(
    'takes a message from a file, from where it begins',
    withDrop(async (root, file) => {
      const queued = path.join(root, 'queued')
      await writeFile(queued, 'not this\nSubject: a\r\n\r\n..\r\nFrom b')
      const start = 'not this\n'.length
      assert.equal(summary(await deliver(file, fileSource({ path: queued, start, dotStuffed: true }, 0))), 'delivered')
      assert.equal(await readFile(file, 'utf8'), `${HEAD}Subject: a\n\n.\n>From b\n\n`)
    }),
  )

  it(
    'by two processes at once loses and tears nothing',
    withDrop(async (_root, file) => {
      await withWorkers(2, async (workers) => {
        const tags = workers.map((_, at) => `worker${at}`)
        const jobs = workers.map((worker, at) => worker.ask({ do: 'deliver', file, tag: tags[at] ?? '', count: 200 }))
        assert.deepEqual(await Promise.all(jobs), ['done', 'done'])
        const bodies = splitMbox(await readFile(file)).map(bodyOf)
        for (const tag of tags) {
          const own = bodies.filter((body) => body.startsWith(`Subject: ${tag} `))
          assert.deepEqual(
            own,
            Array.from({ length: 200 }, (_, at) => `Subject: ${tag} ${at}\n\n${`${tag}\n`.repeat(at)}From the end\n`),
          )
        }
        assert.equal(bodies.length, 400)
      })
    }),
  )

  it(
    'waits for nobody longer than it may, and is deferred as busy',
    withDrop(async (_root, file) => {
      const lock = take(file, RULE)
      const outcome = await deliver(file, messageOf('one\r\n'))
      assert.equal(summary(outcome), 'deferred 4.2.0')
      assert.ok(outcome.state === 'deferred')
      assert.equal(outcome.text, 'the mailbox is busy')
      assert.match(detailOf(outcome), new RegExp(`held by process ${process.pid} on `))
      assert.equal(existsSync(file), false)
      lock.release()
    }),
  )

  it(
    'waits for the lock of another process while others get theirs',
    withDrop(async (root, file) => {
      await withWorkers(1, async ([worker]) => {
        assert.equal(await worker?.ask({ do: 'hold', file }), 'held')
        const waiting = deliver(file, messageOf('one\r\n'), {}, { lockWaitMs: 60_000 })
        assert.equal(summary(await deliver(path.join(root, 'fred'), messageOf('two\r\n'))), 'delivered')
        assert.equal(existsSync(file), false)
        assert.equal(await worker?.ask({ do: 'release' }), 'released')
        assert.equal(summary(await waiting), 'delivered')
      })
    }),
  )
})
