import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { makeSite, queueIsEmpty, siteConf, siteIni, startSite, users } from '../e2e/site.js'
import { HARAKA_VERSIONS, type Haraka } from '../support/haraka.js'
import { startNextHop, type NextHop } from '../support/next-hop.js'
import { startPostfix, withoutPostfix, type Postfix } from '../support/postfix.js'
import { connect } from '../support/smtp.js'
import { without } from '../support/tools.js'
import { linesOf, readReports, type EmailReport } from './email-reports.js'
import { ANN, JURGEN, ROWS, SMTP_ROWS, US, UTF8, type SmtpRow } from './postfix-dsn-sender-rows.js'
import { postfixIsIdle, sendmail, withoutTrace } from './postfix-mail.js'

const skip = withoutPostfix() || without('python3')

describe('reports to a user of Postfix', { skip }, () => {
  for (const version of HARAKA_VERSIONS) {
    describe(`from Haraka ${version}`, () => {
      let postfix: Postfix
      let haraka: Haraka
      let hop: NextHop
      let reports: EmailReport[]
      // All messages go out before the first test: so a report that should not be there is no matter of time.
      before(async () => {
        const put = { off: false }
        hop = await startNextHop({
          reply: {
            rcpt: (address) => {
              if (address === 'gone@far.example') return '550 5.1.1 No such user, ask <postmaster@far.example>'
              if (address !== 'slow@far.example' || put.off) return undefined
              put.off = true
              return '450 4.2.1 Come again'
            },
          },
        })
        // It refuses what it does not find well formed.
        postfix = await startPostfix({
          mailboxes: [ANN, JURGEN],
          settings: () => ({
            myhostname: 'mail.sender.example',
            strict_rfc821_envelopes: 'yes',
            strict_8bitmime_body: 'yes',
            strict_mime_encoding_domain: 'yes',
            smtpd_forbid_bare_newline: 'yes',
            smtpd_data_restrictions: 'reject_unauth_pipelining',
          }),
        })
        await postfix.stop()
        const site = makeSite()
        site.write('users.txt', users('bob', 'fred'))
        site.write('aliases.txt', 'all: bob,fred\n')
        const lines = [
          `alias_file ${site.path('aliases.txt')}`,
          `gateway sender.example 127.0.0.1:${postfix.port}`,
          `gateway far.example 127.0.0.1:${hop.port}`,
          'relay_to far.example',
        ]
        haraka = await startSite(version, siteConf(site, lines), {
          config: { me: `${US}\n`, 'dmail.ini': siteIni('[outbound]\nretry_interval=1s\n') },
        })
        const next = `relay:[127.0.0.1]:${haraka.port}`
        postfix.configure({ transport_maps: `inline:{ { domain1.com = ${next} }, { far.example = ${next} } }` })
        postfix.start()
        for (const { id, args, body } of ROWS) {
          const head = `From: ${ANN}\nSubject: Lunch\nMessage-ID: <${id}>\n${body === undefined ? '' : UTF8}`
          sendmail(postfix, ['-f', ANN, ...args], `${head}\n${body ?? 'At noon?\n'}`)
        }
        await submitBySmtp(SMTP_ROWS)
        await settle()
        reports = readReports([ANN, JURGEN].flatMap((address) => postfix.mail(address)))
      })
      after(async () => {
        await haraka.stop()
        await postfix.stop()
        await hop.close()
      })

      const submitBySmtp = async (rows: readonly SmtpRow[]): Promise<void> => {
        const client = await connect(postfix.port)
        await client.ehlo()
        for (const { id, from, mail, to, rcpt } of rows) {
          const replies = [await client.mail(from, mail), await client.rcpt(to, rcpt)]
          replies.push(await client.data(`From: ${ANN}\nMessage-ID: <${id}>\n\nAt noon?\n`))
          assert.deepEqual(
            replies.map(({ code }) => code),
            [250, 250, 250],
            replies.map(({ text }) => text).join(' / '),
          )
        }
        await client.quit()
      }
      /** Resolves when the messages have come to their ends, and so have their reports. */
      const settle = async (): Promise<void> => {
        await postfixIsIdle(postfix)
        await queueIsEmpty(haraka)
        await postfixIsIdle(postfix)
      }
      const about = (id: string): EmailReport[] =>
        reports.filter(({ returned }) => returned.includes(`\nMessage-ID: <${id}>`))

      for (const { id, title, told } of [...ROWS, ...SMTP_ROWS]) {
        it(title, () => {
          assert.deepEqual(about(id).flatMap(linesOf).sort(), told)
        })
      }

      it('a failure has the words of the server that refused, for a person and for a program', () => {
        const [report] = about('failed@sender.example')
        const words = '550 5.1.1 No such user, ask <postmaster@far.example>'
        assert.equal(report?.subject, 'Your message could not be delivered')
        assert.ok(report.text.includes(`    gone@far.example\n        ${words} (`), report.text)
        const [, group = {}] = report.status
        assert.equal(group['diagnostic-code'], `smtp; ${words}`)
        assert.match(group['remote-mta'] ?? '', /^dns; \S+$/)
        assert.ok(Date.parse(group['last-attempt-date'] ?? '') > 0)
      })

      it('a delay says until when it is tried', () => {
        const [, group = {}] =
          about('delayed@sender.example').find(({ subject }) => /delayed/.test(subject))?.status ?? []
        const hours = Date.parse(group['will-retry-until'] ?? '') - Date.parse(group['last-attempt-date'] ?? '')
        assert.equal(Math.round(hours / 3_600_000), 72)
      })

      it('the message comes back as it was, where it was asked for', () => {
        const [report] = about('whole@sender.example')
        assert.deepEqual(report?.parts, ['text/plain', 'message/delivery-status', 'message/rfc822'])
        assert.match(report.returned, /\n\nGrüße aus Köln\n$/)
      })

      it('a recipient in UTF-8 is announced with SMTPUTF8, there and to Postfix', () => {
        const mails = hop.messages.filter(({ data }) => data.includes('Message-ID: <utf8-'))
        assert.deepEqual(
          mails.map(({ mailParams }) => mailParams),
          ['SMTPUTF8', 'SMTPUTF8'],
        )
        assert.match(String(postfix.mail(JURGEN)[0]), /^\tby mail\.sender\.example \(Postfix\) with UTF8SMTP id /m)
      })

      it('all are whole: three parts, nothing wrong with any, and no other reports', () => {
        assert.equal(reports.flatMap(linesOf).length, [...ROWS, ...SMTP_ROWS].flatMap(({ told }) => told).length)
        for (const { type, reportType, parts, defects } of reports) {
          assert.deepEqual([type, defects], ['multipart/report', []])
          assert.deepEqual(parts.slice(0, 2), ['text/plain', `message/${String(reportType)}`])
        }
        assert.deepEqual(
          new Set(reports.map(({ reportType, parts: [, , last] }) => `${String(reportType)} ${String(last)}`)),
          new Set([
            'delivery-status text/rfc822-headers',
            'delivery-status message/rfc822',
            'global-delivery-status message/global-headers',
          ]),
        )
      })

      it('Postfix takes them as they are: it refuses none, warns of none and adds nothing', () => {
        assert.doesNotMatch(postfix.log(), /reject|warning|error:|fatal|status=(?:bounced|deferred)/)
        for (const message of postfix.mail(ANN)) {
          const [head = ''] = withoutTrace(message).split('\n\n')
          assert.match(head, /^From: bob@domain1\.com\nTo: ann@sender\.example\nSubject: /)
          assert.doesNotMatch(head, /[^\n\t -~]/)
        }
      })
    })
  }
})
