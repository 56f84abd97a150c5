import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { after, before, describe, it } from 'node:test'
import { RULE, waitFor } from '../delivery/locks.js'
import { HARAKA_VERSIONS, type Haraka } from '../support/haraka.js'
import { send } from '../support/smtp.js'
import { codes, makeSite, note, queueIsEmpty, session, siteConf, siteIni, startSite, users } from './site.js'

const KIB = 1024

for (const version of HARAKA_VERSIONS) {
  describe(`Haraka ${version} and mailboxes with a limit (D7)`, () => {
    const site = makeSite()
    let haraka: Haraka
    before(async () => {
      site.write('users.txt', users('bob quota="2k"', 'fred', 'john quota="0"'))
      site.write('aliases.txt', 'both: bob, fred\n')
      haraka = await startSite(version, siteConf(site, ['drop_max 3', `alias_file ${site.path('aliases.txt')}`]), {
        config: { 'dmail.ini': siteIni('[outbound]\nretry_interval=1s\n') },
      })
    })
    after(() => haraka.stop())

    const rcpt = (to: string, mailParameters?: string): Promise<string> =>
      session(haraka.port, {}, async (client) => {
        await client.mail('ann@example.com', mailParameters)
        return codes(await client.rcpt(to))
      })
    /** As a mail program does: not while a message is written. */
    const fill = async (user: string, bytes: number): Promise<void> => {
      const message = 'From ann@example.com Tue Jan 05 16:41:58 1999\nSubject: old\n\n'
      const file = site.path(`in/${user}`)
      const lock = await waitFor(file, RULE)
      writeFileSync(file, `${message}${'x'.repeat(bytes - message.length - 2)}\n\n`, { mode: 0o600 })
      lock.release()
    }

    const rows = [
      { it: 'takes mail for a mailbox with room', user: 'bob', has: KIB, size: undefined, answer: '250 2.1.5' },
      { it: 'refuses a mailbox at its quota', user: 'bob', has: 2 * KIB, size: undefined, answer: '452 4.2.2' },
      { it: 'refuses what SIZE says will not fit', user: 'bob', has: KIB, size: 'SIZE=1025', answer: '452 4.2.2' },
      { it: 'takes what SIZE says will fit', user: 'bob', has: KIB, size: 'SIZE=1024', answer: '250 2.1.5' },
      { it: 'refuses a mailbox at drop_max', user: 'fred', has: 3 * KIB, size: undefined, answer: '452 4.2.2' },
      { it: 'lets a quota outrank drop_max', user: 'bob', has: 3 * KIB - 1, size: undefined, answer: '452 4.2.2' },
      { it: 'takes a quota of 0 for none', user: 'john', has: 50 * KIB, size: 'SIZE=100000', answer: '250 2.1.5' },
    ]
    for (const { it: says, user, has, size, answer } of rows) {
      it(says, async () => {
        await fill(user, has)
        assert.equal(await rcpt(`${user}@domain1.com`, size), answer)
      })
    }

    it('takes mail for a list of which one mailbox is full; that copy waits until there is room', async () => {
      await fill('bob', 2 * KIB)
      await fill('fred', KIB)
      const from = haraka.log.length
      const sent = await send(haraka.port, { from: 'ann@example.com', to: ['both@domain1.com'], message: note('list') })
      assert.equal(codes(sent.final), '250 2.0.0')
      await haraka.waitForLog(/deferred both@domain1\.com .*4\.2\.2/, { from })
      assert.deepEqual(site.holding('list'), ['in/fred'])
      await fill('bob', 100)
      await queueIsEmpty(haraka)
      assert.deepEqual(site.holding('list'), ['in/bob', 'in/fred'])
    })
  })
}
