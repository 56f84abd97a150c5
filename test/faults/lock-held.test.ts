import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { codes, makeSite, note, queueIsEmpty, session, siteConf, startSite, users } from '../e2e/site.js'
import { HARAKA_VERSIONS, type Haraka } from '../support/haraka.js'
import { within } from '../support/wait.js'
import { holdLock } from './locks.js'
import { failedInQueue, faultIni, queueTexts } from './site.js'

const OTHERS = ['fred', 'john', 'kate']
/** The 5 s a client waits, and time for a slow machine; far below the 30 s of lock_wait and of Haraka's own answer. */
const CLIENT_PATIENCE_MS = 15_000

for (const version of HARAKA_VERSIONS) {
  describe(`Haraka ${version} and a drop file that a living process holds`, () => {
    const site = makeSite()
    let haraka: Haraka
    before(async () => {
      site.write('users.txt', users('bob', ...OTHERS))
      haraka = await startSite(version, siteConf(site), { config: { 'dmail.ini': faultIni() } })
    })
    after(() => haraka.stop())

    const deliver = (subject: string, to: string): Promise<string> =>
      session(haraka.port, {}, async (client) => {
        await client.mail('ann@example.com')
        await client.rcpt(`${to}@domain1.com`)
        return codes(await client.data(note(subject)))
      })

    it('the client has its 250 after some seconds, others have theirs at once, the message arrives once', async () => {
      const holder = await holdLock(site.path('in/bob'))
      let answered = false
      const waiting = deliver('held', 'bob').finally(() => {
        answered = true
      })
      for (const name of OTHERS) assert.equal(await deliver('other', name), '250 2.0.0')
      assert.equal(answered, false, 'the others were served while it waited')
      assert.equal(site.holding('other').length, OTHERS.length)
      const answer = await within(waiting, { timeoutMs: CLIENT_PATIENCE_MS, otherwise: () => 'the client still waits' })
      assert.equal(answer, '250 2.0.0')
      assert.deepEqual(site.holding('held'), [])
      assert.equal(queueTexts(haraka).filter((text) => text.includes('Subject: held')).length, 1)
      await holder.release()
      await queueIsEmpty(haraka)
      assert.deepEqual(site.holding('held'), ['in/bob'])
    })

    it('a lock whose process died holds up nothing', async () => {
      const holder = await holdLock(site.path('in/bob'))
      await holder.die()
      assert.ok(site.files().includes('in/bob.lock'))
      assert.equal(await deliver('stale', 'bob'), '250 2.0.0')
      // It would be in the queue, had the client waited for the lock in vain.
      assert.deepEqual(site.holding('stale'), ['in/bob'])
      assert.deepEqual(haraka.queueFiles(), [])
      assert.ok(!site.files().includes('in/bob.lock'))
    })
  })
}

describe('Haraka 3.3 and a lock that is held longer than the queue waits for it', () => {
  it('the message is tried again and again, over a restart too, and arrives once', async () => {
    const site = makeSite()
    site.write('users.txt', users('bob', 'fred'))
    const haraka = await startSite('3.3', siteConf(site), {
      config: { 'dmail.ini': faultIni({ drop: ['lock_wait=1s'] }) },
    })
    const holder = await holdLock(site.path('in/bob'))
    await session(haraka.port, {}, async (client) => {
      await client.mail('ann@example.com')
      for (const name of ['bob', 'fred']) await client.rcpt(`${name}@domain1.com`)
      assert.equal(codes(await client.data(note('long'))), '250 2.0.0')
    })
    await failedInQueue(haraka, 'Subject: long', 2)
    await haraka.restart()
    await failedInQueue(haraka, 'Subject: long', 3)
    assert.deepEqual(site.holding('long'), ['in/fred'])
    await holder.release()
    await queueIsEmpty(haraka)
    assert.deepEqual(site.holding('long'), ['in/bob', 'in/fred'])
    await haraka.stop()
  })
})
