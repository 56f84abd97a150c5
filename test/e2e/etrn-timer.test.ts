import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { BRANCH, countOf, CUSTOMER, ETRN_SERVERS, failedOnce, startEtrnSite, type EtrnSite } from './etrn-site.js'
import { queueIsEmpty } from './site.js'

for (const { version, nodes } of ETRN_SERVERS) {
  describe(`Haraka ${version}, ${nodes} workers: the timers of mail that ETRN has sent`, () => {
    let site: EtrnSite
    before(async () => {
      site = await startEtrnSite({ version, nodes, retry: '3s' })
    })
    after(async () => {
      await site.close()
    })

    for (const times of [1, 2, 10]) {
      it(`deferred mail, fetched with ${times} ETRN`, async () => {
        const subjects = Array.from({ length: 4 }, (_none, at) => `${times} ETRN ${at}`)
        site.nextHop.reply = { connect: () => '421 4.3.2 away' }
        await site.submit(BRANCH, ...subjects)
        await failedOnce(site.haraka, subjects.length)
        site.nextHop.reply = {}
        for (let each = 0; each < times; each++) await site.etrn(BRANCH)
        await queueIsEmpty(site.haraka)
      })
    }

    it('suspended mail that was fetched in vain, and again', async () => {
      site.nextHop.reply = { connect: () => '421 4.3.2 away' }
      await site.submit(CUSTOMER, 'suspended')
      assert.equal(countOf(await site.etrn(CUSTOMER)), 1)
      await failedOnce(site.haraka, 1)
      site.nextHop.reply = {}
      assert.equal(countOf(await site.etrn(CUSTOMER)), 1)
      await queueIsEmpty(site.haraka)
    })

    it('never fire: when later ones have, nothing was sent again, and no report was made', async () => {
      let tries = 0
      // Two tries by its own timer: those of other workers, which look once in a second, have had their time by then.
      site.nextHop.reply = { rcpt: () => (++tries <= 2 ? '450 4.2.0 later' : undefined) }
      await site.submit('example.com', 'marker')
      await site.haraka.waitFor(() => site.taken('example.com').length > 0)
      assert.equal(tries, 3)
      const expected = [1, 2, 10].flatMap((times) => [0, 1, 2, 3].map((at) => `${times} ETRN ${at}`))
      assert.deepEqual(site.taken(), [...expected, 'marker', 'suspended'].sort())
    })
  })
}
