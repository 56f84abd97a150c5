import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { HARAKA_VERSIONS, type Haraka } from '../support/haraka.js'
import { startRedis, withoutRedis, type TestRedis } from '../support/redis.js'
import { send } from '../support/smtp.js'
import { PATIENCE_MS } from '../support/wait.js'
import { codes, makeSite, note, reload, siteConf, siteIni, startSite, users } from './site.js'

const CACHE = '1s'

for (const version of HARAKA_VERSIONS) {
  describe(`Haraka ${version} with tables in Redis`, { skip: withoutRedis() }, () => {
    const site = makeSite()
    let redis: TestRedis
    let haraka: Haraka
    const hset = (table: string, ...fields: string[]): string => redis.command('HSET', `dmail:${table}`, ...fields)

    before(async () => {
      redis = await startRedis({ persistent: true })
      hset('aliases', 'sales', 'fred', 'help-*', 'bob')
      hset('forwards', 'info@domain1.com', 'bob@domain1.com')
      site.write('users.txt', users('bob', 'fred', 'john'))
      const conf = siteConf(site, ['alias_file_domain domain1.com redis:aliases', 'forward_table redis:forwards'])
      const ini = siteIni(`[cluster]\nredis=true\ntable_cache=${CACHE}\n`)
      haraka = await startSite(version, conf, {
        config: { 'dmail.conf': conf, 'dmail.ini': ini, 'redis.ini': redis.ini },
      })
    })
    after(async () => {
      await haraka.stop()
      await redis.kill()
    })

    let sent = 0
    /** The reply to a message, and the drop files that have it. */
    const mail = async (to: string): Promise<string> => {
      const subject = `${to} ${++sent}`
      const { final } = await send(haraka.port, { from: 'ann@example.com', to: [to], message: note(subject) })
      return [codes(final), ...site.holding(subject)].join(' ')
    }
    /** Mail to an address is sent again and again until it is answered so. */
    const comesTo = async (to: string, answer: string): Promise<void> => {
      const until = Date.now() + PATIENCE_MS
      let last = await mail(to)
      while (last !== answer && Date.now() < until) {
        await delay(100)
        last = await mail(to)
      }
      assert.equal(last, answer, to)
    }
    const connections = (): number => redis.command('CLIENT', 'LIST').split('name=dmail_tables').length - 1

    it('delivers by an alias, a catch-all and a forward', async () => {
      assert.equal(await mail('sales@domain1.com'), '250 2.0.0 in/fred')
      assert.equal(await mail('help-me@domain1.com'), '250 2.0.0 in/bob')
      assert.equal(await mail('info@domain1.com'), '250 2.0.0 in/bob')
      assert.equal(await mail('john@domain1.com'), '250 2.0.0 in/john')
      assert.equal(await mail('news@domain1.com'), '550 5.1.1')
    })

    it('a change in Redis counts without a reload', async () => {
      const from = haraka.log.length
      hset('aliases', 'news', 'john', 'sales', 'bob')
      await comesTo('news@domain1.com', '250 2.0.0 in/john')
      await comesTo('sales@domain1.com', '250 2.0.0 in/bob')
      redis.command('HDEL', 'dmail:aliases', 'news')
      await comesTo('news@domain1.com', '550 5.1.1')
      assert.doesNotMatch(haraka.log.slice(from), /configuration reloaded/)
    })

    it('a reload that does not concern them keeps the connection', async () => {
      const ids = (): string =>
        redis
          .command('CLIENT', 'LIST')
          .match(/^id=\d+(?=.*name=dmail_tables)/gm)
          ?.join() ?? ''
      const before = ids()
      assert.equal(connections(), 1, 'of the one worker')
      site.write('users.txt', users('bob', 'fred', 'john', 'mary'))
      haraka.write('config/dmail.conf', `${haraka.read('config/dmail.conf')}forward x@domain1.com bob@domain1.com\n`)
      assert.ok(await reload(haraka))
      assert.equal(await mail('x@domain1.com'), '250 2.0.0 in/bob')
      assert.equal(ids(), before)
    })

    it('an entry that cannot be read defers its mail, and the log names it', async () => {
      const from = haraka.log.length
      hset('aliases', 'broken', 'two words')
      await comesTo('broken@domain1.com', '451 4.3.0')
      await haraka.waitForLog(/redis:aliases\[broken\]: "two words" is not a destination/, { from })
    })

    it('without Redis what is known goes on, the rest is deferred, and nobody is refused', async () => {
      // Whatever is in memory was asked for just now.
      const known = ['sales@domain1.com', 'help-me@domain1.com', 'info@domain1.com', 'john@domain1.com']
      const before = []
      for (const to of known) before.push(await mail(to))
      assert.equal(await mail('ghost@domain1.com'), '550 5.1.1')
      await redis.kill()
      await comesTo('ghost@domain1.com', '451 4.3.0')
      for (const [at, to] of known.entries()) assert.equal(await mail(to), before[at], to)
      for (const to of ['unknown@domain1.com', 'mary@domain1.com', 'help-you@domain1.com']) {
        assert.equal(await mail(to), '451 4.3.0', to)
      }
      await haraka.waitForLog(/Redis at 127\.0\.0\.1:\d+ is away/)
    })

    it('and back again all is as before', async () => {
      await redis.start()
      await comesTo('mary@domain1.com', '250 2.0.0 in/mary')
      assert.equal(await mail('ghost@domain1.com'), '550 5.1.1')
      assert.equal(await mail('help-you@domain1.com'), '250 2.0.0 in/bob')
    })

    it('a Redis that comes back empty refuses nobody', async () => {
      const before = await mail('sales@domain1.com')
      redis.command('FLUSHALL')
      await comesTo('ghost@domain1.com', '451 4.3.0')
      assert.equal(await mail('sales@domain1.com'), before)
      hset('aliases', 'sales', 'john', 'help-*', 'bob')
      hset('forwards', 'info@domain1.com', 'bob@domain1.com')
      await comesTo('ghost@domain1.com', '550 5.1.1')
      await comesTo('sales@domain1.com', '250 2.0.0 in/john')
    })

    it('a Redis that hangs is one that is away', async () => {
      const before = await mail('sales@domain1.com')
      await redis.freeze()
      try {
        await comesTo('unknown@domain1.com', '451 4.3.0')
        assert.equal(await mail('sales@domain1.com'), before)
      } finally {
        redis.thaw()
      }
      await comesTo('unknown@domain1.com', '550 5.1.1')
    })
  })
}
