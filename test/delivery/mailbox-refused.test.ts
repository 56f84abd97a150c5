import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, link, lstat, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, it } from 'node:test'
import { promisify } from 'node:util'
import type { MailboxTarget } from '../../lib/delivery/mailbox.js'
import { openDropFile } from '../../lib/delivery/open.js'
import { breakingMessage, messageOf, summary } from './helpers.js'
import { deliver, detailOf, withDrop } from './drop.js'

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

  it('a device is not even opened', () => {
    // Beside a device of the system no lock could be made by everybody.
    assert.deepEqual(openDropFile('/dev/null', { mode: 0o600 }), { refused: 'it is a device' })
  })
})

describe('a message that cannot be read', () => {
  it(
    'is left neither in an old file nor as a new one',
    withDrop(async (root, file) => {
      const message = breakingMessage('')
      assert.equal(summary(await deliver(file, message)), 'deferred 4.3.0')
      assert.deepEqual(await readdir(root), [])
      await writeFile(file, 'old\n')
      const outcome = await deliver(file, message)
      assert.match(detailOf(outcome), /the message could not be read: EISDIR/)
      assert.equal(await readFile(file, 'utf8'), 'old\n')
      assert.equal(summary(await deliver(file, messageOf('one\r\n'))), 'delivered')
    }),
  )
})
