import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { HARAKA_VERSIONS } from '../support/haraka.js'
import { checkReport, HOPS, newsIn, reportsOn, startDsnSite, submit, told, type DsnSite } from './dsn-site.js'
import { queueIsEmpty, reload, siteIni } from './site.js'

const NOBODY = 'nobody@domain1.com'
const DOUBLE = 'A message without a sender could not be delivered'

const HOP_OPTIONS = { ...HOPS, refusing: { reply: { rcpt: () => '550 5.1.1 no such user' } } } as const

for (const version of HARAKA_VERSIONS) {
  describe(`Haraka ${version}: where reports go, and where that ends`, () => {
    let running: DsnSite<keyof typeof HOP_OPTIONS>
    before(async () => {
      running = await startDsnSite({
        version,
        hops: HOP_OPTIONS,
        users: ['kate', 'paul fwd="abroad@dsn.example.com"'],
        conf: (site) => {
          site.write('aliases.txt', 'office: kate\n')
          return [`alias_file ${site.path('aliases.txt')}`, `forward gone@domain1.com |${site.path('robots/gone')}`]
        },
      })
    })
    after(() => running.close())

    const change = async (file: string, content: string): Promise<void> => {
      running.haraka.write(file, content)
      assert.ok(await reload(running.haraka))
    }
    /** A message that fails for good after it was accepted. */
    const fails = async (subject: string, from: string, params?: string): Promise<void> => {
      await submit(running.haraka, { subject, from, to: [['gone@domain1.com', params]], mailParams: 'ENVID=loop' })
      await queueIsEmpty(running.haraka)
    }

    it('to a local sender whose address is an alias: where the alias leads', async () => {
      await fails('alias', 'office@domain1.com')
      assert.deepEqual(told(running.site, 'kate', 'alias'), ['failed gone@domain1.com'])
    })

    it('to a local sender whose mail is forwarded: there, with the null sender and no wishes of its own', async () => {
      await fails('forwarded', 'paul@domain1.com')
      const [message] = running.hops.dsn.messages
      assert.ok(message !== undefined)
      const { mailFrom, mailParams, rcpts, data } = message
      assert.deepEqual([mailFrom, rcpts.map(({ address }) => address)], ['', ['abroad@dsn.example.com']])
      assert.doesNotMatch(`${mailParams} ${rcpts[0]?.params ?? ''}`, /RET=|ENVID=|NOTIFY=(?!NEVER)/)
      assert.deepEqual(newsIn([checkReport(withoutTrace(data))]), ['failed gone@domain1.com'])
    })

    it('to a remote sender: MAIL FROM:<>, to nobody else', async () => {
      await fails('remote', 'ann@plain.example.com')
      const sent = running.hops.plain.messages.map(({ mailFrom, rcpts }) => [
        mailFrom,
        ...rcpts.map(({ address }) => address),
      ])
      assert.deepEqual(sent, [['', 'ann@plain.example.com']])
      assert.match(running.hops.plain.transcript, /^C: MAIL FROM:<>/m)
    })

    const NULL_SENDER = [
      { params: undefined, hears: true },
      { params: 'NOTIFY=FAILURE', hears: true },
      { params: 'NOTIFY=NEVER', hears: false },
      { params: 'NOTIFY=SUCCESS,DELAY', hears: true },
    ] as const
    for (const { params, hears } of NULL_SENDER) {
      it(`a failure of the null sender, ${params ?? 'without NOTIFY'}: ${hears ? 'sysadmin hears' : 'nobody hears'}`, async () => {
        const subject = `null ${params ?? ''}`.trim()
        await fails(subject, '', params)
        const reports = reportsOn(running.site, 'bob', subject)
        assert.deepEqual(newsIn(reports), hears ? ['failed gone@domain1.com'] : [])
        for (const report of reports) {
          assert.equal(report.subject, DOUBLE)
          assert.match(report.head, /^To: bob@domain1\.com$/m)
        }
      })
    }

    it('a success or a delay of the null sender is told to nobody', async () => {
      const { haraka, hops, site } = running
      const before = [hops.plain.messages.length, site.mail('bob').length]
      await submit(haraka, {
        subject: 'null success',
        from: '',
        to: [['kate@domain1.com', 'NOTIFY=SUCCESS,DELAY,FAILURE']],
      })
      await queueIsEmpty(haraka)
      assert.deepEqual([hops.plain.messages.length, site.mail('bob').length], before)
    })

    for (const [what, sender] of [
      ['a local sender who does not exist', NOBODY],
      ['a remote sender whom the next hop refuses', 'ann@refusing.example.com'],
    ] as const) {
      it(`a report to ${what}: sysadmin hears of it, once`, async () => {
        const { site } = running
        const before = site.mail('bob').length
        await fails(`double ${sender}`, sender)
        const [report, ...more] = site.mail('bob').slice(before)
        assert.ok(report !== undefined && more.length === 0)
        assert.equal(report.header('Subject'), DOUBLE)
        assert.match(report.body, new RegExp(`^Final-Recipient: rfc822; ${sender}$`, 'm'))
        // What is returned is the report that did not arrive.
        assert.match(report.body, /^Subject: Your message could not be delivered$/m)
      })
    }

    it('[dsn] double_bounces=false: nobody hears, and the log has it', async () => {
      const { haraka, site } = running
      await change('config/dmail.ini', siteIni('[dsn]\ndouble_bounces=false\n'))
      const [before, from] = [site.mail('bob').length, haraka.log.length]
      await fails('switched off', '')
      assert.equal(site.mail('bob').length, before)
      await haraka.waitForLog(/double bounce, nobody is told: failed gone@domain1\.com/, { from })
      await change('config/dmail.ini', siteIni())
    })

    it('a double bounce that cannot be delivered either ends there, logged', async () => {
      const { haraka, site } = running
      await change('config/dmail.conf', running.conf().replace('sysadmin bob@domain1.com', `sysadmin ${NOBODY}`))
      const [before, from] = [site.files(), haraka.log.length]
      await fails('no sysadmin', '')
      await haraka.waitForLog(new RegExp(`double bounce, nobody is told: failed ${NOBODY}`), { from })
      assert.equal(haraka.log.slice(from).split('double bounce to').length, 2, 'one was sent')
      assert.deepEqual(site.files(), before)
    })
  })
}

/** The report without the header lines that were added on its way. */
function withoutTrace(data: Buffer): Buffer {
  return Buffer.from(
    data.toString('latin1').replace(/^(?:(?:Received|Delivered-To): [^]*?\r\n(?![ \t]))*/, ''),
    'latin1',
  )
}
