import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { composeReply, type Reply } from '../../lib/respond/compose.js'
import { parseHead, type MessageHead } from '../../lib/respond/head.js'
import type { ReplySettings } from '../../lib/respond/settings.js'
import { packageRoot } from '../support/install.js'
import { readReply } from './read-reply.js'
import { address, BOB, head, headOf, settings } from './scene.js'

const MESSAGE_ID = 'answer.1@domain1.com'
const SENT = Date.UTC(2026, 10, 25, 12, 0, 0)

function compose(message: MessageHead, given: Partial<ReplySettings> = {}, sender = 'ann@example.com'): Reply {
  return composeReply({
    head: message,
    sender: address(sender),
    recipient: BOB,
    settings: settings(given),
    nowMs: SENT,
    messageId: MESSAGE_ID,
  })
}

const BODY = `Dear %from,

I am away from %start to %end. Your message "%subject" of %date waits for
me; write to fred@%domain if it cannot. 100% sure, %%subject and %nothing.

%user <%{recipient}>
`
const MANY = Array.from({ length: 30 }, (_none, n) => `<${n}@example.com>`).join(' ')

const GOLDEN: readonly [name: string, reply: Reply][] = [
  ['plain', compose(head('Message-ID: <lunch.1@example.com>', 'Date: Tue, 24 Nov 2026 09:30:00 +0100'))],
  [
    'fields',
    compose(head('Message-ID: <lunch.1@example.com>', 'References: <a@example.com>', ' <b@example.com>'), {
      author: { name: 'Bob "the" Smith', address: BOB },
      body: BODY,
      start: { ms: 0, endMs: 0, text: '2026-12-24' },
      end: { ms: 0, endMs: 0, text: '2027-01-02' },
    }),
  ],
  [
    'quoted-printable',
    compose(headOf('From: =?iso-8859-1?Q?J=F6rg_M=FCller?= <ann@example.com>', 'Subject: =?utf-8?B?R3LDvMOfZQ==?='), {
      author: { name: 'Björn Åkesson', address: BOB },
      subject: 'Auto: Re: %subject – nicht da',
      body: 'Lieber %from,\n\nich bin bis Montag verreist. Ein = bleibt ein =. \n.\nFrom now on\nGrüße, Björn\n',
    }),
  ],
  ['base64', compose(head(), { subject: '不在', body: 'こんにちは、%from 様。\n\n休暇中です。\n' })],
  ['no-subject', compose(headOf('To: bob@domain1.com', `References: ${MANY}`, 'Message-ID: <last@example.com>'))],
  ['utf8-sender', compose(head(), {}, 'jörg@example.com')],
]

describe('an answer', () => {
  for (const [name, reply] of GOLDEN) {
    it(`is as in golden/${name}.eml`, () => {
      // The sources, not the compiled copy: `UPDATE_GOLDEN=1` writes there.
      const file = path.join(packageRoot(), 'test/respond/golden', `${name}.eml`)
      const composed = reply.content.replaceAll('\r\n', '\n')
      if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(file, composed)
      assert.ok(existsSync(file), `${file} is missing`)
      assert.equal(composed, readFileSync(file, 'utf8'))
    })
  }

  it('goes to the envelope sender, never to From or Reply-To (RFC 3834 4)', () => {
    const reply = compose(head('Reply-To: eve@example.com', 'Sender: eve@example.com'), {}, 'Ann.Smith@example.com')
    assert.equal(reply.to, 'Ann.Smith@example.com')
    assert.equal(readReply(reply.content).fields.get('to'), 'Ann.Smith@example.com')
  })

  it('says that it is one (RFC 3834 3.1.7)', () => {
    assert.equal(readReply(compose(head()).content).fields.get('auto-submitted'), 'auto-replied')
  })

  it('refers to the message it answers, and where it stands in a thread', () => {
    const rows: readonly (readonly [fields: readonly string[], replied: string | undefined, references?: string])[] = [
      [[], undefined],
      [['Message-ID: <1@a>'], '<1@a>', '<1@a>'],
      [['Message-ID: <1@a>', 'In-Reply-To: <0@a>'], '<1@a>', '<0@a> <1@a>'],
      [['Message-ID: <1@a>', 'In-Reply-To: <0@a> <9@a>'], '<1@a>', '<1@a>'],
      [['Message-ID: <1@a>', 'References: <0@a> (x) <1@a>', 'In-Reply-To: <9@a>'], '<1@a>', '<0@a> <1@a>'],
      [['Message-ID: no id at all', 'References: <0@a>'], undefined],
      [['Message-ID: <with blank@a>'], undefined],
    ]
    for (const [fields, replied, references] of rows) {
      const { fields: read } = readReply(compose(head(...fields)).content)
      assert.equal(read.get('in-reply-to'), replied)
      assert.equal(read.get('references'), references)
    }
  })

  it('needs SMTPUTF8 for an address that does, and for nothing else', () => {
    assert.equal(compose(head('Subject: Grüße')).utf8, false)
    assert.equal(compose(head(), {}, 'jörg@example.com').utf8, true)
    assert.equal(compose(head(), { author: { name: '', address: address('björn@domain1.com') } }).utf8, true)
  })

  it('never takes a value for a field', () => {
    const { text } = readReply(compose(head('Subject: second'), { body: '%subject|%sender\n' }).content)
    assert.equal(text, 'lunch|ann@example.com\n')
    const tricky = headOf('Subject: %sender %%')
    assert.equal(readReply(compose(tricky, { body: '%subject\n' }).content).text, '%sender %%\n')
  })
})

/** Fields of a stranger: raw bytes, pieces of encoded words, line ends and addresses among them. */
const wild = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc
    .array(
      fc.oneof(
        fc.constantFrom(
          '\r\n',
          '\n',
          '\r',
          ' ',
          '=?',
          '?=',
          '=?utf-8?q?',
          '=?utf-8?b?',
          '=?x?q?a?=',
          '<',
          '>',
          '"',
          '\u2028',
        ),
        fc.constantFrom(
          '=?utf-8?q?=0D=0ABcc:_eve@example.com?=',
          '=?utf-8?b?DQpCY2M6IGV2ZUBleGFtcGxlLmNvbQ==?=',
          '\0',
          'Bcc: eve',
        ),
        fc.string({ maxLength: 20 }),
        fc.string({ unit: 'grapheme', maxLength: 20 }),
      ),
      { maxLength: 20 },
    )
    .map((pieces) => pieces.join('')),
)
const FIELDS = ['subject', 'from', 'message-id', 'references', 'in-reply-to', 'date']

describe('an answer to a hostile message', () => {
  it('has the fields it should have, and no others', () => {
    fc.assert(
      fc.property(wild, wild, wild, wild, (subject, from, id, name) => {
        // As they come from a head, and as no head could give them.
        const heads = [
          parseHead(
            Buffer.from(`Subject: ${subject}\nFrom: ${from}\nMessage-ID: ${id}\nDate: ${name}\n`).toString('latin1'),
          ),
          { names: FIELDS, whole: true, all: (field: string) => [{ subject, from }[field] ?? id] },
        ]
        for (const message of heads) {
          const { content } = compose(message, {
            author: { name, address: BOB },
            subject: `%subject %from ${subject}`,
            body: `%subject\n%from\n%date\n${from}\n`,
          })
          const { fields, lines } = readReply(content)
          const expected =
            'from to subject date message-id in-reply-to references auto-submitted mime-version content-type'
          const allowed = [...expected.split(' '), 'content-transfer-encoding']
          assert.deepEqual(
            [...fields.keys()].filter((field) => !allowed.includes(field)),
            [],
          )
          assert.equal(fields.get('to'), 'ann@example.com')
          assert.match(content, /^[\t\r\n -~]*$/)
          assert.doesNotMatch(content, /\r(?!\n)|(?<!\r)\n/)
          for (const line of lines) assert.ok(line.length <= 998, line)
        }
      }),
      { numRuns: 500 },
    )
  })

  it('says what the text says, whatever characters it has', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 3000 }), (text) => {
        const body = `${text.replace(/[\r%]/g, '').replace(/[\p{Cs}]/gu, '')}\n`
        assert.equal(readReply(compose(head(), { body }).content).text, body)
      }),
    )
  })
})
