import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { describe, it } from 'node:test'
import { parseMoment } from '../../lib/conf/moment.js'
import { judgeForUser, judgeMessage } from '../../lib/respond/decide.js'
import { MAX_HEAD, readHead, type MessageHead } from '../../lib/respond/head.js'
import type { ReplySettings, WrittenMoment } from '../../lib/respond/settings.js'
import type { Because } from '../../lib/respond/silence.js'
import { address, head, headOf, NOW, settings } from './scene.js'

type Answer = Because | 'answer'

function decide(message: MessageHead, sender: string | undefined, given: ReplySettings = settings()): Answer {
  const judged = judgeMessage(message, sender)
  if ('because' in judged) return judged.because
  return judgeForUser(message, judged, given, NOW)?.because ?? 'answer'
}

function moment(text: string): WrittenMoment {
  const parsed = parseMoment(text)
  assert.ok(parsed !== undefined)
  return { ...parsed, text }
}

describe('drespond answers (RFC 3834 2)', () => {
  type Row = readonly [what: string, fields: readonly string[], answer: Answer]
  const rows: readonly Row[] = [
    ['a message from a person', [], 'answer'],
    ['one with Auto-Submitted: no', ['Auto-Submitted: no'], 'answer'],
    ['one with Auto-Submitted: No and a comment', ['Auto-Submitted: (by hand) No (really); x=y'], 'answer'],
    ['not what a program wrote', ['Auto-Submitted: auto-generated'], 'automatic'],
    ['not what a program answered', ['Auto-Submitted: auto-replied; owner-email="a@b"'], 'automatic'],
    ['not what has a keyword of the future', ['AUTO-SUBMITTED: auto-notified'], 'automatic'],
    ['not what has an empty Auto-Submitted', ['Auto-Submitted:'], 'automatic'],
    [
      'not what is said to be by hand and by a program',
      ['Auto-Submitted: no', 'Auto-Submitted: auto-replied'],
      'automatic',
    ],
    ['not a message of a list that says its id', ['List-Id: <l.example.com>'], 'list'],
    ['not a message of a list that can be left', ['List-Unsubscribe: <mailto:l@example.com>'], 'list'],
    ['not a message of a list that takes posts', ['LIST-POST: NO'], 'list'],
    ['not a message with a List- field of the future', ['List-Something: x'], 'list'],
    ['not a message of a list with a blank before its colon', ['List-Id : <l.example.com>'], 'list'],
    ['not a message of an old list', ['X-Mailing-List: <l@example.com>'], 'list'],
    ['not bulk mail', ['Precedence: bulk'], 'bulk'],
    ['not list mail', ['Precedence: List'], 'bulk'],
    ['not junk', ['precedence: (really) junk'], 'bulk'],
    ['first-class mail', ['Precedence: first-class'], 'answer'],
    ['not what another autoresponder marks', ['X-Autoreply: yes'], 'automatic'],
    ['not what Exchange wants no answer to', ['X-Auto-Response-Suppress: DR, OOF, AutoReply'], 'automatic'],
    ['not what wants no automatic answer of any kind', ['X-Auto-Response-Suppress: All'], 'automatic'],
    ['what wants no receipts only', ['X-Auto-Response-Suppress: DR, RN, NRN'], 'answer'],
    [
      'not a delivery report, whoever sends it',
      ['Content-Type: multipart/report; report-type=delivery-status'],
      'report',
    ],
    ['not a receipt', ['Content-Type: Multipart/Report; report-type=disposition-notification'], 'report'],
    ['a message of several parts', ['Content-Type: multipart/mixed; boundary="multipart/report"'], 'answer'],
    ['not what is marked as spam', ['X-Spam-Flag: YES'], 'spam'],
    ['what is marked as no spam', ['X-Spam-Flag: NO'], 'answer'],
    ['not what has a folded field of a list', ['List-Id:', '\t<l.example.com>'], 'list'],
    ['what has the words of a list in another field', ['X-Note: List-Id', ' List-Id: continued'], 'answer'],
  ]
  for (const [what, fields, answer] of rows) {
    it(what, () => {
      assert.equal(decide(head(...fields), 'ann@example.com'), answer)
    })
  }
})

describe('drespond answers a sender', () => {
  const rows: readonly (readonly [who: string, sender: string | undefined, answer: Answer])[] = [
    ['who is a person', 'ann@example.com', 'answer'],
    ['not the null sender', '', 'null sender'],
    ['not the null sender in brackets', '<>', 'null sender'],
    ['not what is no address', 'ann', 'no sender'],
    ['not two addresses', 'ann@example.com,eve@example.com', 'no sender'],
    ['not with a line of its own', 'ann@example.com\r\nRCPT TO:<eve@example.com>', 'no sender'],
    ['not MAILER-DAEMON', 'MAILER-DAEMON@example.com', 'no person'],
    ['not mailer-daemon in small letters', 'mailer-daemon@example.com', 'no person'],
    ['not the postmaster', 'postmaster@example.com', 'no person'],
    ['not the owner of a list', 'owner-list@example.com', 'no person'],
    ['not the owner of a list, the other way round', 'list-owner@example.com', 'no person'],
    ['not the commands of a list', 'list-request@example.com', 'no person'],
    ['not the commands of a list with a tag', 'list-request+confirm@example.com', 'no person'],
    ['not the bounces of a list', 'list-bounces@example.com', 'no person'],
    ['not bounces with a tag (VERP)', 'list-bounces+bob=domain1.com@example.com', 'no person'],
    ['not a bounce address with a number', 'bounce-12345-bob@news.example.com', 'no person'],
    ['not a bounce address alone', 'Bounce@example.com', 'no person'],
    ['not ezmlm', 'list-return-17-bob=domain1.com@example.com', 'no person'],
    ['not majordomo', 'majordomo@example.com', 'no person'],
    ['not who wants no reply', 'no-reply@example.com', 'no person'],
    ['not who wants no reply, in another way', 'DoNotReply@example.com', 'no person'],
    ['not bounces behind a signature (BATV)', 'prvs=1234abcd=list-bounces@example.com', 'no person'],
    ['who signs his address (BATV)', 'prvs=1234abcd=ann@example.com', 'answer'],
    ['who is forwarded (SRS)', 'SRS0=hash=tt=example.com=ann@forwarder.example', 'answer'],
    ['whose name only begins like a program', 'bouncer@example.com', 'answer'],
    ['whose name only ends like an owner', 'landowner@example.com', 'answer'],
    ['with a name of another script', 'jörg@example.com', 'answer'],
    ['not himself', 'bob@domain1.com', 'own mail'],
    ['not himself in capitals', 'BOB@DOMAIN1.COM', 'own mail'],
    ['not himself behind a signature', 'prvs=1234abcd=bob@domain1.com', 'own mail'],
  ]
  for (const [who, sender, answer] of rows) {
    it(who, () => {
      assert.equal(decide(head(), sender), answer)
    })
  }

  it('by Return-Path where the envelope is not known', () => {
    assert.equal(decide(head('Return-Path: <ann@example.com>'), undefined), 'answer')
    assert.equal(decide(head('Return-Path: (none) <>'), undefined), 'null sender')
    assert.equal(decide(head('Return-Path: <owner-list@example.com>'), undefined), 'no person')
    assert.equal(decide(head(), undefined), 'no sender')
  })

  it('of the envelope, whatever Return-Path says', () => {
    assert.equal(decide(head('Return-Path: <ann@example.com>'), ''), 'null sender')
  })

  it('not at an address of his that he named', () => {
    assert.equal(decide(head(), 'robert@domain1.com', settings({ addresses: 'robert@domain1.com' })), 'own mail')
  })

  it('of his domain, where all of it counts as his', () => {
    assert.equal(decide(head(), 'fred@domain1.com', settings({ addresses: '*@domain1.com' })), 'answer')
  })
})

describe('drespond answers mail', () => {
  type Row = readonly [what: string, fields: readonly string[], answer: Answer, addresses?: string]
  const rows: readonly Row[] = [
    ['that names the user in To', ['To: bob@domain1.com'], 'answer'],
    ['in Cc', ['To: fred@domain1.com', 'Cc: "Smith, Bob" <Bob@Domain1.COM>'], 'answer'],
    ['in Bcc', ['Bcc: bob@domain1.com'], 'answer'],
    ['in Resent-To', ['To: fred@domain1.com', 'Resent-To: bob@domain1.com'], 'answer'],
    ['in Resent-Cc', ['Resent-Cc: bob@domain1.com'], 'answer'],
    ['in Resent-Bcc', ['Resent-Bcc: bob@domain1.com'], 'answer'],
    ['in the second To', ['To: fred@domain1.com', 'To: bob@domain1.com'], 'answer'],
    ['in a folded list', ['To: fred@domain1.com,', ' Bob <bob@domain1.com>'], 'answer'],
    ['in a group', ['To: friends: fred@domain1.com, bob@domain1.com;'], 'answer'],
    ['behind a source route', ['To: <@relay.example:bob@domain1.com>'], 'answer'],
    ['behind a comment', ['To: (to (Bob)) bob@domain1.com'], 'answer'],
    ['not where nobody is named', [], 'not addressed'],
    ['not where others are named', ['To: fred@domain1.com'], 'not addressed'],
    ['not where a list is named', ['To: undisclosed-recipients:;'], 'not addressed'],
    ['not where he is named in From only', ['From: bob@domain1.com', 'To: fred@domain1.com'], 'not addressed'],
    ['not where he is a display name', ['To: "bob@domain1.com" <fred@domain1.com>'], 'not addressed'],
    ['not where he is in a comment', ['To: fred@domain1.com (bob@domain1.com)'], 'not addressed'],
    ['not where a longer address ends like his', ['To: not.bob@domain1.com'], 'not addressed'],
    ['not where a longer domain begins like his', ['To: bob@domain1.com.example'], 'not addressed'],
    ['not where Delivered-To names him', ['Delivered-To: bob@domain1.com', 'To: fred@domain1.com'], 'not addressed'],
    ['to another address of his', ['To: robert@domain1.com'], 'answer', 'rob@domain1.com, robert@domain1.com'],
    ['to a pattern of his', ['To: bob+tag@domain1.com'], 'answer', 'bob+*@domain1.com'],
    [
      'not to what he takes out of a pattern',
      ['To: fred@domain1.com'],
      'not addressed',
      '*@domain1.com,!fred@domain1.com',
    ],
    ['to a domain in another form', ['To: bob@bücher.example'], 'answer', 'bob@xn--bcher-kva.example'],
  ]
  for (const [what, fields, answer, addresses] of rows) {
    it(what, () => {
      const given = settings(addresses === undefined ? {} : { addresses })
      assert.equal(decide(headOf(...fields), 'ann@example.com', given), answer)
    })
  }
})

describe('drespond answers in time', () => {
  const rows: readonly (readonly [when: string, start: string | undefined, end: string | undefined, answer: Answer])[] =
    [
      ['from the first day on', '2026-11-25', undefined, 'answer'],
      ['not the day before', '2026-11-26', undefined, 'too early'],
      ['to the end of the last day', undefined, '2026-11-25', 'answer'],
      ['not the day after', undefined, '2026-11-24', 'over'],
      ['from the minute on', '2026-11-25T12:00', undefined, 'answer'],
      ['not a minute before', '2026-11-25T12:01', undefined, 'too early'],
      ['before the minute', undefined, '2026-11-25T12:01', 'answer'],
      ['not at the minute', undefined, '2026-11-25T12:00', 'over'],
    ]
  for (const [when, start, end, answer] of rows) {
    it(when, () => {
      const given = settings({
        start: start === undefined ? undefined : moment(start),
        end: end === undefined ? undefined : moment(end),
      })
      assert.equal(decide(head(), 'ann@example.com', given), answer)
    })
  }
})

describe('the head of a message', () => {
  async function read(pieces: readonly (string | Buffer)[]): Promise<{ message: MessageHead; stream: PassThrough }> {
    const stream = new PassThrough()
    const message = readHead(stream)
    for (const piece of pieces) stream.write(piece)
    stream.end()
    return { message: await message, stream }
  }

  it('ends at the blank line, however it is cut, and the rest is read and let go', async () => {
    const { message, stream } = await read(['To: bob@dom', 'ain1.com\r', '\n\r', '\nList-Id: x\n', 'y'.repeat(100_000)])
    assert.deepEqual(message.names, ['to'])
    assert.deepEqual(message.all('To'), ['bob@domain1.com'])
    assert.ok(message.whole && stream.readableEnded)
  })

  it('may begin with the From line of an mbox, and may have no text behind it', async () => {
    const { message } = await read(['From ann@example.com Wed Nov 25 12:00:00 2026\nTo: bob@domain1.com\n'])
    assert.deepEqual(message.names, ['to'])
    assert.ok(message.whole)
  })

  it('has UTF-8, and Latin-1 where it is none', async () => {
    const { message } = await read(['A: Grüße\n', Buffer.from('B: Gr\xfc\xdfe\n', 'latin1'), '\n'])
    assert.deepEqual([message.all('a'), message.all('b')], [['Grüße'], ['Grüße']])
  })

  it('that does not end is not answered: a List-Id may stand behind what was read', async () => {
    const line = `X-Pad: ${'x'.repeat(1000)}\n`
    const { message } = await read([
      'To: bob@domain1.com\n',
      ...Array.from({ length: Math.ceil(MAX_HEAD / line.length) + 1 }, () => line),
      '\n',
    ])
    assert.equal(decide(message, 'ann@example.com'), 'strange head')
  })

  it('of somebody who is a person says who', () => {
    assert.deepEqual(judgeMessage(head(), 'Ann@Example.com'), address('Ann@Example.com'))
  })
})
