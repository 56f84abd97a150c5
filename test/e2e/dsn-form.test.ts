import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { HARAKA_VERSIONS } from '../support/haraka.js'
import {
  checkReport,
  groupOf,
  HOPS,
  reportsOn,
  startDsnSite,
  subjectOfReturned,
  submit,
  told,
  type DsnSite,
  type Letter,
  type SentReport,
} from './dsn-site.js'
import { note, queueIsEmpty, reload, siteIni } from './site.js'

const HEADERS = 'text/rfc822-headers'
const MESSAGE = 'message/rfc822'

/** Lines of 40 bytes, with their number; together so many KiB. */
function body(kib: number): string {
  return Array.from({ length: (kib * 1024) / 40 }, (_, n) => `line ${n} `.padEnd(39, 'x') + '\n').join('')
}

for (const version of HARAKA_VERSIONS) {
  describe(`Haraka ${version}: what is in a report`, () => {
    let running: DsnSite<'plain'>
    before(async () => {
      running = await startDsnSite({
        version,
        hops: { plain: HOPS.plain },
        users: ['gr\u00fcn'],
        conf: (site) => [`forward gone*@domain1.com |${site.path('robots/gone')}`],
      })
    })
    after(() => running.close())

    /** Sends a message and resolves with the one report on it. */
    const reportOn = async (letter: Letter): Promise<SentReport> => {
      await submit(running.haraka, letter)
      await queueIsEmpty(running.haraka)
      const [report, ...more] = reportsOn(running.site, 'fred', letter.subject)
      assert.ok(report !== undefined && more.length === 0, `reports: ${more.length}`)
      return report
    }
    const reloads = async (reloaded = true): Promise<void> => {
      assert.equal(await reload(running.haraka), reloaded)
    }
    const conf = async (...lines: string[]): Promise<void> => {
      running.haraka.write('config/dmail.conf', running.conf(...lines))
      await reloads()
    }
    const ini = async (more: string): Promise<void> => {
      running.haraka.write('config/dmail.ini', siteIni(more))
      await reloads()
    }

    const returns = (when: string, ret: string, expected: string): void => {
      it(`${ret === '' ? 'without RET' : ret}: ${expected}`, async () => {
        const subject = `${when} ${ret}`.trim()
        const report = await reportOn({ subject, to: ['gone@domain1.com'], mailParams: ret })
        assert.equal(report.returnedType, expected)
        const text = report.returned.toString()
        assert.match(text, /^From: fred@example\.com\r$/m)
        assert.equal(text.includes('At noon?'), expected === MESSAGE)
        assert.doesNotMatch(report.words, /is not whole/)
      })
    }

    describe('bounce_body false', () => {
      returns('headers', '', HEADERS)
      returns('headers', 'RET=HDRS', HEADERS)
      returns('headers', 'RET=FULL', MESSAGE)

      it('RET=FULL is for failures: a report of success has headers only', async () => {
        const report = await reportOn({
          subject: 'success, FULL',
          to: [['bob@domain1.com', 'NOTIFY=SUCCESS']],
          mailParams: 'RET=FULL',
        })
        assert.equal(report.returnedType, HEADERS)
        assert.doesNotMatch(report.returned.toString(), /At noon/)
      })

      it('a message of more than bounce_maxlen, 64 KiB, is cut at a line end, and the report says so', async () => {
        const text = body(100)
        const report = await reportOn({
          subject: '100 KiB',
          to: ['gone@domain1.com'],
          mailParams: 'RET=FULL',
          message: note('100 KiB', text),
        })
        const size = report.returned.length
        assert.ok(size <= 64 * 1024 && size > 64 * 1024 - 41, String(size))
        assert.match(report.returned.toString().slice(-41), /^line \d+ x+\r\n$/)
        assert.match(report.words, /The copy of your message below is not whole: its end was left off/)
      })
    })

    describe('bounce_body true, bounce_maxlen 1', () => {
      before(() => conf('bounce_body true', 'bounce_maxlen 1'))
      after(() => conf())
      returns('whole', '', MESSAGE)
      returns('whole', 'RET=HDRS', HEADERS)
      returns('whole', 'RET=FULL', MESSAGE)

      it('cut below 1 KiB', async () => {
        const report = await reportOn({ subject: '2 KiB', to: ['gone@domain1.com'], message: note('2 KiB', body(2)) })
        assert.ok(report.returned.length <= 1024 && report.returned.length > 1024 - 41, String(report.returned.length))
        assert.match(report.returned.toString(), /x\r\n$/)
        assert.match(report.words, /is not whole/)
      })
    })

    it('ENVID and ORCPT are there, decoded; Final-Recipient is what the client gave', async () => {
      const report = await reportOn({
        subject: 'parameters',
        to: [['gone@domain1.com', 'ORCPT=rfc822;The+20One+2B1@example.org']],
        mailParams: 'ENVID=a+2Bb+3Dc',
      })
      assert.equal(report.message.get('original-envelope-id'), 'a+b=c')
      const group = groupOf([report], 'gone@domain1.com')
      assert.equal(group.get('original-recipient'), 'rfc822; The One+1@example.org')
    })

    it('without ENVID and ORCPT there is no such field', async () => {
      const report = await reportOn({ subject: 'no parameters', to: ['gone@domain1.com'] })
      assert.ok(!report.message.has('original-envelope-id'))
      assert.ok(!groupOf([report], 'gone@domain1.com').has('original-recipient'))
    })

    it('8-bit content comes back byte by byte', async () => {
      const { haraka, hops } = running
      const content = Buffer.from(`${note('8 bit', '')}gr\u00fcn \xe4\xf6\xfc\n`, 'latin1')
      await submit(haraka, {
        subject: '8 bit',
        to: ['gone@domain1.com'],
        from: 'ann@plain.example.com',
        mailParams: 'RET=FULL BODY=8BITMIME',
        message: content,
      })
      await queueIsEmpty(haraka)
      const sent = hops.plain.messages.at(-1)
      assert.ok(sent !== undefined)
      const report = checkReport(withoutTrace(sent.data))
      assert.equal(report.returnedType, MESSAGE)
      assert.ok(report.returned.subarray(-12).equals(Buffer.from('\r\ngr\u00fcn \xe4\xf6\xfc\r\n', 'latin1')))
      assert.match(report.head, /^Content-Transfer-Encoding: 8bit$/m)
    })

    it('a recipient with other letters, told to a sender without: the type utf-8, in ASCII (RFC 6533)', async () => {
      const { haraka, site } = running
      await submit(haraka, {
        subject: 'utf8 recipient',
        to: [['gone.j\u00fcrgen@domain1.com', 'ORCPT=utf-8;J\\x{FC}rgen@example.org']],
        mailParams: 'SMTPUTF8',
      })
      await queueIsEmpty(haraka)
      const [report, ...more] = reportsOn(site, 'fred', 'utf8 recipient')
      assert.ok(report !== undefined && more.length === 0)
      const [group] = report.groups
      assert.equal(group?.get('final-recipient'), 'utf-8; gone.j\\x{FC}rgen@domain1.com')
      assert.match(group.get('original-recipient') ?? '', /^utf-8; J\\x\{FC\}rgen@example\.org$/)
      assert.match(report.statusLines.join('\n'), /^[\x20-\x7e\n]*$/)
      assert.match(report.head, /report-type=delivery-status/)
    })

    it('a sender with other letters: message/global-delivery-status, in UTF-8 (RFC 6533)', async () => {
      const { haraka, hops } = running
      const before = hops.plain.messages.length
      await submit(haraka, {
        subject: 'utf8 sender',
        to: ['gone.j\u00fcrgen@domain1.com'],
        from: 'gr\u00fcn@plain.example.com',
        mailParams: 'SMTPUTF8',
      })
      await queueIsEmpty(haraka)
      const [sent, ...more] = hops.plain.messages.slice(before)
      assert.ok(sent !== undefined && more.length === 0)
      assert.equal(sent.mailFrom, '')
      assert.match(sent.mailParams, /SMTPUTF8/)
      const report = checkReport(withoutTrace(sent.data))
      assert.match(report.head, /report-type=global-delivery-status/)
      assert.match(report.head, /^To: gr\u00fcn@plain\.example\.com$/m)
      assert.equal(report.groups[0]?.get('final-recipient'), 'utf-8; gone.j\u00fcrgen@domain1.com')
      assert.equal(subjectOfReturned(report), 'utf8 sender')
    })

    it('[dsn] success_from: others get no report of success, and those of failures; who may relay gets all', async () => {
      const { haraka, site } = running
      await ini('[dsn]\nsuccess_from=127.0.0.5\n')
      const to: Letter['to'] = [
        ['bob@domain1.com', 'NOTIFY=SUCCESS,FAILURE'],
        ['gone@domain1.com', 'NOTIFY=SUCCESS,FAILURE'],
      ]
      const all = ['delivered bob@domain1.com', 'failed gone@domain1.com']
      const rows = [
        { client: '127.0.0.4', hears: ['failed gone@domain1.com'] },
        { client: '127.0.0.5', hears: all },
        { client: '127.0.0.2', hears: all },
      ]
      for (const { client, hears } of rows) {
        await submit(haraka, { subject: `from ${client}`, to, client })
        await queueIsEmpty(haraka)
        assert.deepEqual(told(site, 'fred', `from ${client}`), hears, client)
      }
      await ini('')
    })

    it("[dsn] texts: the operator's own, read again when they change, and kept while one is broken", async () => {
      const { haraka, site } = running
      const write = (text: string): void => {
        site.write('texts/failed.txt', text)
      }
      const subjectOf = async (subject: string): Promise<string | undefined> =>
        (await reportOn({ subject, to: ['gone@domain1.com'] })).subject
      write('Nicht zugestellt\nF\u00fcr:\n\n{recipients}\n\nFragen an {sysadmin} bei {host}.\n')
      await ini(`[dsn]\ntexts=${site.path('texts')}\n`)
      const own = await reportOn({ subject: 'own text', to: ['gone@domain1.com'] })
      assert.equal(own.subject, 'Nicht zugestellt')
      assert.match(
        own.words,
        /F\u00fcr:\n\n {4}gone@domain1\.com\n[^]*Fragen an bob@domain1\.com bei mail\.example\.com\./,
      )
      assert.equal(
        (await reportOn({ subject: 'built in', to: [['bob@domain1.com', 'NOTIFY=SUCCESS']] })).subject,
        'Your message was delivered',
      )
      write('Leider nicht\n\n{recipients}\n')
      await reloads()
      assert.equal(await subjectOf('changed text'), 'Leider nicht')
      const from = haraka.log.length
      write('Ganz kaputt\n\nno place for recipients\n')
      await reloads(false)
      await haraka.waitForLog(/failed\.txt.*there is no line \{recipients\}/, { from })
      assert.equal(await subjectOf('broken text'), 'Leider nicht')
      write('Wieder gut\n\n{recipients}\n')
      await reloads()
      assert.equal(await subjectOf('mended text'), 'Wieder gut')
    })
  })
}

/** The report without the header lines that Haraka adds on the way out. */
function withoutTrace(data: Buffer): Buffer {
  return Buffer.from(data.toString('latin1').replace(/^Received: [^]*?\r\n(?![ \t])/, ''), 'latin1')
}
