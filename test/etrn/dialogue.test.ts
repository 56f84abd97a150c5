import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createDialogue, type Step } from '../../lib/etrn/dialogue.js'

interface Row {
  readonly name: string
  readonly domains?: readonly string[]
  readonly tls?: boolean
  /** The server's replies, lines joined by line feeds; `tls` is the end of a handshake. */
  readonly hears: readonly string[]
  /** What the client says, `tls` for the beginning of a handshake, `end` for its end. */
  readonly says: readonly string[]
  readonly replies: readonly string[]
  readonly trouble?: string
  readonly plain?: string
}

const EHLO = 'EHLO mail.example.com'

const ROWS: readonly Row[] = [
  {
    name: 'asks for each domain and leaves',
    domains: ['domain1.com', 'domain2.com'],
    hears: ['220 hi', '250-next\n250 ETRN', '250 started', '253 3 pending messages', '221 bye'],
    says: [EHLO, 'ETRN domain1.com', 'ETRN domain2.com', 'QUIT', 'end'],
    replies: ['ok 250 started', 'ok 253 3 pending messages'],
    plain: 'not offered',
  },
  {
    name: 'goes on after a refusal of one domain',
    domains: ['domain1.com', 'domain2.com', 'example.com', 'example.net'],
    hears: ['220 hi', '250-next\n250 etrn', '458 busy', '459 not for you', '500 what', '251 nothing here', '221 bye'],
    says: [EHLO, 'ETRN domain1.com', 'ETRN domain2.com', 'ETRN example.com', 'ETRN example.net', 'QUIT', 'end'],
    replies: ['not 458 busy', 'not 459 not for you', 'not 500 what', 'ok 251 nothing here'],
  },
  {
    name: 'begins TLS where it is offered, and asks anew what is offered',
    hears: [
      '220 hi',
      '250-next\n250 STARTTLS',
      '220 go',
      'tls',
      '250-next\n250-STARTTLS\n250 ETRN',
      '250 started',
      '221 bye',
    ],
    says: [EHLO, 'STARTTLS', 'tls', EHLO, 'ETRN domain1.com', 'QUIT', 'end'],
    replies: ['ok 250 started'],
  },
  {
    name: 'goes on without TLS where that is refused',
    hears: ['220 hi', '250-next\n250-STARTTLS\n250 ETRN', '454 no certificate', '250 started', '221 bye'],
    says: [EHLO, 'STARTTLS', 'ETRN domain1.com', 'QUIT', 'end'],
    replies: ['ok 250 started'],
    plain: 'refused: 454 no certificate',
  },
  {
    name: 'leaves TLS out when told so',
    tls: false,
    hears: ['220 hi', '250-next\n250-STARTTLS\n250 ETRN', '250 started', '221 bye'],
    says: [EHLO, 'ETRN domain1.com', 'QUIT', 'end'],
    replies: ['ok 250 started'],
    plain: 'left out',
  },
  {
    name: 'does not send ETRN where it is not offered',
    domains: ['domain1.com', 'domain2.com'],
    hears: ['220 hi', '250-next\n250-XETRN\n250 SIZE ETRN', '221 bye'],
    says: [EHLO, 'QUIT', 'end'],
    replies: ['not the provider does not offer ETRN', 'not the provider does not offer ETRN'],
  },
  {
    name: 'takes no keyword from the line with the name',
    hears: ['220 hi', '250 ETRN', '221 bye'],
    says: [EHLO, 'QUIT', 'end'],
    replies: ['not the provider does not offer ETRN'],
  },
  {
    name: 'does not send ETRN to a server that does not know EHLO',
    hears: ['220 hi', '502 what', '221 bye'],
    says: [EHLO, 'QUIT', 'end'],
    replies: ['not the provider does not offer ETRN: it answers EHLO with 502 what'],
  },
  {
    name: 'leaves a server that turns it away',
    hears: ['554 no service', '221 bye'],
    says: ['QUIT', 'end'],
    replies: ['not the provider turned us away: 554 no service'],
    trouble: 'the provider turned us away: 554 no service',
  },
  {
    name: 'ends when the server has no time for it',
    hears: ['421 too busy'],
    says: ['end'],
    replies: ['not the provider ended the session: 421 too busy'],
    trouble: 'the provider ended the session: 421 too busy',
  },
  {
    name: 'ends when the server ends, and knows which domains it answered',
    domains: ['domain1.com', 'domain2.com', 'example.com'],
    hears: ['220 hi', '250-next\n250 ETRN', '250 started', '421 going down'],
    says: [EHLO, 'ETRN domain1.com', 'ETRN domain2.com', 'end'],
    replies: ['ok 250 started', 'not 421 going down', 'not the provider ended the session: 421 going down'],
    trouble: 'the provider ended the session: 421 going down',
  },
]

describe('the client of ETRN', () => {
  for (const row of ROWS) {
    const { name, domains = ['domain1.com'], tls = true, hears } = row
    it(name, () => {
      const dialogue = createDialogue({ hello: 'mail.example.com', domains, tls })
      const said = hears.map((text) => shown(text === 'tls' ? dialogue.secured() : dialogue.heard(replyOf(text))))
      assert.deepEqual(said, row.says)
      const replies = dialogue.replies(dialogue.trouble() ?? 'nothing was said')
      assert.deepEqual(
        replies.map(({ ok, text }) => `${ok ? 'ok' : 'not'} ${text}`),
        row.replies,
      )
      assert.deepEqual(
        replies.map(({ domain }) => domain),
        domains,
      )
      assert.equal(dialogue.trouble(), row.trouble)
      if (row.plain !== undefined) assert.equal(dialogue.plainBecause(), row.plain)
    })
  }
})

function replyOf(text: string): { code: number; lines: string[] } {
  return { code: Number(text.slice(0, 3)), lines: text.split('\n').map((line) => line.slice(4)) }
}

function shown(step: Step): string {
  return step.do === 'say' ? step.line : step.do === 'secure' ? 'tls' : 'end'
}
