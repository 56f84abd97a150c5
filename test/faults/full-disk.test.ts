import assert from 'node:assert/strict'
import { mkdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { after, before, describe, it, type TestContext } from 'node:test'
import { codes, makeSite, note, queueIsEmpty, siteConf, startSite, users, type Site } from '../e2e/site.js'
import { isOwnFile } from '../../lib/adopt/marks.js'
import { HARAKA_VERSIONS, type Haraka } from '../support/haraka.js'
import { send } from '../support/smtp.js'
import { entries, faultIni, letter, rootOnly } from './site.js'
import { FILLER, mountSmallDisk, type SmallDisk } from './tmpfs.js'

const KIB = 1024
const OLD = ['old 1', 'old 2']

for (const version of HARAKA_VERSIONS) {
  describe(`Haraka ${version} and a file system that is full`, { skip: rootOnly }, () => {
    const site = makeSite()
    let haraka: Haraka
    let drops: SmallDisk | undefined
    let queue: SmallDisk | undefined
    let old: Buffer
    before(async () => {
      drops = mountSmallDisk(site.path('in'), 1024)
      site.write('users.txt', users('bob', 'fred', 'john'))
      haraka = await startSite(version, siteConf(site, ['gateway example.com 127.0.0.1:9']), {
        config: { 'dmail.ini': faultIni() },
      })
      mkdirSync(path.join(haraka.dir, 'queue'), { recursive: true })
      queue = mountSmallDisk(path.join(haraka.dir, 'queue'), 256)
      for (const subject of OLD) assert.equal(await submit(subject, ['bob'], 1000), '250 2.0.0')
      old = readFileSync(site.path('in/bob'))
    })
    after(async () => {
      await haraka.stop()
      queue?.unmount()
      drops?.unmount()
    })

    async function submit(subject: string, to: readonly string[], bytes: number): Promise<string> {
      const { final } = await send(haraka.port, {
        from: 'ann@example.com',
        to: to.map((name) => `${name}@domain1.com`),
        message: letter(subject, bytes),
      })
      return codes(final)
    }
    /** Both disks, or the test is skipped: a container may not be allowed to mount. */
    function disks(t: TestContext): { drops: SmallDisk; queue: SmallDisk } | undefined {
      if (drops !== undefined && queue !== undefined) return { drops, queue }
      t.skip('a file system cannot be mounted here')
      return undefined
    }

    it('drop files: what does not fit waits in the queue, nothing is half written, and it arrives once', async (t) => {
      const mounted = disks(t)
      if (mounted === undefined) return
      mounted.drops.fill(24 * KIB)
      const subjects = Array.from({ length: 12 }, (_, n) => `full ${n}`)
      const answers = await Promise.all(subjects.map((subject, n) => submit(subject, ['bob', 'fred'], (n + 1) * 1000)))
      assert.deepEqual(new Set(answers), new Set(['250 2.0.0']), 'the queue has room')
      assert.ok(haraka.queueFiles().length > 0, 'something did not fit')
      // The strict reader takes no message that is cut off, and none is twice. One that is tried meanwhile may be seen in both places.
      const written = (): number => subjects.flatMap((subject) => site.holding(subject)).length
      await haraka.waitFor(() => written() + haraka.queueFiles().length === 2 * subjects.length, { watch: 'queue' })
      assertOld(site, old)
      mounted.drops.makeRoom()
      await queueIsEmpty(haraka)
      for (const subject of subjects) assert.deepEqual(site.holding(subject), ['in/bob', 'in/fred'])
      assertOld(site, old)
      assertClean(site)
    })

    it('drop files and queue: 451, nothing is kept, and the next try delivers once', async (t) => {
      const mounted = disks(t)
      if (mounted === undefined) return
      mounted.drops.fill()
      mounted.queue.fill()
      const size = 20 * KIB
      const subjects = Array.from({ length: 10 }, (_, n) => `both full ${n}`)
      const to = ['bob', 'john']
      const first = await Promise.all(subjects.map((subject) => submit(subject, to, size)))
      assert.deepEqual(new Set(first), new Set(['451 4.3.0']))
      assertOld(site, old)
      for (const subject of subjects) assert.deepEqual(site.holding(subject), [])
      assert.deepEqual(queueOf(haraka), [FILLER])
      mounted.drops.makeRoom()
      mounted.queue.makeRoom()
      const second = await Promise.all(subjects.map((subject) => submit(subject, to, size)))
      assert.deepEqual(new Set(second), new Set(['250 2.0.0']))
      for (const subject of subjects) assert.deepEqual(site.holding(subject), ['in/bob', 'in/john'])
      assertClean(site)
    })

    it('a queue with room for part of a message: 451, and no part stays', async (t) => {
      const mounted = disks(t)
      if (mounted === undefined) return
      mounted.drops.fill()
      // The envelope fits, the message does not.
      mounted.queue.fill(12 * KIB)
      for (let n = 0; n < 10; n++) {
        assert.equal(await submit(`part ${n}`, ['bob'], 60 * KIB), '451 4.3.0')
        assert.deepEqual(queueOf(haraka), [FILLER])
      }
      assertOld(site, old)
      mounted.drops.makeRoom()
      mounted.queue.makeRoom()
      assert.equal(await submit('part 0', ['bob'], 60 * KIB), '250 2.0.0')
      assert.deepEqual(site.holding('part 0'), ['in/bob'])
    })

    it('mail for other servers with a full queue: 451, and the drop files still take theirs', async (t) => {
      const mounted = disks(t)
      if (mounted === undefined) return
      mounted.queue.fill()
      const { final } = await send(haraka.port, {
        from: 'ann@example.com',
        to: ['guest@example.com'],
        message: note('leaving'),
        localAddress: '127.0.0.2',
      })
      assert.equal(codes(final), '451 4.3.0')
      assert.deepEqual(queueOf(haraka), [FILLER])
      assert.equal(await submit('staying', ['bob'], 1000), '250 2.0.0')
      assert.deepEqual(site.holding('staying'), ['in/bob'])
      mounted.queue.makeRoom()
    })
  })
}

function assertOld(site: Site, old: Buffer): void {
  assert.ok(readFileSync(site.path('in/bob')).subarray(0, old.length).equals(old), 'what was there has changed')
  for (const subject of OLD) assert.deepEqual(site.holding(subject), ['in/bob'])
}

/** No locks, torn tails or temporary files beside the drop files. */
function assertClean(site: Site): void {
  assert.deepEqual(
    entries(site.path('in')).filter((name) => !/^(?:bob|fred|john|shop)$/.test(name)),
    [],
  )
}

/** All mail in queue/, half-written files too. */
function queueOf(haraka: Haraka): string[] {
  return entries(path.join(haraka.dir, 'queue')).filter((name) => !isOwnFile(name))
}
