import assert from 'node:assert/strict'
import { renameSync, rmSync, unlinkSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import { HARAKA_VERSIONS, type Haraka } from '../support/haraka.js'
import { send } from '../support/smtp.js'
import {
  codes,
  makeSite,
  note,
  queueIsEmpty,
  RELAYING,
  siteConf,
  siteIni,
  startSite,
  users,
  type Site,
} from './site.js'

const CLIENTS = [
  { hook: 'queue', client: '127.0.0.1' },
  { hook: 'queue_outbound', client: RELAYING },
] as const

for (const version of HARAKA_VERSIONS) {
  describe(`Haraka ${version} and mail that cannot be stored at once`, () => {
    const site = makeSite()
    let haraka: Haraka
    before(async () => {
      site.write('users.txt', users('bob', 'fred', 'john'))
      haraka = await startSite(version, siteConf(site), {
        config: { 'dmail.ini': siteIni('[drop]\nlock_wait=1s\n[outbound]\nretry_interval=1s\n') },
      })
    })
    after(() => haraka.stop())

    const deliver = async (subject: string, to: string, client: string): Promise<string> => {
      const { final } = await send(haraka.port, {
        from: 'ann@example.com',
        to: [to],
        message: note(subject),
        localAddress: client,
      })
      return codes(final)
    }

    for (const { hook, client } of CLIENTS) {
      it(`nothing can be kept: 451 (${hook}), and the next try succeeds when it can`, async () => {
        const mend = [replaceByFile(site.path('in')), replaceByFile(path.join(haraka.dir, 'queue'))]
        const answer = await deliver(hook, 'bob@domain1.com', client)
        for (const undo of mend) undo()
        assert.equal(answer, '451 4.3.0')
        assert.deepEqual(site.holding(hook), [])
        assert.deepEqual(haraka.queueFiles(), [])
        assert.equal(await deliver(hook, 'bob@domain1.com', client), '250 2.0.0')
        assert.deepEqual(site.holding(hook), ['in/bob'])
      })

      it(`mail for other servers cannot be kept: 451 (${hook})`, async () => {
        const mend = replaceByFile(path.join(haraka.dir, 'queue'))
        const to = hook === 'queue' ? 'john@domain1.com' : 'guest@example.com'
        const answer = await deliver('leaving', to, client)
        mend()
        assert.equal(answer, hook === 'queue' ? '250 2.0.0' : '451 4.3.0', 'a drop file needs no queue')
      })
    }

    it('a drop directory that is not there: the message waits in the queue and comes to its end once', async () => {
      const mend = replaceByFile(site.path('in'))
      const answer = await deliver('no directory', 'bob@domain1.com', '127.0.0.1')
      mend()
      assert.equal(answer, '250 2.0.0')
      await queueIsEmpty(haraka)
      assert.deepEqual(site.holding('no directory'), ['in/bob'])
    })

    it('a drop file that another process holds: 250 while it is held, delivered once when it is free', async () => {
      const lock = holdLock(site, 'fred')
      assert.equal(await deliver('locked', 'fred@domain1.com', '127.0.0.1'), '250 2.0.0')
      assert.deepEqual(site.holding('locked'), [])
      assert.equal(haraka.queueFiles().length, 1)
      unlinkSync(lock)
      await queueIsEmpty(haraka)
      assert.deepEqual(site.holding('locked'), ['in/fred'])
    })

    it('and one busy drop file does not hold up the others of the message', async () => {
      const lock = holdLock(site, 'fred')
      const { final } = await send(haraka.port, {
        from: 'ann@example.com',
        to: ['fred@domain1.com', 'bob@domain1.com', 'john@domain1.com'],
        message: note('one of three'),
      })
      assert.equal(codes(final), '250 2.0.0')
      assert.deepEqual(site.holding('one of three'), ['in/bob', 'in/john'])
      unlinkSync(lock)
      await queueIsEmpty(haraka)
      assert.deepEqual(site.holding('one of three'), ['in/bob', 'in/fred', 'in/john'])
    })
  })
}

/** Puts a file in a directory's place, which stops root as well; returns what undoes it. */
function replaceByFile(dir: string): () => void {
  renameSync(dir, `${dir}.away`)
  writeFileSync(dir, '')
  return () => {
    rmSync(dir, { recursive: true, force: true })
    renameSync(`${dir}.away`, dir)
  }
}

/** Locks a drop file as a mail program that lives would (D2: pid, host, lock_id, begin); returns the lock file. */
function holdLock(site: Site, dropFile: string): string {
  const lock = site.path(`in/${dropFile}.lock`)
  writeFileSync(lock, `${process.pid}\n${hostname()}\n\n\n`)
  return lock
}
