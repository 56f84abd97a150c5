import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { actionText, countText, detailText, LIST_HEAD, rowText } from '../../lib/text/queue.js'
import type { ActionResult, QueueDetail, QueueRow } from '../../lib/queue/shown.js'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const NOW = new Date(2026, 10, 25, 12, 0).getTime()
const WIDE = { nowMs: NOW, width: undefined }

const ROW: QueueRow = {
  id: 'mie3k2a1AbCdEf',
  uuid: 'A1B2C3D4-0000-1111-2222-333344445555.1.1',
  domain: 'example.com',
  sender: 'bob@domain1.com',
  recipients: ['fred@example.com'],
  bytes: 4200,
  arrivedMs: NOW - 5 * HOUR,
  attempts: 3,
  state: 'waiting',
  nextMs: NOW + 70 * MINUTE,
  reason: '450 4.2.0 mailbox busy, try later',
  kind: 'remote',
}

/** The row and these changes, below the head of the list. */
function listed(changes: Partial<QueueRow>, width?: number): string {
  return `\n${LIST_HEAD}\n${rowText({ ...ROW, ...changes }, { nowMs: NOW, width })}\n`
}

describe('a row of the queue', () => {
  const waiting: Partial<QueueRow> = { attempts: 0, reason: '' }
  const rows: readonly (readonly [string, Partial<QueueRow>, string])[] = [
    [
      'that waits after failed attempts',
      {},
      `
ID               AGE   SIZE  STATE      SENDER -> RECIPIENTS
mie3k2a1AbCdEf    5h   4.1k  waiting    bob@domain1.com -> fred@example.com
                tried 3 times, next try in 1h; last reason: 450 4.2.0 mailbox busy, try later
`,
    ],
    [
      'without a sender, tried once, whose time has come',
      { sender: '', attempts: 1, nextMs: NOW - 1, reason: 'getaddrinfo ENOTFOUND example.com' },
      `
ID               AGE   SIZE  STATE      SENDER -> RECIPIENTS
mie3k2a1AbCdEf    5h   4.1k  waiting    <> -> fred@example.com
                tried once, next try now; last reason: getaddrinfo ENOTFOUND example.com
`,
    ],
    [
      'that dmail.conf suspends',
      { ...waiting, state: 'suspended', suspension: { domain: '*.com', at: 'dmail.conf:12' } },
      `
ID               AGE   SIZE  STATE      SENDER -> RECIPIENTS
mie3k2a1AbCdEf    5h   4.1k  suspended  bob@domain1.com -> fred@example.com
                suspended by dmail.conf:12
`,
    ],
    [
      'that an operator suspends',
      {
        ...waiting,
        state: 'suspended',
        suspension: { domain: 'example.com', reason: 'they move', untilMs: new Date(2026, 11, 24, 18).getTime() },
      },
      `
ID               AGE   SIZE  STATE      SENDER -> RECIPIENTS
mie3k2a1AbCdEf    5h   4.1k  suspended  bob@domain1.com -> fred@example.com
                suspended by an operator (they move) until 2026-12-24 18:00
`,
    ],
    [
      'that is held',
      { ...waiting, state: 'held' },
      `
ID               AGE   SIZE  STATE      SENDER -> RECIPIENTS
mie3k2a1AbCdEf    5h   4.1k  held       bob@domain1.com -> fred@example.com
                held until it is released
`,
    ],
    [
      'that is work of this machine',
      { kind: 'mailbox', work: '/var/dmail/in/fred', attempts: 2, reason: 'The mailbox is full' },
      `
ID               AGE   SIZE  STATE      SENDER -> RECIPIENTS
mie3k2a1AbCdEf    5h   4.1k  waiting    bob@domain1.com -> fred@example.com
                tried 2 times, next try in 1h, mailbox /var/dmail/in/fred; last reason: The mailbox is full
`,
    ],
    [
      'that tries to draw on the screen',
      {
        sender: 'a\u001b]0;x\u0007@domain1.com',
        recipients: ['b\nc@example.com'],
        attempts: 1,
        reason: '550 \u001b[31mno\r',
        kind: 'robot',
        work: 'say \u009b1m',
      },
      `
ID               AGE   SIZE  STATE      SENDER -> RECIPIENTS
mie3k2a1AbCdEf    5h   4.1k  waiting    a\\x1b]0;x\\x07@domain1.com -> b\\x0ac@example.com
                tried once, next try in 1h, robot say \\x9b1m; last reason: 550 \\x1b[31mno\\x0d
`,
    ],
  ]
  for (const [what, changes, text] of rows)
    it(what, () => {
      assert.equal(listed(changes), text)
    })

  it('says what goes on where it is not waiting', () => {
    const second = (changes: Partial<QueueRow>): string | undefined =>
      rowText({ ...ROW, ...waiting, ...changes }, WIDE)
        .split('\n')[1]
        ?.trim()
    assert.equal(second({ state: 'starting' }), 'in line for a try')
    assert.equal(second({ state: 'sending' }), 'being tried')
  })

  it('is folded where the line has an end', () => {
    const recipients = ['fred', 'john', 'ann', 'mary'].map((user) => `${user}@example.com`)
    assert.equal(
      listed({ recipients, reason: '450 4.2.0 the mailbox is busy for a reason that takes a while to tell' }, 80),
      `
ID               AGE   SIZE  STATE      SENDER -> RECIPIENTS
mie3k2a1AbCdEf    5h   4.1k  waiting    bob@domain1.com -> fred@example.com +3
                tried 3 times, next try in 1h; last reason: 450 4.2.0 the
                mailbox is busy for a reason that takes a while to tell
`,
    )
  })

  it('shows as many recipients as there is room for', () => {
    const recipients = ['a@x.com', 'b@x.com', 'c@x.com', 'd@x.com']
    const first = (width: number): string | undefined => listed({ recipients }, width).split('\n')[2]
    assert.match(first(93) ?? '', / -> a@x\.com, b@x\.com, c@x\.com, d@x\.com$/)
    assert.match(first(92) ?? '', / -> a@x\.com, b@x\.com, c@x\.com \+1$/)
    assert.match(first(80) ?? '', / -> a@x\.com, b@x\.com \+2$/)
  })
})

describe('the last line of a list', () => {
  const whole = { workers: 1, missing: 0, complete: true }
  const rows: readonly (readonly [string, Parameters<typeof countText>[0], string])[] = [
    ['of nothing', { ...whole, count: 0 }, 'no messages'],
    ['of one message', { ...whole, count: 1 }, '1 message'],
    ['of several workers', { ...whole, workers: 3, count: 12 }, '12 messages in 3 workers'],
    [
      'without what a worker has',
      { workers: 2, missing: 1, complete: true, count: 12 },
      '12 messages in 2 workers; there may be more: 1 of 3 workers did not answer',
    ],
    [
      'while the queue is read',
      { ...whole, complete: false, count: 12 },
      '12 messages; there may be more: the queue is still being read after a start',
    ],
  ]
  for (const [what, result, text] of rows)
    it(what, () => {
      assert.equal(countText(result), text)
    })
})

describe('one message', () => {
  const detail: QueueDetail = {
    ...ROW,
    recipients: ['fred@example.com', 'john@example.com'],
    file: '1764068400000_1764072600000_3_4711_AbCdEf_2_mail',
    pid: 4711,
    headers: 'Received: from x\r\n\tby y\r\nSubject: \u001b[2Jhello\r\n\r\n',
  }
  it('with its envelope, state and headers', () => {
    assert.equal(
      detailText(detail, NOW),
      `id           mie3k2a1AbCdEf
message      A1B2C3D4-0000-1111-2222-333344445555.1.1
state        waiting, next try in 1h
arrived      2026-11-25 07:00, 5h ago
sender       bob@domain1.com
recipient    fred@example.com
recipient    john@example.com
domain       example.com
size         4.1k
tries        3
last reason  450 4.2.0 mailbox busy, try later
file         1764068400000_1764072600000_3_4711_AbCdEf_2_mail
process      4711

Received: from x
\tby y
Subject: \\x1b[2Jhello`,
    )
  })

  it('that is suspended', () => {
    const suspension = { domain: 'example.com', at: 'dmail.conf:12' }
    const text = detailText({ ...detail, state: 'suspended', suspension }, NOW)
    assert.match(text, /^state {8}suspended by dmail\.conf:12$/m)
  })

  it('that is work of this machine and was never tried', () => {
    const text = detailText({ ...detail, kind: 'robot', work: '/bin/answer bob', reason: '', attempts: 0 }, NOW)
    assert.match(text, /^work {9}robot \/bin\/answer bob$/m)
    assert.doesNotMatch(text, /last reason/)
  })
})

describe('what became of an action', () => {
  const all: ActionResult = { workers: 1, missing: 0, complete: true, done: 3, skipped: 0, examples: [] }
  const rows: readonly (readonly [string, Parameters<typeof actionText>, string])[] = [
    ['all tried', ['send', all], '3 messages tried now'],
    ['one released', ['release', { ...all, done: 1 }], '1 message released: tried now unless the domain is suspended'],
    ['all held', ['hold', all], '3 messages held: nothing is tried until "dmail queue release"'],
    ['all dropped', ['drop', all], '3 messages dropped: gone for good, without a report to the sender'],
    ['nothing matched', ['drop', { ...all, done: 0 }], 'no message matches: nothing was done'],
    ['nothing is held', ['release', { ...all, done: 0 }], 'no held message matches: nothing was done'],
    [
      'some skipped',
      ['send', { ...all, skipped: 3, examples: [{ id: 'mie3k2a1AbCdEf', why: 'is held: release it first' }] }],
      '3 messages tried now\n3 messages skipped:\n  mie3k2a1AbCdEf is held: release it first\n  and 2 more',
    ],
    [
      'all skipped',
      ['drop', { ...all, done: 0, skipped: 1, examples: [{ id: 'mie3k2a1AbCdEf', why: 'is being sent' }] }],
      '1 message skipped:\n  mie3k2a1AbCdEf is being sent',
    ],
    [
      'a worker is missing',
      ['hold', { ...all, missing: 1 }],
      '3 messages held: nothing is tried until "dmail queue release"\n' +
        'there may be more that match: 1 of 2 workers did not answer',
    ],
  ]
  for (const [what, given, text] of rows)
    it(what, () => {
      assert.equal(actionText(...given), text)
    })
})
