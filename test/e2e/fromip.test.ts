import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { HARAKA_VERSIONS, type Haraka } from '../support/haraka.js'
import { send } from '../support/smtp.js'
import { codes, makeSite, note, RELAYING, session, siteConf, startSite, users } from './site.js'

for (const version of HARAKA_VERSIONS) {
  describe(`fromip_max on Haraka ${version} with two workers`, () => {
    const site = makeSite()
    let haraka: Haraka
    before(async () => {
      site.write('users.txt', users('bob', 'fred'))
      const lines = ['fromip_max 3', 'fromip_nolimit 127.0.0.8,127.0.0.9', 'ban_mailfrom *@spam.example.com']
      haraka = await startSite(version, siteConf(site, lines), { nodes: 2 })
    })
    after(() => haraka.stop())

    const sendFrom = async (localAddress: string, from = 'ann@example.com'): Promise<string> => {
      const to = ['bob@domain1.com', 'fred@domain1.com']
      return codes((await send(haraka.port, { from, to, message: note('many'), localAddress })).final)
    }

    for (const client of ['127.0.0.1', RELAYING]) {
      it(`lets three messages of ${client} in and no more, over all workers, whatever their recipients`, async () => {
        const answers: string[] = []
        for (let message = 0; message < 5; message++) answers.push(await sendFrom(client))
        assert.deepEqual(answers, [...Array<string>(3).fill('250 2.0.0'), '450 4.7.1', '450 4.7.1'])
      })
    }

    it('counts in a session too', async () => {
      await session(haraka.port, { localAddress: '127.0.0.3' }, async (client) => {
        const answers: number[] = []
        for (let message = 0; message < 4; message++) {
          answers.push((await client.mail('ann@example.com')).code)
          await client.command('RSET')
        }
        assert.deepEqual(answers, [250, 250, 250, 450])
      })
    })

    it('does not touch those of fromip_nolimit', async () => {
      for (let message = 0; message < 5; message++) assert.equal(await sendFrom('127.0.0.9'), '250 2.0.0')
    })

    it('does not count what is refused anyway', async () => {
      for (let message = 0; message < 4; message++) {
        assert.equal(await sendFrom('127.0.0.4', 'x@spam.example.com'), '550 5.7.1')
      }
      assert.equal(await sendFrom('127.0.0.4'), '250 2.0.0')
    })
  })
}
