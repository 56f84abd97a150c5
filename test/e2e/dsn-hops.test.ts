import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { HARAKA_VERSIONS } from '../support/haraka.js'
import type { ReceivedMessage } from '../support/next-hop.js'
import { HOPS, offering, reportsOn, startDsnSite, submit, told, tried, type DsnSite } from './dsn-site.js'
import { subjectOf } from './outbound-site.js'
import { queueIsEmpty } from './site.js'

const HIDDEN_HOST = '127.0.0.9'
/** What a sender who wrote to secret@domain1.com must not see. */
const SECRETS = ['hidden.person', 'hidden.example.com', HIDDEN_HOST, 'mx.hidden']

const HOP_OPTIONS = {
  ...HOPS,
  later: offering(['PIPELINING'], ['PIPELINING', 'ENHANCEDSTATUSCODES', 'DSN']),
  earlier: offering(['PIPELINING', 'DSN'], ['PIPELINING']),
  both: offering(['DSN'], ['DSN']),
  helo: { reply: { ehlo: () => '502 5.5.1 what is EHLO?', helo: () => '250 hello' } },
  hidden: { host: HIDDEN_HOST },
} as const
type HopName = keyof typeof HOP_OPTIONS

/** MAIL and RCPT as the next hop got them. */
function asked(messages: readonly ReceivedMessage[], subject: string): string[] {
  return messages
    .filter((message) => subjectOf(message) === subject)
    .flatMap(({ mailParams, rcpts }) => [
      mailParams,
      ...rcpts.map(({ address, params }) => `${address} ${params}`.trim()),
    ])
}

for (const version of HARAKA_VERSIONS) {
  describe(`Haraka ${version}: reports and next hops`, () => {
    let running: DsnSite<HopName>
    before(async () => {
      running = await startDsnSite({
        version,
        hops: HOP_OPTIONS,
        ini: '[outbound]\nretry_interval=1s\n',
        conf: () => [
          'forward secret@domain1.com hidden.person@hidden.example.com',
          ...['plain', 'dsn'].flatMap((hop) =>
            ['one', 'two'].map((name) => `forward ${hop}-${name}@domain1.com same@${hop}.example.com`),
          ),
        ],
      })
    })
    after(() => running.close())

    const ROWS: readonly {
      readonly it: string
      readonly hop: HopName
      readonly passes: boolean
      readonly tls: boolean
    }[] = [
      { it: 'one that offers DSN gets them', hop: 'dsn', passes: true, tls: false },
      { it: 'one that does not gets none', hop: 'plain', passes: false, tls: false },
      { it: 'one that offers DSN only after STARTTLS gets them', hop: 'later', passes: true, tls: true },
      { it: 'one that offers DSN only before STARTTLS gets none', hop: 'earlier', passes: false, tls: true },
      { it: 'one that offers DSN before and after STARTTLS gets them, once', hop: 'both', passes: true, tls: true },
      { it: 'one that knows HELO only gets none', hop: 'helo', passes: false, tls: false },
    ]
    for (const { it: says, hop: name, passes, tls } of ROWS) {
      it(`the parameters: ${says}; who reports a success follows from that`, async () => {
        const { haraka, hops, site } = running
        const hop = hops[name]
        const to = `guest@${name}.example.com`
        await submit(haraka, {
          subject: name,
          to: [[to, 'NOTIFY=SUCCESS,DELAY ORCPT=rfc822;Gu+2Best@example.org']],
          mailParams: 'RET=FULL ENVID=QQ+2B1',
        })
        await queueIsEmpty(haraka)
        const all = ['RET=FULL ENVID=QQ+2B1', `${to} NOTIFY=SUCCESS,DELAY ORCPT=rfc822;Gu+2Best@example.org`]
        assert.deepEqual(asked(hop.messages, name), passes ? all : ['', to])
        assert.equal(/^tls: /m.test(hop.transcript), tls)
        assert.deepEqual(told(site, 'fred', name), passes ? [] : [`relayed ${to}`])
      })
    }

    it('several in a row, each with what its own sender asked for, and nothing of the one before', async () => {
      const { haraka, hops } = running
      const rows = [
        ['row 1', 'RET=HDRS ENVID=one', 'NOTIFY=NEVER'],
        ['row 2', '', ''],
        ['row 3', 'ENVID=three', ''],
        ['row 4', '', 'NOTIFY=FAILURE'],
        ['row 5', 'RET=FULL', 'ORCPT=utf-8;g\\x{FC}nter@example.org'],
      ] as const
      for (const [subject, mailParams, params] of rows) {
        await submit(haraka, { subject, to: [['row@dsn.example.com', params]], mailParams })
        await queueIsEmpty(haraka)
        assert.deepEqual(asked(hops.dsn.messages, subject), [mailParams, `row@dsn.example.com ${params}`.trim()])
      }
    })

    it('a next hop that offered DSN at the first try and not at the second gets none then', async () => {
      const { haraka, hops, site } = running
      hops.dsn.reply = { rcpt: () => '450 4.2.1 mailbox busy' }
      await submit(haraka, {
        subject: 'changing',
        to: [['guest@dsn.example.com', 'NOTIFY=SUCCESS']],
        mailParams: 'ENVID=x',
      })
      await tried(haraka)
      assert.match(hops.dsn.transcript, /C: RCPT TO:<guest@dsn\.example\.com> NOTIFY=SUCCESS\n/)
      hops.dsn.reply = { ehlo: () => '250 next-hop.example.com' }
      await queueIsEmpty(haraka)
      hops.dsn.reply = {}
      assert.deepEqual(asked(hops.dsn.messages, 'changing'), ['', 'guest@dsn.example.com'])
      assert.deepEqual(told(site, 'fred', 'changing'), ['relayed guest@dsn.example.com'])
    })

    it('two recipients of one copy: each is told by what it asked for', async () => {
      const { haraka, hops, site } = running
      const to = (hop: string): [string, string][] => [
        [`${hop}-one@domain1.com`, 'NOTIFY=SUCCESS'],
        [`${hop}-two@domain1.com`, 'NOTIFY=FAILURE ORCPT=rfc822;second@example.org'],
      ]
      await submit(haraka, { subject: 'taken', to: [...to('plain'), ...to('dsn')], mailParams: 'ENVID=pair' })
      await queueIsEmpty(haraka)
      assert.deepEqual(told(site, 'fred', 'taken'), ['relayed plain-one@domain1.com'])
      const [mail, copy, ...more] = asked(hops.dsn.messages, 'taken')
      assert.deepEqual([mail, more], ['ENVID=pair', []])
      assert.match(copy ?? '', /^same@dsn\.example\.com NOTIFY=SUCCESS,FAILURE ORCPT=/)
      assert.equal(asked(hops.plain.messages, 'taken').length, 2)

      hops.plain.reply = { rcpt: () => '550 5.1.1 no such user' }
      hops.dsn.reply = hops.plain.reply
      await submit(haraka, { subject: 'refused', to: [...to('plain'), ...to('dsn')] })
      await queueIsEmpty(haraka)
      for (const hop of [hops.plain, hops.dsn]) hop.reply = {}
      assert.deepEqual(told(site, 'fred', 'refused'), ['failed dsn-two@domain1.com', 'failed plain-two@domain1.com'])
    })

    const words = 'hidden.person@hidden.example.com: <hidden.person> is unknown at mx.hidden.example.com [127.0.0.9]'
    const HIDING = [
      { it: 'refused for good', reply: { rcpt: () => `550 5.1.1 ${words}` }, news: ['failed'] },
      { it: 'put off, then refused', reply: { message: () => `451 4.3.0 ${words}` }, news: ['delayed', 'failed'] },
      { it: 'taken', reply: {}, news: ['relayed'] },
    ] as const
    for (const { it: says, reply, news } of HIDING) {
      it(`a hidden forward target, ${says}: the report says nothing of its address, domain or host`, async () => {
        const { haraka, hops, site } = running
        const subject = `hidden, ${says}`
        hops.hidden.reply = reply
        await submit(haraka, {
          subject,
          to: [['secret@domain1.com', 'NOTIFY=SUCCESS,FAILURE,DELAY']],
          mailParams: 'RET=FULL',
        })
        await tried(haraka)
        hops.hidden.reply = says === 'taken' ? {} : HIDING[0].reply
        await queueIsEmpty(haraka)
        assert.deepEqual(
          told(site, 'fred', subject),
          news.map((action) => `${action} secret@domain1.com`),
        )
        for (const { raw, words: text } of reportsOn(site, 'fred', subject)) {
          const seen = `${raw.toString('latin1')}\n${text}`
          assert.deepEqual(
            SECRETS.filter((secret) => seen.toLowerCase().includes(secret)),
            [],
            seen,
          )
        }
      })
    }
  })
}
