import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { HARAKA_VERSIONS, startHarakaExpectingFailure, type Haraka } from '../support/haraka.js'
import { connect, send } from '../support/smtp.js'
import { codes, makeSite, note, siteConf, siteOptions, startSite, users } from './site.js'

const RELOADED = /configuration reloaded/
const NOT_RELOADED = /configuration not reloaded/

for (const version of HARAKA_VERSIONS) {
  describe(`Haraka ${version} reads changed files while it serves`, () => {
    const site = makeSite()
    let haraka: Haraka
    const conf = (...lines: string[]): string =>
      siteConf(site, [`alias_file ${site.path('aliases.txt')}`, `#include ${site.path('rules.conf')}`, ...lines])
    before(async () => {
      site.write('users.txt', users('bob', 'fred'))
      site.write('aliases.txt', 'info: bob\n')
      site.write('rules.conf', '# none yet\n')
      haraka = await startSite(version, conf())
    })
    after(() => haraka.stop())

    /** Changes something and waits until the master and its one worker both said what they made of it. */
    const change = async (edit: () => void, line = RELOADED): Promise<void> => {
      const from = haraka.log.length
      edit()
      await haraka.waitFor(() => haraka.log.slice(from).split(line).length > 2)
    }
    const answerTo = async (to: string): Promise<string> => {
      const { final } = await send(haraka.port, { from: 'ann@example.com', to: [to], message: note(to) })
      return codes(final)
    }

    it('dmail.conf', async () => {
      assert.equal(await answerTo('bob@domain2.com'), '550 5.7.1')
      await change(() => {
        haraka.write('config/dmail.conf', conf('host_domain domain2.com'))
      })
      assert.equal(await answerTo('bob@domain2.com'), '250 2.0.0')
    })

    it('an included file', async () => {
      assert.equal(await answerTo('team@domain1.com'), '550 5.1.1')
      await change(() => {
        site.write('rules.conf', 'forward team@domain1.com fred@domain1.com\n')
      })
      assert.equal(await answerTo('team@domain1.com'), '250 2.0.0')
      assert.deepEqual(site.holding('team@domain1.com'), ['in/fred'])
    })

    it('an alias file', async () => {
      assert.equal(await answerTo('news@domain1.com'), '550 5.1.1')
      await change(() => {
        site.write('aliases.txt', 'info: bob\nnews: fred\n')
      })
      assert.equal(await answerTo('news@domain1.com'), '250 2.0.0')
      assert.deepEqual(site.holding('news@domain1.com'), ['in/fred'])
    })

    it('and a transaction keeps the tables it began with', async () => {
      const client = await connect(haraka.port)
      await client.ehlo()
      await client.mail('ann@example.com')
      assert.equal((await client.rcpt('news@domain1.com')).code, 250)
      await change(() => {
        site.write('aliases.txt', 'info: bob\n')
      })
      assert.equal((await client.rcpt('news@domain1.com')).code, 250, 'known at MAIL')
      assert.equal(codes(await client.data(note('old tables'))), '250 2.0.0')
      assert.ok(site.holding('old tables').includes('in/fred'))
      await client.mail('ann@example.com')
      assert.equal(codes(await client.rcpt('news@domain1.com')), '550 5.1.1', 'gone in the next one')
      await client.quit()
    })

    it('a broken file is named with its line and the old tables serve on; mended, it is read', async () => {
      const from = haraka.log.length
      await change(() => {
        site.write('rules.conf', 'forward team@domain1.com fred@domain1.com\nforward no-address\n')
      }, NOT_RELOADED)
      assert.match(await haraka.waitForLog(/rules\.conf:2/, { from }), /\[ERROR\]/)
      assert.equal(await answerTo('team@domain1.com'), '250 2.0.0')

      await change(() => {
        site.write('rules.conf', 'forward crew@domain1.com fred@domain1.com\n')
      })
      assert.equal(await answerTo('team@domain1.com'), '550 5.1.1')
      assert.equal(await answerTo('crew@domain1.com'), '250 2.0.0')
    })

    it('a missing required setting keeps the old tables as well', async () => {
      await change(() => {
        haraka.write('config/dmail.conf', conf('host_domain domain2.com').replace(/^drop_path.*\n/m, ''))
      }, NOT_RELOADED)
      assert.equal(await answerTo('bob@domain1.com'), '250 2.0.0')
      await change(() => {
        haraka.write('config/dmail.conf', conf())
      })
      assert.equal(await answerTo('bob@domain2.com'), '550 5.7.1')
    })

    it('dmail.ini', async () => {
      assert.equal(await answerTo('bob+tag@domain1.com'), '550 5.1.1')
      await change(() => {
        haraka.write('config/dmail.ini', `${haraka.read('config/dmail.ini')}[routing]\nplus_address=+\n`)
      })
      assert.equal(await answerTo('bob+tag@domain1.com'), '250 2.0.0')
    })
  })

  describe(`Haraka ${version} does not start`, () => {
    it('without a required setting, and says what to write', async () => {
      const site = makeSite()
      site.write('users.txt', users('bob'))
      const { log, exit } = await startHarakaExpectingFailure(
        siteOptions(version, siteConf(site).replace(/^drop_path.*\n/m, '')),
      )
      assert.notEqual(exit, undefined, 'it ends by itself')
      assert.match(log, /\[CRIT\].*dmail\.conf:\d+.*drop_path/)
    })

    it('with a bad value in a required setting, and says where', async () => {
      const site = makeSite()
      site.write('users.txt', users('bob'))
      const { log } = await startHarakaExpectingFailure(
        siteOptions(version, siteConf(site).replace(/^sysadmin.*$/m, 'sysadmin bob')),
      )
      assert.match(log, /\[CRIT\].*dmail\.conf:2:\d+: "bob" is not a mail address/)
    })

    it('without dmail.conf', async () => {
      const site = makeSite()
      const options = siteOptions(version, siteConf(site))
      const { log } = await startHarakaExpectingFailure({ ...options, config: {} })
      assert.match(log, /\[CRIT\].*dmail\.conf/)
    })
  })
}
