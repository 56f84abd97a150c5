import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { dmail } from '../cli/support.js'
import { codes, makeSite, siteConf, startSite, users, type Site } from '../e2e/site.js'
import { HARAKA_VERSIONS, type Haraka } from '../support/haraka.js'
import { startPostfix, withoutPostfix, type Postfix } from '../support/postfix.js'
import { send } from '../support/smtp.js'
import { until } from '../support/wait.js'
import { postfixIsIdle } from './postfix-mail.js'
import { smtpdTls } from './self-signed.js'

const COUNT = 12
/** The first round comes 10 s after the start. */
const ROUND_MS = 60_000

describe('Postfix as the provider that mail is fetched from', { skip: withoutPostfix() }, () => {
  for (const version of HARAKA_VERSIONS) {
    describe(`with Haraka ${version}`, () => {
      let site: Site
      let haraka: Haraka
      let postfix: Postfix
      const conf = (...lines: readonly string[]): string => siteConf(site, lines)
      before(async () => {
        site = makeSite()
        site.write('users.txt', users('bob', 'fred'))
        haraka = await startSite(version, conf(), {
          nodes: version === '3.3' ? 2 : 0,
          config: { 'log.ini': '[main]\nlevel=info\n' },
        })
        // Its port is known now.
        await haraka.stop()
        const tls = smtpdTls('mail.example.net')
        postfix = await startPostfix({
          settings: () => ({
            relay_domains: 'domain1.com',
            fast_flush_domains: '$relay_domains',
            transport_maps: `inline:{ { domain1.com = relay:[127.0.0.1]:${haraka.port} } }`,
            ...tls,
          }),
        })
      })
      after(async () => {
        await haraka.stop()
        await postfix.stop()
      })

      /** Gives Postfix mail for us while we are off the net. */
      const leave = async (prefix: string): Promise<void> => {
        for (const id of idsOf(prefix)) {
          const { final } = await send(postfix.port, {
            from: 'ann@example.com',
            to: ['bob@domain1.com'],
            message: `From: ann@example.com\nSubject: ${id}\nMessage-ID: <${id}>\n\nAt noon?\n`,
          })
          assert.equal(codes(final), '250 2.0.0', final.text)
        }
        await until(() => postfix.queued('deferred') === COUNT, { otherwise: () => postfix.log().slice(-8000) })
      }
      const arrived = (): string[] => site.mail('bob').map((message) => message.header('Message-ID') ?? '')
      const allArrived = async (timeoutMs: number, ...prefixes: readonly string[]): Promise<void> => {
        const expected = prefixes.flatMap(idsOf).map((id) => `<${id}>`)
        await haraka.waitFor(() => expected.every((id) => arrived().includes(id)), { timeoutMs })
        // What it would send twice is in its queue still.
        await postfixIsIdle(postfix)
        assert.deepEqual(arrived().sort(), expected.sort())
      }

      it('ras_timer has it send what it kept, each message once, asked for by TLS', async () => {
        await leave('timer')
        haraka.write('config/dmail.conf', conf('ras_timer 60', `ras_host 127.0.0.1:${postfix.port}`))
        await haraka.restart()
        await allArrived(ROUND_MS, 'timer')
        await haraka.waitForLog(/ETRN to 127\.0\.0\.1:\d+: TLSv1\.3/)
        await haraka.waitForLog(/ETRN to 127\.0\.0\.1:\d+: domain1\.com: 250 Queuing started/)
        await postfix.waitForLog(/TLS connection established from unknown\[127\.0\.0\.1\]: TLSv1\.3/)
        await postfix.waitForLog(/disconnect from unknown\[127\.0\.0\.1\] ehlo=2 starttls=1 etrn=1 quit=1/)
      })

      it('so has `dmail etrn --remote`', async () => {
        await haraka.stop()
        await leave('hand')
        haraka.write('config/dmail.conf', conf())
        await haraka.restart()
        const { exit, out, err } = await etrn('domain1.com')
        assert.equal(exit, 0, err)
        assert.match(out, /^127\.0\.0\.1:\d+ TLSv1\.3/m)
        assert.match(out, /^domain1\.com +250 Queuing started$/m)
        await allArrived(ROUND_MS, 'timer', 'hand')
      })

      it('a domain it does not keep mail for is refused in its own words', async () => {
        const { exit, out } = await etrn('domain1.com', 'example.org')
        assert.equal(exit, 1)
        assert.match(out, /^domain1\.com +250 Queuing started$/m)
        assert.match(out, /^example\.org +459 .*example\.org/m)
      })

      const etrn = (...domains: readonly string[]): ReturnType<typeof dmail> =>
        dmail(['etrn', '-c', haraka.dir, '--remote', `127.0.0.1:${postfix.port}`, ...domains])
    })
  }
})

function idsOf(prefix: string): string[] {
  return Array.from({ length: COUNT }, (_, at) => `${prefix}.${at}@example.com`)
}
