import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { failedNews } from '../../lib/dsn/attempt-news.js'
import { composeReport } from '../../lib/dsn/compose.js'
import type { Party } from '../../lib/dsn/party.js'
import type { Report, ReportedRecipient } from '../../lib/dsn/report.js'
import { checkText, DEFAULT_TEXTS, ACTIONS } from '../../lib/dsn/texts.js'
import { readReport } from './read-report.js'

const HOUR = 3_600_000
const ARRIVED = Date.UTC(2026, 10, 3, 8, 5, 9)

function recipient(given: Partial<ReportedRecipient>): ReportedRecipient {
  return {
    action: 'failed',
    address: 'bob@example.com',
    original: undefined,
    status: '5.1.1',
    reason: '550 5.1.1 no such user here',
    diagnostic: 'smtp; 550 5.1.1 no such user here',
    remoteMta: 'mx.example.com',
    lastAttemptMs: ARRIVED + 1000,
    willRetryUntilMs: undefined,
    ...given,
  }
}

function report(recipients: readonly ReportedRecipient[], given: Partial<Report> = {}): Report {
  return {
    kind: 'report',
    messageId: 'report.1@mail.domain1.com',
    dateMs: ARRIVED + 2000,
    reportingMta: 'mail.domain1.com',
    from: 'admin@domain1.com',
    to: 'fred@domain1.com',
    envelopeId: undefined,
    arrivalMs: ARRIVED,
    subject: 'Lunch',
    originalMessageId: '<lunch.1@domain1.com>',
    recipients,
    returned: {
      kind: 'headers',
      content: Buffer.from('From: fred@domain1.com\r\nSubject: Lunch\r\nMessage-ID: <lunch.1@domain1.com>\r\n\r\n'),
      cut: false,
    },
    ...given,
  }
}

const compose = (given: Report): Buffer => composeReport(given, DEFAULT_TEXTS, () => 'b0undary')

const failure = recipient({})
const delay = recipient({
  action: 'delayed',
  address: 'john@example.com',
  status: '4.4.1',
  reason: 'mx.example.com [192.0.2.1]:25: connect ECONNREFUSED',
  diagnostic: undefined,
  remoteMta: undefined,
  willRetryUntilMs: ARRIVED + 72 * HOUR,
})
const success = recipient({
  action: 'delivered',
  address: 'bob@domain1.com',
  original: { type: 'rfc822', address: 'Bob@domain1.com' },
  status: '2.0.0',
  reason: '',
  diagnostic: undefined,
  remoteMta: undefined,
})
const relayed = recipient({
  action: 'relayed',
  status: '2.0.0',
  reason: '',
  diagnostic: 'smtp; 250 2.0.0 queued as 4711',
})
const expanded = recipient({
  action: 'expanded',
  address: 'sales@domain1.com',
  status: '2.0.0',
  reason: '',
  diagnostic: undefined,
  remoteMta: undefined,
})
/** 2 KiB of it, as D9 has it; a robot is not asked how long its lines are. */
const robotSaid = `The program failed: ${'Traceback (most recent call last): KeyError: ticket '.repeat(50)}`.slice(
  0,
  2048,
)
const robotFailure = recipient({
  address: 'ticket@domain1.com',
  status: '5.3.0',
  reason: robotSaid,
  diagnostic: `x-dmail; ${robotSaid}`,
  remoteMta: undefined,
})
const BOB: Party = { given: 'bob@domain1.com', orcpt: { type: 'rfc822', encoded: 'b@a.org', address: 'b@a.org' } }
const text = "<john@provider.net>: john's mailbox at mx1.provider.net is full"
const hidden = failedNews(
  BOB,
  {
    address: 'john@provider.net',
    answer: { code: '550', status: '5.2.2', text, host: 'mx1.provider.net' },
    status: undefined,
    text: undefined,
  },
  false,
)
const hiddenForward = recipient({
  address: hidden.party.given,
  original: hidden.party.orcpt,
  status: hidden.status,
  reason: hidden.reason,
  diagnostic: hidden.diagnostic,
  remoteMta: hidden.remoteMta,
})
const whole = Buffer.from('Subject: Grüße\r\n\r\nEine Zeile.\r\n')

const GOLDEN: readonly [name: string, report: Report][] = [
  ['failure', report([failure])],
  ['delay', report([delay])],
  ['success', report([success], { envelopeId: 'QQ 314159' })],
  ['relayed', report([relayed])],
  ['expanded', report([expanded])],
  ['double-bounce', report([failure], { kind: 'double bounce', to: 'admin@domain1.com' })],
  ['robot-failure', report([robotFailure])],
  ['hidden-forward', report([hiddenForward])],
  ['mixed', report([failure, success, delay], { returned: { kind: 'message', content: whole, cut: true } })],
  [
    'utf8-sender',
    report([recipient({ address: 'jörg@example.com', original: { type: 'utf-8', address: 'jörg@example.com' } })], {
      to: 'frédéric@domain1.com',
      returned: { kind: 'message', content: whole, cut: false },
    }),
  ],
  [
    'utf8-recipient',
    report([recipient({ address: 'jörg@example.com', original: { type: 'utf-8', address: 'jörg@example.com' } })]),
  ],
]

describe('a report', () => {
  for (const [name, given] of GOLDEN) {
    it(`of ${name} is as in golden/${name}.eml`, () => {
      // The sources, not the compiled copy: `UPDATE_GOLDEN=1` writes there.
      const file = path.join(__dirname, '../../../test/dsn/golden', `${name}.eml`)
      const composed = compose(given).toString('utf8').replaceAll('\r\n', '\n')
      if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(file, composed)
      assert.ok(existsSync(file), `${file} is missing`)
      assert.equal(composed, readFileSync(file, 'utf8'))
    })

    it(`of ${name} is read by a program as it was meant`, () => {
      const read = readReport(compose(given))
      assert.equal(read.groups.length, given.recipients.length)
      given.recipients.forEach((expected, at) => {
        const group = read.groups[at] ?? new Map<string, string>()
        assert.equal(group.get('action'), expected.action)
        assert.equal(group.get('status'), expected.status)
      })
      assert.equal(read.message.get('reporting-mta'), 'dns; mail.domain1.com')
      assert.deepEqual(read.returned, given.returned.content)
    })
  }

  it('stays well formed, whatever a stranger says', () => {
    const wild = fc.string({ unit: 'binary', maxLength: 300 })
    fc.assert(
      fc.property(wild, wild, wild, wild, fc.uint8Array({ maxLength: 400 }), (reason, mta, subject, envid, bytes) => {
        const content = Buffer.from(bytes)
        const given = report([recipient({ reason, diagnostic: `smtp; ${reason}`, remoteMta: mta }), success], {
          subject,
          envelopeId: envid,
          originalMessageId: reason,
          returned: { kind: 'message', content, cut: false },
        })
        const read = readReport(compose(given))
        assert.equal(read.groups.length, 2)
        assert.deepEqual([...read.message.keys()], ['original-envelope-id', 'reporting-mta', 'arrival-date'])
        assert.deepEqual(read.returned, content)
        assert.match(read.head, /^Auto-Submitted: auto-replied$/m)
        assert.ok(read.statusLines.every((line) => line.length <= 998))
      }),
    )
  })

  for (const [to, says] of [
    ['fred@domain1.com', 'utf-8; j\\x{F6}rg@example.com'],
    ['frédéric@domain1.com', 'utf-8; jörg@example.com'],
  ] as const) {
    it(`to ${to}: an ORCPT of type rfc822 with UTF-8 in it is one of type utf-8`, () => {
      const original = { type: 'rfc822', address: 'jörg@example.com' }
      const [group] = readReport(compose(report([recipient({ original })], { to }))).groups
      assert.equal(group?.get('original-recipient'), says)
    })
  }

  it('names no original recipient that is nothing but blanks', () => {
    const original = { type: 'rfc822', address: ' ' }
    const [group] = readReport(compose(report([recipient({ original, remoteMta: '\t' })]))).groups
    assert.deepEqual([group?.has('original-recipient'), group?.has('remote-mta')], [false, false])
  })

  it('keeps its lines short enough in UTF-8 too, and its characters whole', () => {
    for (const char of ['x', 'ö', '語', '😀']) {
      const reason = `550 ${char.repeat(1500)}`
      const given = report([recipient({ reason, diagnostic: `smtp; ${reason}` })], { to: 'frédéric@domain1.com' })
      const [group] = readReport(compose(given)).groups
      const said = group?.get('diagnostic-code')?.replaceAll(' ', '').replace('smtp;550', '')
      assert.equal(said, char.repeat(1500).slice(0, said?.length))
      assert.ok(said.length >= 1400)
    }
  })

  it('names no boundary that stands in the message', () => {
    const boundaries = ['first', 'second']
    const given = report([failure], {
      returned: { kind: 'message', content: Buffer.from('X: y\r\n\r\n--first\r\n'), cut: false },
    })
    const composed = composeReport(given, DEFAULT_TEXTS, () => boundaries.shift() ?? 'third')
    assert.match(composed.toString(), /boundary="second"/)
  })
})

describe('the texts of a report', () => {
  for (const action of ACTIONS) {
    it(`of what was ${action} can be used`, () => {
      assert.equal(checkText(DEFAULT_TEXTS[action]), undefined)
    })
  }
  const rows: [title: string, text: string, says: RegExp | undefined][] = [
    ['with a subject and recipients', 'Sorry\nNot for:\n{recipients}\n', undefined],
    ['without recipients', 'Sorry\nNot delivered.\n', /no line \{recipients\}/],
    ['with the recipients inside a line', 'Sorry\nNot for {recipients}.\n', /no line \{recipients\}/],
    ['of one line, which has no recipients', 'Sorry', /no line \{recipients\}/],
    ['without a subject', '\n{recipients}\n', /subject, is empty/],
    ['with a subject that is not ASCII', 'Désolé\n{recipients}\n', /not ASCII/],
  ]
  for (const [title, text, says] of rows) {
    it(title, () => {
      const problem = checkText(text)
      if (says === undefined) assert.equal(problem, undefined)
      else assert.match(problem ?? '', says)
    })
  }
})
