import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import { HARAKA_VERSIONS, type Haraka } from '../support/haraka.js'
import { installedPackage } from '../support/install.js'
import type { MboxMessage } from '../support/mbox.js'
import { startNextHop, type NextHop } from '../support/next-hop.js'
import { send } from '../support/smtp.js'
import { codes, makeSite, queueIsEmpty, siteConf, siteIni, startSite, users } from './site.js'

for (const version of HARAKA_VERSIONS) {
  describe(`drespond as a robot of Haraka ${version}`, () => {
    const site = makeSite()
    let nextHop: NextHop
    let haraka: Haraka
    before(async () => {
      nextHop = await startNextHop()
      const installed = await installedPackage()
      // Robots run as another account when the tests run as root.
      chmodSync(installed, 0o755)
      mkdirSync(site.path('memory'))
      chmodSync(site.path('memory'), 0o777)
      const program = path.join(installed, 'node_modules/.bin/drespond')
      const robot = (text: string, more = ''): string =>
        `"|${program} --memory ${site.path('memory')} ${more}${site.path(text)}"`
      site.write(
        'bob.txt',
        'From: Bob Müller <bob@domain1.com>\nSubject: Away: %subject\n\nBin nicht da.\nGrüße, Bob\n',
      )
      site.write('anna.txt', 'Anna is away.\n')
      site.write('users.txt', users('bob', 'anna', 'kate', 'john', 'fred'))
      site.write(
        'aliases.txt',
        `bob: $user, ${robot('bob.txt')}\nanna: $user, ${robot('anna.txt')}\n` +
          `kate: $user, ${robot('anna.txt', `--smtp 127.0.0.1:${nextHop.port} `)}\n`,
      )
      haraka = await startSite(
        version,
        siteConf(site, [
          `alias_file_domain domain1.com ${site.path('aliases.txt')}`,
          'forward_from_ip 127.0.0.1',
          `gateway example.com 127.0.0.1:${nextHop.port}`,
        ]),
        { config: { 'dmail.ini': siteIni('[outbound]\nretry_interval=1s\n') } },
      )
      // Robots run in dsmtp_path: it is Haraka's directory for them, with the smtp.ini of this Haraka.
      chmodSync(haraka.dir, 0o755)
      symlinkSync(path.join(haraka.dir, 'config'), site.path('config'))
    })
    after(async () => {
      await haraka.stop()
      await nextHop.close()
    })

    /** A message to bob, or to whom `to` says; resolves when all it leads to has come to its end. */
    async function mail(from: string, subject: string, { to = 'bob', more = '' } = {}): Promise<void> {
      const message = `From: ${from}\nTo: ${to}@domain1.com\nSubject: ${subject}\nMessage-ID: <${subject}@test>\n${more}\nHello\n`
      const { final } = await send(haraka.port, { from, to: [`${to}@domain1.com`], message })
      assert.equal(codes(final), '250 2.0.0', final.text)
      await queueIsEmpty(haraka)
    }
    const subjects = (user: string): (string | undefined)[] => site.mail(user).map((one) => one.header('Subject'))

    it('answers a local sender once: into the drop file, with a null return path', async () => {
      await mail('john@domain1.com', 'lunch')
      await mail('john@domain1.com', 'supper')
      assert.deepEqual(subjects('bob'), ['lunch', 'supper'])
      const answers = site.mail('john')
      assert.equal(answers.length, 1, haraka.log.slice(-4000))
      const [answer] = answers as [MboxMessage]
      assert.equal(answer.sender, 'MAILER-DAEMON')
      assert.equal(answer.header('Return-Path'), '<>')
      assert.equal(answer.header('From'), '=?UTF-8?B?Qm9iIE3DvGxsZXI=?= <bob@domain1.com>')
      assert.equal(answer.header('To'), 'john@domain1.com')
      assert.equal(answer.header('Subject'), 'Away: lunch')
      assert.equal(answer.header('In-Reply-To'), '<lunch@test>')
      assert.equal(answer.header('Auto-Submitted'), 'auto-replied')
      assert.equal(answer.body, 'Bin nicht da.\nGr=C3=BC=C3=9Fe, Bob\n')
    })

    it('answers a sender elsewhere, through the gateway', async () => {
      const before = nextHop.messages.length
      await mail('ann@example.com', 'from-afar')
      const received = await nextHop.waitForMessage(before + 1)
      assert.equal(received.mailFrom, '')
      assert.deepEqual(
        received.rcpts.map(({ address }) => address),
        ['ann@example.com'],
      )
      assert.match(received.data.toString(), /^Subject: Away: from-afar\r$/m)
    })

    const quiet: readonly (readonly [what: string, from: string, more: string])[] = [
      ['a list', 'fred@domain1.com', 'List-Id: <l.example.com>\n'],
      ['bulk mail', 'fred@domain1.com', 'Precedence: bulk\n'],
      ['what a program wrote', 'fred@domain1.com', 'Auto-Submitted: auto-generated\n'],
      ['a bounce', '', ''],
      ['the user himself', 'bob@domain1.com', ''],
    ]
    for (const [what, from, more] of quiet) {
      it(`does not answer ${what}`, async () => {
        const [before, sent] = [site.mail('bob').length, nextHop.messages.length]
        await mail(from, 'quiet', { more })
        assert.equal(site.mail('bob').length, before + 1, 'the message is there')
        assert.deepEqual([site.mail('fred').length, nextHop.messages.length], [0, sent])
      })
    }

    it('and another one say one word to each other, and no more', async () => {
      const before = site.mail('bob').length
      await mail('anna@domain1.com', 'both-away')
      assert.deepEqual(subjects('anna'), ['Away: both-away'])
      assert.equal(site.mail('bob').length, before + 1)
    })

    it('answers in the end where the server was busy, and once', async () => {
      const before = nextHop.messages.length
      nextHop.reply = { rcpt: () => '450 4.2.0 not now' }
      const { final } = await send(haraka.port, {
        from: 'john@domain1.com',
        to: ['kate@domain1.com'],
        message: 'To: kate@domain1.com\nSubject: busy\n\nHello\n',
      })
      assert.equal(codes(final), '250 2.0.0')
      await haraka.waitForLog(/RCPT with 450 4\.2\.0 not now/)
      nextHop.reply = {}
      await queueIsEmpty(haraka)
      assert.equal(nextHop.messages.length, before + 1)
      await mail('john@domain1.com', 'again', { to: 'kate' })
      assert.equal(nextHop.messages.length, before + 1)
      assert.match(readFileSync(site.path('memory/kate@domain1.com.answered'), 'utf8'), /^\S+ "john@domain1\.com"$/m)
    })
  })
}
