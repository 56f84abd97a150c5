import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { describe, it } from 'node:test'
import { CERTIFICATE, DH_PARAMETERS } from '../support/certificate.js'
import { HARAKA_VERSIONS, type HarakaVersion } from '../support/haraka.js'
import { without } from '../support/tools.js'
import { clientFrom, proxyIni } from './auth-client.js'
import { PASSWORD, plainOf, startAuthSite, type AuthSite } from './auth-site.js'

const STRANGER = '192.0.2.7'
const OFFER = '250-AUTH PLAIN LOGIN'
const LOGIN = `AUTH PLAIN ${plainOf('ann', PASSWORD)}`

async function withSite(
  version: HarakaVersion,
  options: Parameters<typeof startAuthSite>[1],
  use: (running: AuthSite) => Promise<void>,
): Promise<void> {
  const running = await startAuthSite(version, {
    plugins: ['tls', 'dmail'],
    ...options,
    config: {
      'connection.ini': proxyIni(version),
      'tls_key.pem': CERTIFICATE.key,
      'tls_cert.pem': CERTIFICATE.cert,
      'dhparams.pem': DH_PARAMETERS,
    },
  })
  try {
    await use(running)
  } finally {
    await running.close()
  }
}

/** What the reply to EHLO says of AUTH. */
const authLines = (lines: readonly string[]): string[] =>
  lines.map((line) => line.replace(/^250 /, '250-')).filter((line) => line.includes('AUTH'))

for (const version of HARAKA_VERSIONS) {
  describe(`AUTH and TLS on Haraka ${version}`, () => {
    it('from elsewhere only over TLS: not offered before it, and the password is not looked at', async () => {
      await withSite(version, {}, async ({ haraka, site }) => {
        const client = await clientFrom(haraka.port, STRANGER)
        assert.deepEqual(authLines(await client.command('EHLO client.example.com')), [])
        assert.match((await client.command(LOGIN))[0] ?? '', /^538 5\.7\.11 /)
        assert.equal(readFileSync(site.path('checked'), 'utf8'), '')
        const secure = await client.secure()
        // What was said before TLS counts no more (RFC 3207).
        assert.match((await secure.command(LOGIN))[0] ?? '', /^503 5\.5\.1 /)
        assert.deepEqual(authLines(await secure.command('EHLO client.example.com')), [OFFER])
        assert.match((await secure.command(LOGIN))[0] ?? '', /^235 2\.7\.0 /)
        await secure.command('MAIL FROM:<ann@domain1.com>')
        assert.match((await secure.command('RCPT TO:<guest@example.com>'))[0] ?? '', /^250 2\.1\.5 /)
        secure.close()
      })
    })

    it('from elsewhere without TLS with [auth] plaintext=true', async () => {
      await withSite(version, { ini: 'plaintext=true\n' }, async ({ haraka }) => {
        const client = await clientFrom(haraka.port, STRANGER)
        assert.deepEqual(authLines(await client.command('EHLO client.example.com')), [OFFER])
        assert.match((await client.command(LOGIN))[0] ?? '', /^235 2\.7\.0 /)
        client.close()
      })
    })

    it('to those only whom [auth] offer_to names', async () => {
      await withSite(version, { ini: 'plaintext=true\noffer_to=*,!192.0.2.*\n' }, async ({ haraka }) => {
        const client = await clientFrom(haraka.port, STRANGER)
        assert.deepEqual(authLines(await client.command('EHLO client.example.com')), [])
        assert.match((await client.command(LOGIN))[0] ?? '', /^500 /)
        client.close()
        const other = await clientFrom(haraka.port, '198.51.100.7')
        assert.deepEqual(authLines(await other.command('EHLO client.example.com')), [OFFER])
        other.close()
      })
    })

    it('a name without a domain is of the virtual domain that has the address connected to', async () => {
      const lines = ['vdomain other 192.0.2.9 other.example.com /nowhere']
      await withSite(version, { lines, ini: 'plaintext=true\n' }, async ({ haraka, site }) => {
        const client = await clientFrom(haraka.port, STRANGER, '192.0.2.9')
        await client.command('EHLO client.example.com')
        await client.command(LOGIN)
        client.close()
        assert.equal(readFileSync(site.path('checked'), 'utf8'), 'other_ann\n')
      })
    })

    for (const [what, lines] of [
      ['without forward_user', ['forward_user false']],
      ['with unix_user, which knows no passwords', ['authent_method unix_user']],
    ] as const) {
      it(`is not offered ${what}`, async () => {
        await withSite(version, { lines }, async ({ haraka }) => {
          const client = await clientFrom(haraka.port, '127.0.0.1')
          assert.deepEqual(authLines(await client.command('EHLO client.example.com')), [])
          assert.match((await client.command(LOGIN))[0] ?? '', /^500 /)
          client.close()
        })
      })
    }

    for (const mechanism of ['PLAIN', 'LOGIN']) {
      it(`swaks logs in with ${mechanism}, and relays`, { skip: without('swaks') }, async () => {
        const running = await startAuthSite(version)
        try {
          const { stdout } = await promisify(execFile)('swaks', [
            ...[
              '--server',
              `127.0.0.1:${running.haraka.port}`,
              '--from',
              'ann@domain1.com',
              '--to',
              'guest@example.com',
            ],
            ...['--auth', mechanism, '--auth-user', 'ann', '--auth-password', PASSWORD, '--quit-after', 'RCPT'],
          ])
          assert.match(stdout, /^<- {2}235 2\.7\.0 /m)
          assert.match(stdout, /^<- {2}250 2\.1\.5 guest@example\.com/m)
        } finally {
          await running.close()
        }
      })
    }
  })
}
