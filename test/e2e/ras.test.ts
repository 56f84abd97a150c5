import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Haraka } from '../support/haraka.js'
import { HARAKA_VERSIONS } from '../support/haraka.js'
import { startNextHop, type NextHop, type NextHopReplies } from '../support/next-hop.js'
import { send } from '../support/smtp.js'
import { makeRobots, type Robots } from './robots.js'
import { makeSite, note, siteConf, siteIni, startSite, users } from './site.js'

const SOON = 'first_round=1s\n'

/** A provider that takes up every ETRN, and then does `bring`. */
function answering(bring: (line: string) => void = () => undefined): NextHopReplies {
  return {
    other(line) {
      if (!line.startsWith('ETRN ')) return undefined
      bring(line)
      return '250 2.0.0 Queuing started'
    },
  }
}

for (const version of HARAKA_VERSIONS) {
  describe(`Haraka ${version} asks its provider for mail`, () => {
    const site = makeSite()
    const plain = siteConf(site)
    let robots: Robots
    let provider: NextHop
    let haraka: Haraka
    const ras = (...lines: readonly string[]): string =>
      siteConf(site, ['ras_timer 60', `ras_host 127.0.0.1:${provider.port}`, ...lines])

    before(async () => {
      robots = makeRobots(site)
      provider = await startNextHop({ keywords: ['ETRN'], tls: {}, reply: answering() })
      site.write('users.txt', users('bob'))
      const conf = ras('vdomain shop_ @shop shop.example.com ' + site.path('in/shop'))
      haraka = await startSite(version, conf, {
        nodes: version === '3.1' ? 0 : 2,
        config: { 'dmail.ini': siteIni(`[etrn]\n${SOON}`) },
      })
    })
    after(async () => {
      await haraka.stop()
      await provider.close()
    })

    it('once, soon after the start, by TLS and for every domain of its own', async () => {
      await provider.waitForLine(/^C: QUIT/)
      await haraka.waitForLog(/ETRN to 127\.0\.0\.1:\d+: TLSv1\.[23], certificate not verified/)
      await haraka.waitForLog(/ETRN to 127\.0\.0\.1:\d+: domain1\.com: 250 2\.0\.0 Queuing started/)
      const said = provider.transcript.split('\n').filter((line) => /^C: |^tls/.test(line))
      assert.deepEqual(
        said.map((line) => line.replace(/^tls.*/, 'tls')),
        [
          'C: EHLO mail.example.com',
          'C: STARTTLS',
          'tls',
          'C: EHLO mail.example.com',
          'C: ETRN domain1.com',
          'C: ETRN shop.example.com',
          'C: QUIT',
        ],
      )
      assert.equal(provider.connections, 1, 'one process asks, not every worker')
    })

    it('by what a reload changes, over a line that it opens and closes', async () => {
      const mark = provider.transcript.length
      let delivered: Promise<unknown> = Promise.reject(new Error('no ETRN yet'))
      delivered.catch(() => undefined)
      provider.reply = answering(() => {
        delivered = send(haraka.port, { from: 'ann@example.com', to: ['bob@domain1.com'], message: note('held') })
      })
      const [dial, hangup] = [robots.program('dial'), robots.program('hangup')]
      haraka.write('config/dmail.ini', siteIni(`[etrn]\nhangup_after=1s\n${SOON}`))
      haraka.write(
        'config/dmail.conf',
        ras('ras_domain domain1.com', `ras_dial ${dial} "a b" $x`, `ras_hangup ${hangup}`),
      )
      await provider.waitForLine(/^C: ETRN domain1\.com/, { from: mark })
      assert.equal(robots.runs('dial').length, 1, 'the line was open first')
      await delivered
      assert.deepEqual(site.holding('held'), ['in/bob'])
      provider.reply = answering()
      assert.doesNotMatch(provider.transcript.slice(mark), /shop\.example\.com/)
      await haraka.waitForLog(/the line was closed with/)
      const [run] = robots.runs('dial')
      assert.deepEqual([run?.args, run?.cwd, run?.stdin.length], [['a b', '$x'], site.dir, 0])
      assert.deepEqual(Object.keys(run?.env ?? {}).sort(), ['HOME', 'LANG', 'PATH'])
      if (process.getuid?.() === 0) assert.equal(run?.user, 'nobody')
      assert.deepEqual(
        robots.runs('hangup').map(({ args }) => args),
        [[]],
      )
    })

    it('and closes the line when it is stopped in the middle', async () => {
      const mark = haraka.log.length
      const transcript = provider.transcript.length
      haraka.write('config/dmail.ini', siteIni(`[etrn]\nhangup_after=1h\n${SOON}`))
      haraka.write(
        'config/dmail.conf',
        ras(
          'ras_domain domain1.com',
          `ras_dial ${robots.program('dial')} again`,
          `ras_hangup ${robots.program('hangup')} at once`,
        ),
      )
      await provider.waitForLine(/^C: QUIT/, { from: transcript })
      await haraka.waitForLog(/domain1\.com: 250 2\.0\.0 Queuing started/, { from: mark })
      assert.equal(robots.runs('hangup').length, 1)
      haraka.kill('SIGINT', 'master')
      await haraka.exited()
      await haraka.waitFor(() => robots.runs('hangup').length === 2)
      assert.deepEqual(robots.runs('hangup').at(-1)?.args, ['at', 'once'])
    })

    it('and no more when the settings are gone', async () => {
      // Ten seconds, so that they can be taken away again.
      haraka.write('config/dmail.ini', siteIni())
      haraka.write('config/dmail.conf', plain)
      const before = provider.connections
      const mark = haraka.log.length
      await haraka.restart()
      haraka.write('config/dmail.conf', ras('ras_domain example.com'))
      await haraka.waitForLog(/configuration reloaded/, { from: mark })
      haraka.write('config/dmail.conf', plain)
      await haraka.waitForLog(/configuration reloaded/, { from: haraka.log.length })
      // Another one's first round, which would come after that of the settings that are gone.
      const other = await startNextHop({ keywords: ['ETRN'], reply: answering() })
      haraka.write(
        'config/dmail.conf',
        siteConf(site, ['ras_timer 60', `ras_host 127.0.0.1:${other.port}`, 'ras_domain domain1.com']),
      )
      await other.waitForLine(/^C: QUIT/)
      await other.close()
      assert.equal(provider.connections, before)
    })
  })
}
