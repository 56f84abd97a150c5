import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, link, lstat, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { Readable } from 'node:stream'
import { describe, it } from 'node:test'
import { promisify } from 'node:util'
import { appendTo } from '../../lib/delivery/append.js'
import { acquire } from '../../lib/delivery/dotlock.js'
import { deliverMailbox, type MailboxOptions, type MailboxTarget } from '../../lib/delivery/mailbox.js'
import { readMessage } from '../../lib/delivery/read-message.js'
import type { MessageSource, Outcome } from '../../lib/delivery/types.js'
import { bodyOf, breakingMessage, ENVELOPE, inTemporaryDirectory, messageOf, splitMbox, summary } from './helpers.js'
import { withWorkers } from './workers.js'

const AT = new Date(1999, 0, 5, 16, 41, 58)
const OPTIONS: MailboxOptions = { lockWaitMs: 0, lockId: '', fsync: true, now: () => AT }
const HEAD =
  'From fred@example.com Tue Jan 05 16:41:58 1999\nReturn-Path: <fred@example.com>\nDelivered-To: bob@domain1.com\n'

function deliver(
  file: string,
  message: MessageSource,
  target: Partial<MailboxTarget> = {},
  options: Partial<MailboxOptions> = {},
): Promise<Outcome> {
  return deliverMailbox({ kind: 'mailbox', path: file, mbox: 'mboxrd', ...target }, message, ENVELOPE, {
    ...OPTIONS,
    ...options,
  })
}

function withDrop(test: (root: string, file: string) => Promise<void>): () => Promise<void> {
  return () => inTemporaryDirectory((root) => test(root, path.join(root, 'bob')))
}

function detailOf(outcome: Outcome): string {
  return outcome.state === 'delivered' ? '' : outcome.detail
}

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

  it('reads a long message no faster than it is written', async () => {
    let asked = 0
    function* pieces(): Generator<Buffer> {
      for (; asked < 1000; asked++) yield Buffer.alloc(1000)
    }
    const source = { size: 0, open: () => Readable.from(pieces(), { objectMode: false, highWaterMark: 1000 }) }
    const { read, close } = await readMessage(source, 10_000)
    assert.ok(!read.whole)
    let length = 0
    for await (const piece of read.pieces) {
      length += piece.length
      assert.ok(asked * 1000 <= length + 15_000)
    }
    assert.equal(length, 1_000_000)
    close()
  })

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
      const lock = await acquire(file, { waitMs: 0, staleMs: 300_000, lockId: '' })
      assert.ok(!('busy' in lock))
      const outcome = await deliver(file, messageOf('one\r\n'))
      assert.equal(summary(outcome), 'deferred 4.2.0')
      assert.ok(outcome.state === 'deferred')
      assert.equal(outcome.text, 'the mailbox is busy')
      assert.equal(existsSync(file), false)
      await lock.release()
    }),
  )

  it(
    'is deferred when the signal ends the wait',
    withDrop(async (_root, file) => {
      const outcome = await deliver(file, messageOf('one\r\n'), {}, { signal: AbortSignal.abort(new Error('stop')) })
      assert.equal(summary(outcome), 'deferred 4.3.0')
      assert.match(detailOf(outcome), /stop/)
    }),
  )
})

describe('hash directories', () => {
  it(
    'that are missing are made like the drop directory',
    withDrop(async (root) => {
      await chmod(root, 0o2751)
      const file = path.join(root, 'd', 'o', 'dom1_bob')
      assert.equal(summary(await deliver(file, messageOf('one\r\n'), { root })), 'delivered')
      for (const directory of [path.join(root, 'd'), path.join(root, 'd', 'o')]) {
        const made = await stat(directory)
        assert.equal(made.mode & 0o7777, 0o2751)
        assert.equal(made.uid, (await stat(root)).uid)
      }
      assert.equal(summary(await deliver(file, messageOf('two\r\n'), { root })), 'delivered')
    }),
  )

  const rows: readonly (readonly [string, (root: string) => { file: string; target: Partial<MailboxTarget> }])[] = [
    [
      'above the drop directory',
      (root) => ({ file: path.join(root, 'x', 'bob'), target: { root: path.join(root, 'in') } }),
    ],
    [
      'when the drop directory is missing',
      (root) => ({ file: path.join(root, 'x', 'b', 'bob'), target: { root: path.join(root, 'x') } }),
    ],
    ['for a file destination', (root) => ({ file: path.join(root, 'x', 'bob'), target: { root, kind: 'file' } })],
    ['when no drop directory is named', (root) => ({ file: path.join(root, 'x', 'bob'), target: {} })],
  ]
  for (const [name, place] of rows) {
    it(
      `are not made ${name}`,
      withDrop(async (root) => {
        const { file, target } = place(root)
        assert.equal(summary(await deliver(file, messageOf('one\r\n'), target)), 'deferred 4.3.5')
        assert.deepEqual(await readdir(root), [])
      }),
    )
  }
})

describe('what is no drop file', () => {
  const run = promisify(execFile)
  const rows: readonly (readonly [string, RegExp, (file: string) => Promise<unknown>])[] = [
    ['a symbolic link', /symbolic link/, (file) => symlink(`${file}.target`, file)],
    [
      'a symbolic link to a file',
      /symbolic link/,
      async (file) => {
        await writeFile(`${file}.target`, 'kept')
        await symlink(`${file}.target`, file)
      },
    ],
    [
      'a file with two names',
      /2 hard links/,
      async (file) => {
        await writeFile(`${file}.target`, 'kept')
        await link(`${file}.target`, file)
      },
    ],
    ['a directory', /directory/, (file) => mkdir(file)],
    ['a FIFO', /FIFO/, (file) => run('mkfifo', [file])],
  ]
  for (const [name, detail, make] of rows) {
    it(
      `${name} is left alone, and the message waits for the operator`,
      withDrop(async (root, file) => {
        await make(file)
        const before = await lstat(file)
        const outcome = await deliver(file, messageOf('one\r\n'))
        assert.equal(summary(outcome), 'deferred 4.3.5')
        assert.match(detailOf(outcome), detail)
        assert.ok(outcome.state === 'deferred' && !outcome.text.includes('/'))
        assert.equal((await lstat(file)).ino, before.ino)
        if (existsSync(`${file}.target`)) assert.equal(await readFile(`${file}.target`, 'utf8'), 'kept')
        assert.deepEqual(
          (await readdir(root)).filter((entry) => /^\.|\.lock$/.test(entry)),
          [],
        )
      }),
    )
  }

  it('a device is not even opened', async () => {
    const outcome = await appendTo('/dev/null', {
      head: Buffer.from(HEAD),
      body: Buffer.from('x\n'),
      mode: 0o600,
      fsync: true,
    })
    assert.equal(summary(outcome), 'deferred 4.3.5')
    assert.match(detailOf(outcome), /device/)
  })
})

describe('a message that breaks off while it is read', () => {
  const rows: readonly (readonly [string, number])[] = [
    ['short', 1000],
    ['long', 3_000_000],
  ]
  for (const [name, length] of rows) {
    it(
      `leaves a ${name} part neither in an old file nor as a new one`,
      withDrop(async (root, file) => {
        const message = breakingMessage(Buffer.alloc(length, 'x\r\n'))
        assert.equal(summary(await deliver(file, message)), 'deferred 4.3.0')
        assert.deepEqual(await readdir(root), [])
        await writeFile(file, 'old\n')
        const outcome = await deliver(file, message)
        assert.match(detailOf(outcome), /could not be read: input\/output error/)
        assert.equal(await readFile(file, 'utf8'), 'old\n')
        assert.equal(summary(await deliver(file, messageOf('one\r\n'))), 'delivered')
      }),
    )
  }
})
