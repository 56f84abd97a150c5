import assert from 'node:assert/strict'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'
import type { QueueRow } from '../../lib/queue/shown.js'
import type { SpooledItem } from '../../lib/spool/item.js'
import { rowOf } from '../../lib/queue/rows.js'
import { showMessage } from '../../lib/queue/show.js'
import { tempDir } from '../support/cleanup.js'
import { fakeSight, idOf, type FakeMessage, type FakeSight } from './sight.js'

const LATER = Date.now() + 3_600_000
const SUSPENDED = [
  { domain: 'off.example.com', reason: 'away' },
  { domain: '*', at: 'dmail.conf:3', untilMs: LATER },
]

function row(message: FakeMessage, held = false): QueueRow {
  const sight = fakeSight([message], message.to.endsWith('@open.example.com') ? [] : SUSPENDED)
  if (held) sight.held.add(idOf(0))
  const [entry] = [...sight.index.all()]
  assert.ok(entry !== undefined)
  return rowOf(sight, { entry, header: sight.headers.get(entry.file) })
}

function work(work: SpooledItem['work']): SpooledItem {
  return { version: 1, work, clientIp: '', messageId: '' }
}

function copy(destination: Extract<SpooledItem['work'], { kind: 'deliver' }>['copy']['destination']): SpooledItem {
  return work({ kind: 'deliver', copy: { original: 'bob@domain1.com', found: 'bob@domain1.com', destination } })
}

describe('the state of a message, and its next try', () => {
  const rows: readonly [
    what: string,
    message: FakeMessage,
    held: boolean,
    state: QueueRow['state'],
    next: number | undefined,
  ][] = [
    ['waits for its time', { to: 'a@open.example.com', entry: { dueMs: 7000 } }, false, 'waiting', 7000],
    ['in line', { to: 'a@open.example.com', entry: { stage: 'starting', dueMs: 7000 } }, false, 'starting', 7000],
    ['being sent', { to: 'a@open.example.com', entry: { stage: 'sending', dueMs: 7000 } }, false, 'sending', undefined],
    ['suspended for good', { to: 'a@off.example.com', entry: { dueMs: 7000 } }, false, 'suspended', undefined],
    ['suspended until a time', { to: 'a@example.com', entry: { dueMs: 7000 } }, false, 'suspended', LATER],
    [
      'suspended, but asked for and in line',
      { to: 'a@off.example.com', entry: { stage: 'starting', dueMs: 7000 } },
      false,
      'starting',
      7000,
    ],
    ['held', { to: 'a@open.example.com', entry: { dueMs: 7000 } }, true, 'held', undefined],
    ['held and suspended', { to: 'a@off.example.com' }, true, 'held', undefined],
    [
      'held while it is being sent',
      { to: 'a@off.example.com', entry: { stage: 'sending' } },
      true,
      'sending',
      undefined,
    ],
    [
      'for a local domain is not suspended by *',
      { to: 'a@home.example.com', entry: { dueMs: 7000 } },
      false,
      'waiting',
      7000,
    ],
  ]
  for (const [what, message, held, state, next] of rows) {
    it(`${what}: ${state}`, () => {
      const found = row(message, held)
      assert.deepEqual([found.state, found.nextMs], [state, next])
      assert.equal(found.suspension === undefined, state !== 'suspended')
    })
  }
})

describe('the kind of a message', () => {
  const root = '/var/mail'
  const rows: readonly [what: string, message: FakeMessage, kind: QueueRow['kind'], work: string | undefined][] = [
    ['mail that leaves', { to: 'a@example.com' }, 'remote', undefined],
    ['a report for a user of ours', { to: 'a@home.example.com' }, 'mailbox', undefined],
    [
      'a drop file',
      { to: 'a@home.example.com', note: copy({ kind: 'mailbox', user: 'bob', path: '/var/mail/bob', root }) },
      'mailbox',
      '/var/mail/bob',
    ],
    ['a file', { to: 'a@home.example.com', note: copy({ kind: 'file', path: '/srv/log' }) }, 'file', '/srv/log'],
    [
      'a robot',
      { to: 'a@home.example.com', note: copy({ kind: 'robot', argv: ['/bin/help', '-s', 'two words', ''] }) },
      'robot',
      '/bin/help -s "two words" ""',
    ],
  ]
  for (const [what, message, kind, about] of rows) {
    it(`${what}: ${kind}`, () => {
      const found = row(message)
      assert.deepEqual([found.kind, found.work], [kind, about])
    })
  }
})

describe('show', () => {
  const FILE = '1000_1000_0_77_M0_1_host'

  function onDisk(content: string | undefined): FakeSight {
    const sight = { ...fakeSight([{ to: 'a@example.com' }]), directory: tempDir('show') }
    if (content !== undefined) writeFileSync(path.join(sight.directory, FILE), `head${content}`)
    return sight
  }

  const rows: readonly [what: string, content: string | undefined, headers: string][] = [
    ['the header section without the text', 'Subject: x\r\nTo: a\r\n\r\nSecret: y\r\n', 'Subject: x\r\nTo: a'],
    ['line ends of another kind', 'Subject: x\n\nSecret: y\n', 'Subject: x'],
    ['a message that is all headers', 'Subject: x\r\n', 'Subject: x\r\n'],
    ['letters of any language', 'Subject: é\r\n\r\n', 'Subject: é'],
    ['the file is gone', undefined, ''],
  ]
  for (const [what, content, headers] of rows) {
    it(what, async () => {
      const detail = await showMessage(onDisk(content), idOf(0))
      assert.deepEqual([detail?.headers, detail?.file, detail?.pid, detail?.id], [headers, FILE, 77, idOf(0)])
    })
  }

  it('no more than 64 KiB of it', async () => {
    const detail = await showMessage(onDisk(`X: ${'x'.repeat(100_000)}\r\n\r\n`), idOf(0))
    assert.equal(detail?.headers.length, 64 * 1024)
  })

  it('never follows a link, nor reads a folder', async () => {
    const linked = onDisk(undefined)
    writeFileSync(path.join(linked.directory, 'secret'), 'headroot: x\n\n')
    symlinkSync('secret', path.join(linked.directory, FILE))
    assert.equal((await showMessage(linked, idOf(0)))?.headers, '')
    const folder = onDisk(undefined)
    mkdirSync(path.join(folder.directory, FILE))
    assert.equal((await showMessage(folder, idOf(0)))?.headers, '')
  })

  it('a message that is not here', async () => {
    assert.equal(await showMessage(onDisk(undefined), 'zz'), undefined)
  })
})
