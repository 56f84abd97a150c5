import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { delayedNews, failedNews, takenNews, type Attempt, type HopAnswer } from '../../lib/dsn/attempt-news.js'
import type { Party } from '../../lib/dsn/party.js'

const BOB: Party = { given: 'bob@example.com' }
/** Wrote to bob; a rule sent the mail to the address of the attempt. */
const TARGET = 'john@provider.net'

function answered(code: string, status: string | undefined, text: string, host?: string): Attempt {
  const answer: HopAnswer = { code, status, text, host }
  return { address: BOB.given, answer, status: undefined, text: undefined }
}

function ours(status: string | undefined, text: string | undefined): Attempt {
  return { address: BOB.given, answer: undefined, status, text }
}

interface Shown {
  readonly status: string
  readonly reason: string
  readonly diagnostic?: string
  readonly remoteMta?: string
}

describe('the news of one given up', () => {
  const rows: readonly [sentence: string, attempt: Attempt, expired: boolean, shown: Shown][] = [
    [
      "in the next hop's words",
      answered('550', '5.1.1', 'no such user', 'mx.example.com'),
      false,
      {
        status: '5.1.1',
        reason: '550 5.1.1 no such user',
        diagnostic: 'smtp; 550 5.1.1 no such user',
        remoteMta: 'mx.example.com',
      },
    ],
    [
      'without an enhanced status, of class 5 in general',
      answered('554', undefined, 'go away', 'mx.example.com'),
      false,
      { status: '5.0.0', reason: '554 go away', diagnostic: 'smtp; 554 go away', remoteMta: 'mx.example.com' },
    ],
    [
      'that said a number only, of a host without a name',
      answered('550', undefined, ''),
      false,
      { status: '5.0.0', reason: '550', diagnostic: 'smtp; 550' },
    ],
    [
      'after answers of class 4: class 5 with the same detail (D7), in time, and why',
      answered('452', '4.2.2', 'mailbox full', 'mx.example.com'),
      true,
      {
        status: '5.2.2',
        reason: 'It could not be delivered in time. The last reason: 452 4.2.2 mailbox full',
        diagnostic: 'smtp; 452 4.2.2 mailbox full',
        remoteMta: 'mx.example.com',
      },
    ],
    [
      'after an answer of class 4 without a status: too late',
      answered('451', undefined, 'later', 'mx.example.com'),
      true,
      {
        status: '5.4.7',
        reason: 'It could not be delivered in time. The last reason: 451 later',
        diagnostic: 'smtp; 451 later',
        remoteMta: 'mx.example.com',
      },
    ],
    [
      'without any answer: too late',
      ours(undefined, undefined),
      true,
      { status: '5.4.7', reason: 'It could not be delivered in time' },
    ],
    [
      'with words of our own: of a drop file that stayed full (D7)',
      ours('4.2.2', 'The mailbox is full'),
      true,
      {
        status: '5.2.2',
        reason: 'It could not be delivered in time. The last reason: The mailbox is full',
        diagnostic: 'x-dmail; The mailbox is full',
      },
    ],
    [
      'of what a robot said (D9)',
      ours('5.3.0', 'The program failed: no such ticket'),
      false,
      {
        status: '5.3.0',
        reason: 'The program failed: no such ticket',
        diagnostic: 'x-dmail; The program failed: no such ticket',
      },
    ],
    [
      'of words without a status',
      ours(undefined, 'No Such Domain: example.com'),
      false,
      {
        status: '5.0.0',
        reason: 'No Such Domain: example.com',
        diagnostic: 'x-dmail; No Such Domain: example.com',
      },
    ],
    ['with nothing known', ours(undefined, undefined), false, { status: '5.0.0', reason: 'It cannot be sent on' }],
    [
      'at an IPv4 address: a domain literal (RFC 3464 2.1.2)',
      answered('550', '5.1.1', 'no', '192.0.2.1'),
      false,
      { status: '5.1.1', reason: '550 5.1.1 no', diagnostic: 'smtp; 550 5.1.1 no', remoteMta: '[192.0.2.1]' },
    ],
    [
      'at an IPv6 address: a domain literal (RFC 5321 4.1.3)',
      answered('550', '5.1.1', 'no', '2001:db8::1'),
      false,
      { status: '5.1.1', reason: '550 5.1.1 no', diagnostic: 'smtp; 550 5.1.1 no', remoteMta: '[IPv6:2001:db8::1]' },
    ],
  ]
  for (const [sentence, attempt, expired, shown] of rows) {
    it(sentence, () => {
      assert.deepEqual(failedNews(BOB, attempt, expired), { party: BOB, event: 'failed', ...shown })
    })
  }

  it('names the recipient in the form it was given in, without hiding anything', () => {
    const party = { given: 'Bob@EXAMPLE.com' }
    const news = failedNews(party, answered('550', '5.1.1', 'bob@example.com unknown', 'mx.example.com'), false)
    assert.equal(news.reason, '550 5.1.1 bob@example.com unknown')
    assert.equal(news.remoteMta, 'mx.example.com')
  })

  it('names no target the sender does not know, and no host', () => {
    const attempt = {
      ...answered(
        '550',
        '5.1.1',
        '<john@provider.net>: no john at provider.net, says mx1.provider.net',
        'mx1.provider.net',
      ),
      address: TARGET,
    }
    const words = '550 5.1.1 <bob@example.com>: no (hidden) at (hidden), says (hidden)'
    for (const expired of [false, true]) {
      const { reason, diagnostic, remoteMta } = failedNews(BOB, attempt, expired)
      assert.equal(reason, `${expired ? 'It could not be delivered in time. The last reason: ' : ''}${words}`)
      assert.equal(diagnostic, `smtp; ${words}`)
      assert.equal(remoteMta, undefined)
    }
  })
})

describe('the news of a delay', () => {
  const UNTIL = 1_800_000_000_000
  const rows: readonly [sentence: string, attempt: Attempt, shown: Shown][] = [
    [
      "in the next hop's words",
      answered('450', '4.2.0', 'busy', 'mx.example.com'),
      { status: '4.2.0', reason: '450 4.2.0 busy', diagnostic: 'smtp; 450 4.2.0 busy', remoteMta: 'mx.example.com' },
    ],
    [
      'without an enhanced status, of class 4 in general',
      answered('421', undefined, 'bye', 'mx.example.com'),
      { status: '4.0.0', reason: '421 bye', diagnostic: 'smtp; 421 bye', remoteMta: 'mx.example.com' },
    ],
    [
      'of a host that was not reached',
      ours(undefined, undefined),
      { status: '4.4.1', reason: 'its mail server could not be reached' },
    ],
    [
      'of work here, in our words',
      ours('4.2.2', 'The mailbox is full'),
      { status: '4.2.2', reason: 'The mailbox is full', diagnostic: 'x-dmail; The mailbox is full' },
    ],
  ]
  for (const [sentence, attempt, shown] of rows) {
    it(sentence, () => {
      const expected = { party: BOB, event: 'delayed', ...shown }
      assert.deepEqual(delayedNews(BOB, attempt, UNTIL), { ...expected, willRetryUntilMs: UNTIL })
      assert.deepEqual(delayedNews(BOB, attempt, undefined), expected)
    })
  }

  it('names no target the sender does not know', () => {
    const attempt = { ...answered('450', '4.2.0', 'john is busy', 'mx1.provider.net'), address: TARGET }
    const { reason, remoteMta } = delayedNews(BOB, attempt, UNTIL)
    assert.equal(reason, '450 4.2.0 (hidden) is busy')
    assert.equal(remoteMta, undefined)
  })

  it('is never of class 5, whatever was said: it is tried again', () => {
    assert.equal(delayedNews(BOB, answered('550', '5.7.1', 'no', 'mx.example.com'), UNTIL).status, '4.7.1')
    assert.equal(delayedNews(BOB, answered('550', undefined, 'no', 'mx.example.com'), UNTIL).status, '4.0.0')
  })
})

describe('the news of one that was taken', () => {
  const taken = answered('250', undefined, 'queued as 4711', 'mx.example.com')
  for (const event of ['relayed', 'handed on', 'delivered'] as const) {
    it(`${event}: 2.0.0, and what the next hop said`, () => {
      const diagnostic = 'smtp; 250 queued as 4711'
      const expected = { party: BOB, event, status: '2.0.0', reason: '', diagnostic, remoteMta: 'mx.example.com' }
      assert.deepEqual(takenNews(BOB, taken, event), expected)
    })
  }

  it('here: nobody said anything', () => {
    const expected = { party: BOB, event: 'delivered', status: '2.0.0', reason: '' }
    assert.deepEqual(takenNews(BOB, ours(undefined, undefined), 'delivered'), expected)
  })

  it('for a target: the host is not named', () => {
    const { diagnostic, remoteMta } = takenNews(BOB, { ...taken, address: TARGET }, 'relayed')
    assert.deepEqual([diagnostic, remoteMta], ['smtp; 250 queued as 4711', undefined])
  })
})
