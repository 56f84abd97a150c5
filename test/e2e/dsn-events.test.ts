import assert from 'node:assert/strict'
import { chmodSync } from 'node:fs'
import { after, before, describe, it } from 'node:test'
import { HARAKA_VERSIONS } from '../support/haraka.js'
import {
  groupOf,
  HOPS,
  newsIn,
  reportsOn,
  startDsnSite,
  submit,
  told,
  toldOf,
  tried,
  withEveryWish,
  WISHES,
  type DsnSite,
  type Hearing,
} from './dsn-site.js'
import { note, queueIsEmpty } from './site.js'

const REFUSAL = '554 5.7.9 we take nothing from you'

const HOP_OPTIONS = {
  ...HOPS,
  rcpt: { reply: { rcpt: () => REFUSAL } },
  mail: { reply: { mail: () => REFUSAL } },
  data: { reply: { data: () => REFUSAL } },
  message: { reply: { message: () => REFUSAL } },
  terse: { reply: { rcpt: () => '550 refused' } },
} as const
type HopName = keyof typeof HOP_OPTIONS

interface Row {
  readonly it: string
  /** The recipient of the n-th wish. */
  readonly to: (n: number) => string
  /** Who of them hear; undefined: nobody does. */
  readonly heard?: Hearing
  readonly action?: string
  readonly status?: string
  /** In the group of each. */
  readonly says?: Readonly<Record<string, RegExp>>
  /** A text that a person reads. */
  readonly words?: RegExp
  /** One report for all of them (N7); robots run one by one. */
  readonly reports?: number
  readonly message?: string
}

const at = (domain: string) => (name: string) => (n: number) => `${name}${n}@${domain}`
const local = at('domain1.com')

/** The next hop's own words, and its address. */
const REFUSED = {
  heard: 'FAILURE',
  action: 'failed',
  status: '5.7.9',
  says: { 'diagnostic-code': /^smtp; 554 5\.7\.9 we take nothing from you$/, 'remote-mta': /^dns; \[127\.0\.0\.1\]$/ },
  words: /554 5\.7\.9 we take nothing from you \(\[127\.0\.0\.1\]\)/,
  reports: 1,
} as const

const DELIVERED = { heard: 'SUCCESS', action: 'delivered', status: '2.0.0' } as const

const ROWS: readonly Row[] = [
  { it: 'a mailbox', to: local('u'), ...DELIVERED, reports: 1 },
  { it: 'a file', to: local('file'), ...DELIVERED, reports: 1 },
  { it: 'a robot that takes it', to: local('robot'), ...DELIVERED },
  { it: "a user's own list", to: local('own'), ...DELIVERED, reports: 1 },
  { it: 'an alias for several', to: local('list'), heard: 'SUCCESS', action: 'expanded', status: '2.0.0', reports: 1 },
  {
    it: 'forward rules to several',
    to: local('team'),
    heard: 'SUCCESS',
    action: 'expanded',
    status: '2.0.0',
    reports: 1,
  },
  { it: 'an alias for one mailbox', to: local('post'), ...DELIVERED, reports: 1 },
  {
    it: 'a next hop without DSN',
    to: at('plain.example.com')('guest'),
    heard: 'SUCCESS',
    action: 'relayed',
    status: '2.0.0',
    says: { 'remote-mta': /^dns; \[127\.0\.0\.1\]$/ },
    reports: 1,
  },
  {
    it: 'a forward to one behind a next hop without DSN',
    to: local('away'),
    heard: 'SUCCESS',
    action: 'relayed',
    status: '2.0.0',
  },
  { it: 'a next hop with DSN: it is the one to report', to: at('dsn.example.com')('guest') },
  { it: 'a forward to one behind a next hop with DSN', to: local('afar') },
  { it: 'mail that is thrown away', to: local('nul') },
  { it: "a next hop's 5xx to RCPT", to: at('rcpt.example.com')('guest'), ...REFUSED },
  { it: "a next hop's 5xx to MAIL", to: at('mail.example.com')('guest'), ...REFUSED },
  { it: "a next hop's 5xx to DATA", to: at('data.example.com')('guest'), ...REFUSED },
  { it: "a next hop's 5xx to the message", to: at('message.example.com')('guest'), ...REFUSED },
  {
    it: 'a 550 without a status',
    to: at('terse.example.com')('guest'),
    heard: 'FAILURE',
    action: 'failed',
    status: '5.0.0',
    says: { 'diagnostic-code': /^smtp; 550 refused$/ },
    reports: 1,
  },
  {
    it: 'a robot that cannot run',
    to: local('gone'),
    heard: 'FAILURE',
    action: 'failed',
    status: '5.3.0',
    words: /the program that handles this address cannot be run/,
  },
  {
    it: 'a robot that exits 67, with what it said',
    to: local('nouser'),
    heard: 'FAILURE',
    action: 'failed',
    status: '5.1.1',
    words: /refused the message: nobody here is called so/,
  },
  {
    it: 'a copy that fails for good while another is accepted',
    to: local('u'),
    heard: 'FAILURE',
    action: 'failed',
    status: '5.4.6',
    words: /mail for this address goes round in a loop/,
    reports: 1,
    message: `${WISHES.map((_, n) => `Delivered-To: ${local('u')(n)}\n`).join('')}${note('a copy that fails for good while another is accepted')}`,
  },
]

for (const version of HARAKA_VERSIONS) {
  describe(`Haraka ${version}: reports, by what became of the message and what was asked for`, () => {
    let running: DsnSite<HopName>
    before(async () => {
      running = await startDsnSite({
        version,
        hops: HOP_OPTIONS,
        users: WISHES.flatMap((_, n) => [`u${n}`, `own${n} fwd="$user,bob@domain1.com"`]),
        ini: '[outbound]\nretry_interval=1s\n',
        conf: (site, robots) => {
          site.write('aliases.txt', 'list*: bob, guest@dsn.example.com\npost*: bob\n')
          site.write('robots/nouser', '#!/bin/sh\ncat > /dev/null\necho nobody here is called so\nexit 67\n')
          chmodSync(site.path('robots/nouser'), 0o755)
          return [
            `alias_file ${site.path('aliases.txt')}`,
            `forward file*@domain1.com ${site.path('files/all.mbox')}`,
            `forward robot*@domain1.com |${robots.program('good')}`,
            `forward flaky*@domain1.com |${robots.program('flaky')}`,
            `forward nouser*@domain1.com |${site.path('robots/nouser')}`,
            `forward gone*@domain1.com |${site.path('robots/gone')}`,
            'forward team*@domain1.com bob@domain1.com',
            'forward team*@domain1.com member@dsn.example.com',
            'forward nul*@domain1.com /dev/nul',
            ...WISHES.map((_, n) => `forward away${n}@domain1.com someone${n}@plain.example.com`),
            ...WISHES.map((_, n) => `forward afar${n}@domain1.com someone${n}@dsn.example.com`),
          ]
        },
      })
    })
    after(() => running.close())

    for (const row of ROWS) {
      it(`${row.it}: ${row.heard === undefined ? 'nobody hears' : `${row.action ?? ''}, for ${row.heard}`}`, async () => {
        const { site, haraka } = running
        const { it: subject, to, heard, action = '', message } = row
        await submit(haraka, {
          subject,
          to: [...withEveryWish(to), ['bob@domain1.com', 'NOTIFY=NEVER']],
          mailParams: 'ENVID=row',
          ...(message === undefined ? {} : { message }),
        })
        await queueIsEmpty(haraka)
        const reports = reportsOn(site, 'fred', subject)
        assert.deepEqual(newsIn(reports), heard === undefined ? [] : toldOf(heard, action, to))
        if (row.reports !== undefined) assert.equal(reports.length, row.reports)
        for (const { message: fields, groups, words } of reports) {
          assert.equal(fields.get('original-envelope-id'), 'row')
          if (row.words !== undefined) assert.match(words.replace(/\s+/g, ' '), row.words)
          for (const group of groups) {
            assert.equal(group.get('status'), row.status)
            assert.equal(group.has('last-attempt-date'), action === 'failed')
            for (const [name, pattern] of Object.entries(row.says ?? {})) assert.match(group.get(name) ?? '', pattern)
          }
        }
      })
    }

    it('a list: its members are asked for nothing but failures and delays', () => {
      const { hops } = running
      const asked = (address: string): string[] =>
        hops.dsn.messages
          .flatMap(({ rcpts }) => rcpts)
          .filter((rcpt) => rcpt.address === address)
          .map(({ params }) => params.replace(/ ?ORCPT=\S+/, ''))
      for (const member of ['guest@dsn.example.com', 'member@dsn.example.com']) {
        // One copy for all who wrote to the list (R3): what any of them wants.
        assert.deepEqual(asked(member), ['NOTIFY=FAILURE,DELAY'])
      }
    })

    it('a forward to one: NOTIFY passes on as it was, with an ORCPT made of the address the sender gave', () => {
      const { hops } = running
      const asked = hops.dsn.messages
        .flatMap(({ rcpts }) => rcpts)
        .filter(({ address }) => address.startsWith('someone'))
        .map(({ address, params }) => `${address} ${params}`)
      assert.deepEqual(
        // Each is a message of its own, as their headers differ (R15).
        asked.sort(),
        WISHES.map(({ params }, n) =>
          [`someone${n}@dsn.example.com`, params, `ORCPT=rfc822;afar${n}@domain1.com`]
            .filter((word) => word !== undefined)
            .join(' '),
        ),
      )
    })

    it('a robot that asks for another try (75) and then takes it: delayed once, then delivered', async () => {
      const { site, robots, haraka } = running
      const to = local('flaky')
      robots.setStatus('flaky', 75)
      await submit(haraka, { subject: 'flaky', to: withEveryWish(to) })
      await tried(haraka, 2)
      const delayed = toldOf('DELAY', 'delayed', to)
      const firstReports = reportsOn(site, 'fred', 'flaky')
      assert.deepEqual(newsIn(firstReports), delayed)
      assert.equal(groupOf(firstReports, to(4)).get('status'), '4.3.0')
      robots.setStatus('flaky', 0)
      await queueIsEmpty(haraka)
      assert.deepEqual(told(site, 'fred', 'flaky'), [...delayed, ...toldOf('SUCCESS', 'delivered', to)])
    })

    it('several recipients in one message, each with wishes and an end of its own', async () => {
      const { site, haraka } = running
      await submit(haraka, {
        subject: 'all sorts',
        to: [
          ['u1@domain1.com', 'NOTIFY=SUCCESS'],
          ['u2@domain1.com', 'NOTIFY=FAILURE'],
          ['gone1@domain1.com', 'NOTIFY=SUCCESS,FAILURE'],
          ['gone2@domain1.com', 'NOTIFY=NEVER'],
          ['robot1@domain1.com', 'NOTIFY=SUCCESS ORCPT=rfc822;helper@domain1.com'],
          'rcpt1@rcpt.example.com',
          ['rcpt2@rcpt.example.com', 'NOTIFY=DELAY'],
          ['guest1@plain.example.com', 'NOTIFY=SUCCESS'],
          ['guest2@plain.example.com', 'NOTIFY=FAILURE'],
          ['guest1@dsn.example.com', 'NOTIFY=SUCCESS'],
          ['mail@mail.example.com', 'NOTIFY=FAILURE'],
          ['team@domain1.com', 'NOTIFY=SUCCESS'],
        ],
      })
      await queueIsEmpty(haraka)
      const reports = reportsOn(site, 'fred', 'all sorts')
      assert.deepEqual(newsIn(reports), [
        'delivered robot1@domain1.com',
        'delivered u1@domain1.com',
        'expanded team@domain1.com',
        'failed gone1@domain1.com',
        'failed mail@mail.example.com',
        'failed rcpt1@rcpt.example.com',
        'relayed guest1@plain.example.com',
      ])
      assert.equal(groupOf(reports, 'robot1@domain1.com').get('original-recipient'), 'rfc822; helper@domain1.com')
      // What was known at acceptance is one event.
      const first = reports.find(({ groups }) => groups.length > 1)
      assert.deepEqual(newsIn(first === undefined ? [] : [first]), [
        'delivered u1@domain1.com',
        'expanded team@domain1.com',
      ])
      assert.equal(first?.subject, 'What became of your message')
    })
  })
}
