import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { makeReport, type DsnSettings, type Reported } from '../../lib/dsn/make-report.js'
import type { DsnEvent } from '../../lib/dsn/decide.js'
import type { News, Telling } from '../../lib/dsn/news.js'
import { DEFAULT_TEXTS } from '../../lib/dsn/texts.js'
import { readReport, type ReadReport } from './read-report.js'
import { orcpt, sourceOf } from './support.js'

const HEAD = 'From: fred@domain1.com\r\nSubject: Lunch\r\nMessage-ID: <lunch.1@domain1.com>\r\n'
const ARRIVED = Date.UTC(2026, 10, 3, 8, 5, 9)
const NOW = ARRIVED + 5000

const SETTINGS: DsnSettings = {
  wholeMessage: false,
  maxBytes: 1024,
  texts: DEFAULT_TEXTS,
  successFrom: () => true,
  doubleBounces: true,
  sysadmin: 'admin@domain1.com',
}

const MESSAGE: Reported = {
  sender: 'fred@domain1.com',
  arrivalMs: ARRIVED,
  source: sourceOf(`${HEAD}\r\n${'Today?\r\n'.repeat(10)}`),
}

const STATUS: Readonly<Record<DsnEvent, string>> = {
  failed: '5.1.1',
  delayed: '4.4.1',
  delivered: '2.0.0',
  expanded: '2.0.0',
  relayed: '2.0.0',
  'handed on': '2.0.0',
  discarded: '2.0.0',
}

function news(event: DsnEvent, given: Partial<News> = {}): News {
  return { party: { given: 'bob@example.com' }, event, status: STATUS[event], reason: 'because', ...given }
}

async function made(
  telling: Telling,
  message: Partial<Reported> = {},
  settings: Partial<DsnSettings> = {},
): Promise<ReadReport & { readonly to: string }> {
  const { to, content } = await makeReport(
    telling,
    { ...MESSAGE, ...message },
    { ...SETTINGS, ...settings },
    'mail.domain1.com',
    NOW,
  )
  return { to, ...readReport(content) }
}

const report = (...all: News[]): Telling => ({ kind: 'report', news: all })

describe('what a report holds of the message (N2)', () => {
  const rows: readonly [ret: 'FULL' | 'HDRS' | undefined, bounceBody: boolean, event: DsnEvent, whole: boolean][] = [
    [undefined, false, 'failed', false],
    [undefined, true, 'failed', true],
    ['HDRS', false, 'failed', false],
    ['HDRS', true, 'failed', false],
    ['FULL', false, 'failed', true],
    ['FULL', true, 'failed', true],
    // RFC 3461 4.3: RET is of no use but for failures.
    ...(['delayed', 'delivered', 'expanded', 'relayed'] as const).flatMap((event) =>
      ([undefined, 'HDRS', 'FULL'] as const).flatMap((ret) =>
        [false, true].map((bounceBody): [typeof ret, boolean, DsnEvent, boolean] => [ret, bounceBody, event, false]),
      ),
    ),
  ]
  for (const [ret, wholeMessage, event, whole] of rows) {
    it(`${ret ?? 'no RET'}, bounce_body ${String(wholeMessage)}, ${event}: ${whole ? 'all' : 'its headers'}`, async () => {
      const asked = ret === undefined ? {} : { ret }
      const { returned, returnedType } = await made(report(news(event)), asked, { wholeMessage })
      assert.equal(returnedType, whole ? 'message/rfc822' : 'text/rfc822-headers')
      assert.equal(returned.toString(), whole ? `${HEAD}\r\n${'Today?\r\n'.repeat(10)}` : HEAD)
    })
  }

  it('with one failure among other news all of it goes back', async () => {
    const { returnedType } = await made(report(news('delivered'), news('failed')), { ret: 'FULL' })
    assert.equal(returnedType, 'message/rfc822')
  })

  it('up to bounce_maxlen, and says so', async () => {
    const { returned, text } = await made(report(news('failed')), { ret: 'FULL' }, { maxBytes: HEAD.length + 20 })
    assert.equal(returned.toString(), `${HEAD}\r\n${'Today?\r\n'.repeat(2)}`)
    assert.match(text, /The copy of your message below is not whole/)
    const whole = await made(report(news('failed')), { ret: 'FULL' })
    assert.doesNotMatch(whole.text, /not whole/)
  })

  it('cannot be made of a message that cannot be read', async () => {
    const source = { ...MESSAGE.source, open: () => MESSAGE.source.open().destroy(new Error('EIO')) }
    await assert.rejects(made(report(news('failed')), { source }), /EIO/)
  })
})

describe('a report is made', () => {
  it('to the sender, from sysadmin, about the message', async () => {
    const { to, head, message } = await made(report(news('failed')), { envid: 'QQ+20314' })
    assert.equal(to, 'fred@domain1.com')
    assert.match(
      head,
      /^From: admin@domain1\.com\nTo: fred@domain1\.com\nSubject: Your message could not be delivered\n/,
    )
    assert.match(head, /^Date: Tue, 3 Nov 2026 08:05:14 \+0000$/m)
    assert.match(head, /^Message-ID: <[0-9a-f-]{36}@mail\.domain1\.com>$/m)
    assert.match(head, /^In-Reply-To: <lunch\.1@domain1\.com>$/m)
    assert.deepEqual(Object.fromEntries(message), {
      'original-envelope-id': 'QQ 314',
      'reporting-mta': 'dns; mail.domain1.com',
      'arrival-date': 'Tue, 3 Nov 2026 08:05:09 +0000',
    })
  })

  it('with a name and a boundary of its own each time', async () => {
    const [one, other] = [await made(report(news('failed'))), await made(report(news('failed')))]
    const namesIn = ({ head }: ReadReport): (string | undefined)[] =>
      [/^Message-ID: .*$/m, /boundary="(.*)"/].map((pattern) => pattern.exec(head)?.[0])
    namesIn(one).forEach((name, at) => {
      assert.notEqual(name, namesIn(other)[at])
    })
  })

  it('with everything that is known of a recipient', async () => {
    const { groups } = await made(
      report(
        news('failed', {
          party: { given: 'bob@example.com', orcpt: orcpt('b@example.org') },
          diagnostic: 'smtp; 550 5.1.1 no',
          remoteMta: 'mx.example.com',
        }),
        news('delayed', { willRetryUntilMs: NOW + 60_000 }),
        news('relayed', { party: { given: 'jörg@example.com' } }),
      ),
    )
    const now = 'Tue, 3 Nov 2026 08:05:14 +0000'
    assert.deepEqual(
      groups.map((group) => Object.fromEntries(group)),
      [
        {
          'original-recipient': 'rfc822; b@example.org',
          'final-recipient': 'rfc822; bob@example.com',
          action: 'failed',
          status: '5.1.1',
          'remote-mta': 'dns; mx.example.com',
          'diagnostic-code': 'smtp; 550 5.1.1 no',
          'last-attempt-date': now,
        },
        {
          'final-recipient': 'rfc822; bob@example.com',
          action: 'delayed',
          status: '4.4.1',
          'last-attempt-date': now,
          'will-retry-until': 'Tue, 3 Nov 2026 08:06:14 +0000',
        },
        { 'final-recipient': 'utf-8; j\\x{F6}rg@example.com', action: 'relayed', status: '2.0.0' },
      ],
    )
  })

  it('about nobody of whom nothing is told', async () => {
    const { groups } = await made(report(news('handed on'), news('failed'), news('discarded')))
    assert.equal(groups.length, 1)
  })

  it('to sysadmin when there is no sender, in other words (N6)', async () => {
    const { to, head, text } = await made({ kind: 'double bounce', news: [news('failed')] }, { sender: '' })
    assert.equal(to, 'admin@domain1.com')
    assert.match(head, /^To: admin@domain1\.com$/m)
    assert.match(head, /^Subject: A message without a sender could not be delivered$/m)
    assert.match(text, /about a message/)
    assert.match(text, /it has no sender who could be told/)
  })

  it('in the words of the operator', async () => {
    const failed = 'Sorry, {host}\nNot for\n  {recipients}\nAsk {sysadmin}, not {nobody}.\n'
    const { text, head } = await made(
      report(news('failed', { reason: 'full, ask {sysadmin}' })),
      {},
      {
        texts: { ...DEFAULT_TEXTS, failed },
      },
    )
    assert.match(head, /^Subject: Sorry, /m)
    assert.ok(text.includes('full, ask {sysadmin}'))
    assert.ok(text.includes('Ask admin@domain1.com, not {nobody}.'))
  })
})
