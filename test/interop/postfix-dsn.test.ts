import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { makeSite, queueIsEmpty, RELAYING, session, siteConf, startSite, users, type Site } from '../e2e/site.js'
import { HARAKA_VERSIONS, type Haraka } from '../support/haraka.js'
import { startPostfix, withoutPostfix, type Postfix } from '../support/postfix.js'
import { without } from '../support/tools.js'
import { linesOf, readReports, type EmailReport } from './email-reports.js'
import { readWithPython } from './mbox-readers.js'
import { ANNA, FOR_ANNA, HIDDEN, NOBODY, OTTO, WITH_DSN, WITHOUT_DSN, type Row } from './postfix-dsn-rows.js'
import { idsIn, postfixIsIdle } from './postfix-mail.js'
import { smtpdTls } from './self-signed.js'

const skip = withoutPostfix() || without('python3')

describe('reports of Postfix as the next hop', { skip }, () => {
  for (const version of HARAKA_VERSIONS) {
    describe(`of Haraka ${version}`, () => {
      let site: Site
      let postfix: Postfix
      let haraka: Haraka
      let reports: EmailReport[]
      // All messages go out before the first test: so a report that should not be there is no matter of time.
      before(async () => {
        const tls = smtpdTls('mail.customer.example')
        postfix = await startPostfix({
          mailboxes: [ANNA, OTTO],
          settings: () => ({
            myhostname: 'mail.customer.example',
            smtpd_discard_ehlo_keywords: 'dsn',
            ...tls,
          }),
        })
        site = makeSite()
        site.write('users.txt', users('bob', 'fred'))
        site.write(
          'aliases.txt',
          [
            `chef: ${ANNA}`,
            `gone: ${NOBODY}`,
            `all: ${ANNA},${NOBODY}`,
            `jürgen: ${ANNA}`,
            `secret: ${HIDDEN}`,
            '',
          ].join('\n'),
        )
        const lines = [`gateway customer.example 127.0.0.1:${postfix.port}`, `alias_file ${site.path('aliases.txt')}`]
        haraka = await startSite(version, siteConf(site, lines), { config: { me: 'mail.domain1.com\n' } })
        await submit(WITHOUT_DSN)
        await postfix.stop()
        postfix.configure({
          smtpd_discard_ehlo_keywords: '',
          smtpd_reject_unlisted_recipient: 'no',
          transport_maps: `inline:{ { domain1.com = relay:[127.0.0.1]:${haraka.port} } }`,
        })
        postfix.start()
        await submit(WITH_DSN)
        const [messages = []] = await readWithPython([site.path('in/fred')])
        reports = readReports(messages)
      })
      after(async () => {
        await haraka.stop()
        await postfix.stop()
      })

      /** Resolves when all that comes of these messages has come. */
      const submit = async (rows: readonly Row[]): Promise<void> => {
        await session(haraka.port, { localAddress: RELAYING }, async (client) => {
          for (const { id, mail, to } of rows) {
            assert.equal((await client.mail('fred@domain1.com', mail)).code, 250)
            for (const [address, parameters] of to) assert.equal((await client.rcpt(address, parameters)).code, 250)
            const { code, text } = await client.data(`From: fred@domain1.com\nMessage-ID: <${id}>\n\nAt noon?\n`)
            assert.equal(code, 250, text)
          }
        })
        await queueIsEmpty(haraka)
        await postfixIsIdle(postfix)
      }

      const reportsOn = (id: string): EmailReport[] =>
        reports.filter(({ returned }) => returned.includes(`\nMessage-ID: <${id}>`))
      const hasReports = ({ id, title, told, log = [] }: Row): void => {
        it(title, () => {
          assert.deepEqual(reportsOn(id).flatMap(linesOf).sort(), told)
          for (const pattern of log) assert.match(postfix.log(), pattern)
        })
      }

      describe('that offers DSN, by TLS', () => {
        WITH_DSN.forEach(hasReports)
        it('TLS was used', () => {
          assert.match(postfix.log(), /TLS connection established from unknown\[127\.0\.0\.1\]: TLSv1/)
        })
      })
      describe('that does not offer DSN', () => {
        WITHOUT_DSN.forEach(hasReports)
        it('its words reach the sender without the target of the alias', () => {
          const [report] = reportsOn('hidden@domain1.com')
          assert.equal(
            report?.status[1]?.['diagnostic-code'],
            'smtp; 550 5.1.1 <secret@domain1.com>: Recipient address rejected: User unknown in virtual mailbox table',
          )
          assert.doesNotMatch(JSON.stringify(report), /hidden\.person|customer\.example/)
        })
      })

      it('there are no other reports, and nothing is wrong with one', () => {
        const expected = [...WITH_DSN, ...WITHOUT_DSN].flatMap(({ told }) => told)
        assert.deepEqual(reports.flatMap(linesOf).sort(), [...expected].sort())
        assert.deepEqual(
          reports.flatMap(({ defects }) => defects),
          [],
        )
      })

      it('each message has arrived once', () => {
        const toAnna = [...WITH_DSN, ...WITHOUT_DSN].filter(({ to }) => to.some(([address]) => FOR_ANNA.has(address)))
        assert.deepEqual(idsIn(postfix, ANNA), toAnna.map(({ id }) => id).sort())
      })
    })
  }
})
