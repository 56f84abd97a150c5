import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { HOUR_MS, makeClock, type Clock } from '../support/clock.js'
import type { Haraka } from '../support/haraka.js'
import { startNextHop, type NextHop } from '../support/next-hop.js'
import { freePort } from '../support/ports.js'
import { newsOf, reportsTo, submitAsking, waitForNews, type Wish } from './dsn-site.js'
import { KINDS } from './outbound-site.js'
import { makeRobots, type Robots } from './robots.js'
import { codes, makeSite, queueIsEmpty, siteConf, siteIni, startSite, users, type Site } from './site.js'

const ALL = 'NOTIFY=SUCCESS,FAILURE,DELAY'

/** Every value of NOTIFY, and what of delivered (and expanded, relayed), failed and delayed is told. */
const NOTIFY: readonly (readonly [notify: string, success: boolean, failure: boolean, delay: boolean])[] = [
  ['', false, true, false],
  ['NEVER', false, false, false],
  ['SUCCESS', true, false, false],
  ['FAILURE', false, true, false],
  ['DELAY', false, false, true],
  ['SUCCESS,FAILURE', true, true, false],
  ['SUCCESS,DELAY', true, false, true],
  ['FAILURE,DELAY', false, true, true],
  ['SUCCESS,FAILURE,DELAY', true, true, true],
]

/** A recipient, what becomes of its mail, and the news that makes. */
const RECIPIENTS: readonly (readonly [to: string, what: string, news: string, kind: 'success' | 'failure' | 'none'])[] =
  [
    ['john@domain1.com', 'a mailbox', 'delivered john@domain1.com 2.0.0', 'success'],
    ['file@domain1.com', 'a file', 'delivered file@domain1.com 2.0.0', 'success'],
    ['robot@domain1.com', 'a robot', 'delivered robot@domain1.com 2.0.0', 'success'],
    ['list@domain1.com', "an operator's list", 'expanded list@domain1.com 2.0.0', 'success'],
    ['mary@domain1.com', "a user's own list", 'delivered mary@domain1.com 2.0.0', 'success'],
    ['guest@plain.example.com', 'a next hop without DSN', 'relayed guest@plain.example.com 2.0.0', 'success'],
    ['away@domain1.com', 'a forward to a next hop without DSN', 'relayed away@domain1.com 2.0.0', 'success'],
    ['guest@dsn.example.com', 'a next hop with DSN', '', 'none'],
    ['far@domain1.com', 'a forward to a next hop with DSN', '', 'none'],
    ['nowhere@domain1.com', 'nothing: it is thrown away', '', 'none'],
    ['broken@domain1.com', 'a robot that refuses', 'failed broken@domain1.com 5.1.1', 'failure'],
    ['missing@domain1.com', 'a robot that is not there', 'failed missing@domain1.com 5.3.0', 'failure'],
    ['guest@refusing.example.com', 'a next hop that refuses', 'failed guest@refusing.example.com 5.7.9', 'failure'],
    ['hidden@domain1.com', 'a forward that is refused', 'failed hidden@domain1.com 5.7.9', 'failure'],
  ]

/** One that is tried in vain until its time is over. */
const LATE = 'guest@late.example.com'

for (const { name, version, nodes } of KINDS) {
  describe(`${name}: what senders hear`, () => {
    const site: Site = makeSite()
    const robots: Robots = makeRobots(site)
    const clock: Clock = makeClock()
    let hops: Record<'plain' | 'dsn' | 'refusing' | 'late' | 'secure', NextHop>
    let haraka: Haraka

    before(async () => {
      const KEYWORDS = ['8BITMIME', 'SMTPUTF8', 'ENHANCEDSTATUSCODES']
      hops = {
        plain: await startNextHop(),
        dsn: await startNextHop({ keywords: [...KEYWORDS, 'DSN'] }),
        refusing: await startNextHop({
          reply: { rcpt: (to) => `550 5.7.9 <${to}> is not wanted at refusing.example.com` },
        }),
        late: await startNextHop({ reply: { rcpt: (to) => `450 4.2.1 <${to}> is busy` } }),
        secure: await startNextHop({ keywords: [...KEYWORDS, 'DSN'], tls: {} }),
      }
      site.write('users.txt', users('bob', 'fred', 'john', 'mary fwd="$user,john@domain1.com"'))
      robots.program('refuses')
      robots.setStatus('refuses', 67)
      site.write('aliases', 'list: john, bob\nfred-alias: fred\n')
      const gateways = Object.entries(hops).map(
        ([domain, { port }]) => `gateway ${domain}.example.com 127.0.0.1:${port}`,
      )
      const conf = siteConf(site, [
        ...gateways,
        `gateway gone.example.com 127.0.0.1:${await freePort()}`,
        `alias_file ${site.path('aliases')}`,
        `forward file@domain1.com ${site.path('files/box')}`,
        `forward robot@domain1.com |${robots.program('takes')}`,
        `forward broken@domain1.com |${robots.program('refuses')}`,
        `forward missing@domain1.com |${site.path('robots/none')}`,
        'forward nowhere@domain1.com /dev/null',
        'forward away@domain1.com guest@plain.example.com',
        'forward far@domain1.com secret@dsn.example.com',
        'forward hidden@domain1.com secret@refusing.example.com',
        'forward hidden-too@domain1.com secret@refusing.example.com',
      ])
      haraka = await startSite(version, conf, { nodes, env: clock.env, config: { 'dmail.ini': siteIni() } })
    })
    after(async () => {
      await haraka.stop()
      for (const hop of Object.values(hops)) await hop.close()
    })

    it('EHLO offers DSN; what is wrong is refused, and the session goes on', async () => {
      const rows: readonly (readonly [params: string, wish: string])[] = [
        ['', 'NOTIFY=NEVER,SUCCESS'],
        ['', 'NOTIFY=SUCCESS,SUCCESS'],
        ['', 'NOTIFY=SOON'],
        ['', 'NOTIFY=SUCCESS NOTIFY=SUCCESS'],
        ['', 'ORCPT=john'],
        ['', 'ORCPT=rfc822;john+2'],
        ['RET=ALL', ''],
        ['RET=FULL RET=FULL', ''],
        ['ENVID=a+', ''],
        [`ENVID=${'x'.repeat(101)}`, ''],
      ]
      for (const [params, wish] of rows) {
        const { mail, rcpt } = await submitAsking(haraka.port, [['john@domain1.com', wish], ['bob@domain1.com']], {
          params,
        })
        assert.equal(codes(params === '' ? (rcpt[0] ?? mail) : mail), '501 5.5.4', `${params} ${wish}`)
        if (params === '') assert.equal(rcpt[1]?.code, 250)
      }
      await queueIsEmpty(haraka)
    })

    it('every event, with every NOTIFY', async () => {
      const expected: string[] = []
      for (const [at, [notify, success, failure, delay]] of NOTIFY.entries()) {
        const wish = notify === '' ? undefined : `NOTIFY=${notify}`
        const wishes = [...RECIPIENTS.map(([to]): Wish => [to, wish]), [LATE, wish] as const]
        const { final } = await submitAsking(haraka.port, wishes, { params: `ENVID=m${at}` })
        assert.equal(final.code, 250, final.text)
        const told = RECIPIENTS.filter(([, , , kind]) => (kind === 'success' ? success : kind === 'failure' && failure))
        expected.push(...told.map(([, , news]) => `m${at} ${news}`))
        if (delay) expected.push(`m${at} delayed ${LATE} 4.2.1`)
      }
      const told = (): string[] => {
        const reports = reportsTo(site, 'fred')
        return NOTIFY.flatMap((_, at) => newsOf(reports, `m${at}`).map((news) => `m${at} ${news}`)).sort()
      }
      await haraka.waitFor(() => told().length >= expected.length && haraka.queueFiles().length === NOTIFY.length, {
        watch: 'queue',
      })
      assert.deepEqual(told(), expected.sort())
    })

    it('a next hop with DSN gets the wishes, one without does not', () => {
      const seen = (hop: NextHop): string[] =>
        hop.messages.map(({ mailParams, rcpts: [first] }) => `${mailParams} ${first?.params ?? ''}`)
      const passed = NOTIFY.flatMap(([notify], at) => {
        const asked = notify === '' ? '' : `NOTIFY=${notify}`
        return [`ENVID=m${at} ${asked}`, `ENVID=m${at} ${`${asked} ORCPT=rfc822;far@domain1.com`.trim()}`]
      })
      assert.deepEqual(seen(hops.dsn).sort(), passed.sort())
      assert.deepEqual([...new Set(seen(hops.plain))], [' '])
    })

    it('the delay is told once; when time is up, that it failed, also after a restart', async () => {
      await haraka.restart()
      const before = newsOf(reportsTo(site, 'fred')).length
      clock.set(73 * HOUR_MS)
      await queueIsEmpty(haraka)
      const wanted = NOTIFY.flatMap(([, , failure], at) => (failure ? [`m${at}`] : []))
      await waitForNews(haraka, site, 'fred', before + wanted.length)
      const reports = reportsTo(site, 'fred')
      for (const [at] of NOTIFY.entries()) {
        const late = newsOf(reports, `m${at}`).filter((news) => news.startsWith('failed') && news.includes(LATE))
        assert.deepEqual(late, wanted.includes(`m${at}`) ? [`failed ${LATE} 5.2.1`] : [])
      }
      assert.equal(newsOf(reports).length, before + wanted.length)
      clock.set(0)
    })

    it('a target that the sender does not know is named nowhere', () => {
      const texts = site.mail('fred').filter(({ body }) => body.includes('hidden@domain1.com'))
      assert.ok(texts.length > 0)
      for (const { headers, body } of texts) {
        const report = `${headers.map(([, value]) => value).join('\n')}\n${body}`
        for (const secret of ['secret', '127.0.0.1:']) assert.ok(!report.includes(secret), report)
        const [, group = ''] = /(Final-Recipient: rfc822; hidden@domain1\.com\n(?:.+\n)*)/.exec(body) ?? []
        assert.match(group, /^Action: failed$/m)
        assert.doesNotMatch(group, /refusing|Remote-MTA/)
      }
    })

    it('recipients with different wishes in one message each have their own', async () => {
      const mark = newsOf(reportsTo(site, 'fred')).length
      const wishes: readonly Wish[] = [
        ['a@refusing.example.com', 'NOTIFY=NEVER'],
        ['b@refusing.example.com', 'NOTIFY=SUCCESS'],
        ['c@refusing.example.com', 'NOTIFY=FAILURE ORCPT=rfc822;C@old.example.com'],
        ['d@refusing.example.com'],
        ['hidden@domain1.com', 'NOTIFY=NEVER'],
        ['hidden-too@domain1.com', 'NOTIFY=FAILURE'],
      ]
      await submitAsking(haraka.port, wishes, { params: 'ENVID=mixed RET=HDRS' })
      await queueIsEmpty(haraka)
      await waitForNews(haraka, site, 'fred', mark + 3)
      const reports = reportsTo(site, 'fred')
      assert.deepEqual(newsOf(reports, 'mixed'), [
        'failed c@refusing.example.com 5.7.9',
        'failed d@refusing.example.com 5.7.9',
        'failed hidden-too@domain1.com 5.7.9',
      ])
      const groups = reports.flatMap((report) => report.groups)
      const c = groups.find((group) => group.get('final-recipient') === 'rfc822; c@refusing.example.com')
      assert.ok(c !== undefined)
      assert.equal(c.get('original-recipient'), 'rfc822; C@old.example.com')
      assert.equal(c.get('remote-mta'), 'dns; [127.0.0.1]')
      assert.equal(
        c.get('diagnostic-code'),
        'smtp; 550 5.7.9 <c@refusing.example.com> is not wanted at refusing.example.com',
      )
    })

    it('RET=FULL brings the message back, RET=HDRS its header', async () => {
      for (const [ret, has] of [
        ['FULL', true],
        ['HDRS', false],
      ] as const) {
        const params = `RET=${ret} ENVID=ret-${ret}`
        await submitAsking(haraka.port, [['guest@refusing.example.com']], { params })
        const report = await haraka.waitFor(() =>
          reportsTo(site, 'fred').find(({ message }) => message.get('original-envelope-id') === `ret-${ret}`),
        )
        assert.equal(report.returned.includes('At noon?'), has)
        assert.ok(report.returned.includes('Subject: report on this\r\n'))
        assert.match(report.returnedType, has ? /^message\/rfc822/ : /^text\/rfc822-headers/)
      }
    })

    it('a next hop that offers DSN within TLS gets the wishes', async () => {
      await submitAsking(haraka.port, [['guest@secure.example.com', ALL]], { params: 'ENVID=tls' })
      const { mailParams, rcpts } = await hops.secure.waitForMessage()
      assert.match(hops.secure.transcript, /^tls: /m)
      assert.deepEqual([mailParams, rcpts[0]?.params], ['ENVID=tls', ALL])
      await queueIsEmpty(haraka)
      assert.deepEqual(newsOf(reportsTo(site, 'fred'), 'tls'), [])
    })

    it('a next hop that can nothing but HELO has no DSN', async () => {
      const { plain } = hops
      const taken = plain.messages.length
      plain.reply = { ehlo: () => '502 5.5.1 what is EHLO?', helo: () => '250 DSN' }
      await submitAsking(haraka.port, [['guest@plain.example.com', ALL]], { params: 'ENVID=helo' })
      const { mailParams, rcpts } = await plain.waitForMessage(taken + 1)
      plain.reply = {}
      assert.deepEqual([mailParams, rcpts[0]?.params], ['', ''])
      await queueIsEmpty(haraka)
      assert.deepEqual(newsOf(reportsTo(site, 'fred'), 'helo'), ['relayed guest@plain.example.com 2.0.0'])
    })

    it('refused by a reply: no report', async () => {
      const mark = reportsTo(site, 'fred').length
      const { rcpt } = await submitAsking(haraka.port, [['nobody@domain1.com', ALL]])
      assert.equal(rcpt[0]?.code, 550)
      const { final } = await submitAsking(haraka.port, [['john@domain1.com', ALL]], {
        message: `${'Received: x\n'.repeat(40)}Subject: loop\n\nx\n`,
      })
      assert.equal(final.code, 550)
      await queueIsEmpty(haraka)
      assert.equal(reportsTo(site, 'fred').length, mark)
    })

    it('the null sender hears nothing; sysadmin hears once of what failed', async () => {
      const mark = reportsTo(site, 'bob').length
      const wishes: readonly Wish[] = [
        ['guest@refusing.example.com'],
        ['other@refusing.example.com', 'NOTIFY=NEVER'],
        ['john@domain1.com', ALL],
      ]
      await submitAsking(haraka.port, wishes, { from: '' })
      await queueIsEmpty(haraka)
      const news = await haraka.waitFor(() => {
        const reports = reportsTo(site, 'bob').slice(mark)
        return reports.length > 0 && newsOf(reports)
      })
      assert.deepEqual(news, ['failed guest@refusing.example.com 5.7.9'])
    })

    it('a report goes by the rules for its reader; one that cannot be delivered goes to sysadmin, once', async () => {
      const [fred, bob] = [reportsTo(site, 'fred').length, reportsTo(site, 'bob').length]
      await submitAsking(haraka.port, [['guest@refusing.example.com']], { from: 'fred-alias@domain1.com' })
      await haraka.waitFor(() => reportsTo(site, 'fred').length === fred + 1)
      await submitAsking(haraka.port, [['guest@refusing.example.com']], { from: 'guest@refusing.example.com' })
      await haraka.waitFor(() => reportsTo(site, 'bob').length === bob + 1)
      await queueIsEmpty(haraka)
      assert.match(hops.refusing.transcript, /^C: MAIL FROM:<>$/m)
      assert.equal(reportsTo(site, 'bob').length, bob + 1)
    })
  })
}
