import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { codes, makeSite, queueIsEmpty, RELAYING, siteConf, siteIni, startSite, users, type Site } from '../e2e/site.js'
import { smtpdTls } from './self-signed.js'
import { HARAKA_VERSIONS, type Haraka } from '../support/haraka.js'
import type { MboxMessage } from '../support/mbox.js'
import { startPostfix, withoutPostfix, type Postfix } from '../support/postfix.js'
import { connect, send } from '../support/smtp.js'
import { KINDS, UTF8_RECIPIENT } from './message-kinds.js'
import { idsIn, postfixIsIdle, withoutTrace } from './postfix-mail.js'

const [ANNA, SLOW] = ['anna@customer.example', 'slow@customer.example']
// Haraka would add one.
const DATE = 'Date: Wed, 1 Jul 2026 12:00:00 +0200'
const MEGABYTE = 1024 * 1024

/** Haraka breaks lines of more than 992 bytes unless told not to. */
const LONG_LINES = [
  '[main]\n[haproxy]\nhosts[] =\n[headers]\n[message]\n[uuid]\n[max]',
  ...['bytes=52428800', 'mime_parts=1000', 'line_length=512', 'data_line_length=200000', ''],
].join('\n')

describe('Postfix as the next hop', { skip: withoutPostfix() }, () => {
  for (const version of HARAKA_VERSIONS) {
    describe(`of Haraka ${version}`, () => {
      let site: Site
      let postfix: Postfix
      let haraka: Haraka
      before(async () => {
        const tls = smtpdTls('mail.customer.example')
        postfix = await startPostfix({
          mailboxes: [ANNA, UTF8_RECIPIENT, SLOW],
          settings: () => ({
            message_size_limit: String(50 * MEGABYTE),
            ...tls,
          }),
        })
        site = makeSite()
        site.write('users.txt', users('bob', 'fred'))
        haraka = await startSite(version, siteConf(site, [`gateway customer.example 127.0.0.1:${postfix.port}`]), {
          config: {
            'connection.ini': LONG_LINES,
            'dmail.ini': siteIni('[outbound]\nretry_interval=1s\n'),
            'log.ini': '[main]\nlevel=info\n',
          },
        })
      })
      after(async () => {
        await haraka.stop()
        await postfix.stop()
      })

      const submit = async (id: string, ...to: readonly string[]): Promise<void> => {
        const message = `From: fred@domain1.com\n${DATE}\nMessage-ID: <${id}>\n\nAt noon?\n`
        const { final } = await send(haraka.port, { from: 'fred@domain1.com', to, message, localAddress: RELAYING })
        assert.equal(codes(final), '250 2.0.0', final.text)
      }
      const settle = async (): Promise<void> => {
        await queueIsEmpty(haraka)
        await postfixIsIdle(postfix)
      }

      KINDS.forEach(({ title, params, from = 'fred@domain1.com', to = ANNA, fields = [], body }, at) => {
        it(`${title}: arrives byte for byte, once`, async () => {
          const id = `${at}.kinds@domain1.com`
          const head = ['From: fred@domain1.com', DATE, `Subject: ${at}`, `Message-ID: <${id}>`, ...fields]
          const message = Buffer.concat([Buffer.from(`${head.join('\n')}\n\n`), body])
          const client = await connect(haraka.port, { localAddress: RELAYING })
          await client.ehlo()
          // Addresses go out as UTF-8, where lines of a session are latin1.
          const bytes = (text: string): string => Buffer.from(text).toString('latin1')
          client.socket.setDefaultEncoding('latin1')
          assert.equal((await client.mail(bytes(from), params)).code, 250)
          assert.equal((await client.rcpt(bytes(to))).code, 250)
          const { code, text } = await client.data(message)
          assert.equal(code, 250, text)
          await client.quit()
          await settle()
          const arrived = postfix.mail(to).map(withoutTrace)
          const mine = arrived.filter((each) => each.includes(`\nMessage-ID: <${id}>`))
          assert.equal(mine.length, 1)
          assert.ok(Buffer.from(mine[0] ?? '', 'latin1').equals(message), difference(mine[0] ?? '', message))
        })
      })

      it('the STARTTLS that Postfix offers is used', async () => {
        await postfix.waitForLog(/TLS connection established from unknown\[127\.0\.0\.1\]: TLSv1/)
      })

      it('a user that Postfix does not know: the local sender has a report with the words of Postfix', async () => {
        await submit('unknown@domain1.com', 'nobody@customer.example')
        await settle()
        const [report, ...more] = site.mail('fred')
        assert.equal(more.length, 0)
        assert.deepEqual([report?.sender, report?.header('Return-Path')], ['MAILER-DAEMON', '<>'])
        assert.deepEqual(reported(report), ['nobody@customer.example'])
        assert.match(report?.body ?? '', /^Status: 5\.1\.1\b/m)
        assert.match(report?.body ?? '', /User unknown in virtual mailbox table/)
      })

      it('of two users Postfix does not know one: the other has the mail, the report is about the one', async () => {
        const before = site.mail('fred').length
        await submit('mixed@domain1.com', 'nobody@customer.example', ANNA)
        await settle()
        assert.equal(idsIn(postfix, ANNA).filter((id) => id === 'mixed@domain1.com').length, 1)
        assert.deepEqual(site.mail('fred').slice(before).map(reported), [['nobody@customer.example']])
      })

      it('a user that Postfix does not take now (450): the mail is kept, and sent once when that is over', async () => {
        await postfix.stop()
        postfix.configure({
          smtpd_recipient_restrictions: `check_recipient_access inline:{ { ${SLOW} = 450 4.2.0 Greylisted } }`,
        })
        postfix.start()
        await submit('slow@domain1.com', SLOW)
        // The third number of its name is how often it has failed.
        await haraka.waitFor(() => haraka.queueFiles().some((name) => /^\d+_\d+_[2-9]_/.test(name)), { watch: 'queue' })
        await postfix.waitForLog(/reject: RCPT from unknown\[127\.0\.0\.1\]: 450 4\.2\.0 .* Greylisted/)
        assert.deepEqual(idsIn(postfix, SLOW), [])
        await postfix.stop()
        postfix.configure({ smtpd_recipient_restrictions: '' })
        postfix.start()
        await settle()
        assert.deepEqual(idsIn(postfix, SLOW), ['slow@domain1.com'])
        assert.deepEqual(
          site
            .mail('fred')
            .flatMap(reported)
            .filter((address) => address === SLOW),
          [],
        )
      })
    })
  }
})

/** The recipients that a report is about. */
function reported(report: MboxMessage | undefined): string[] {
  return [...(report?.body ?? '').matchAll(/^Final-Recipient: *rfc822; *(.+)$/gm)].map(([, address]) => address ?? '')
}

/** Where two messages differ; both may have megabytes. */
function difference(arrived: string, sent: Buffer): string {
  const expected = sent.toString('latin1')
  let at = 0
  while (at < expected.length && arrived[at] === expected[at]) at++
  const around = (text: string): string => JSON.stringify(text.slice(Math.max(0, at - 60), at + 60))
  return `at byte ${at}: ${around(arrived)} instead of ${around(expected)}`
}
