import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { startDns, type Dns, type DnsName } from '../support/dns.js'
import type { Haraka } from '../support/haraka.js'
import { failuresOf, KINDS, submit, type Failure } from './outbound-site.js'
import { makeSite, queueIsEmpty, siteConf, siteIni, startSite, users } from './site.js'

interface Row {
  readonly it: string
  readonly domain: string
  readonly dns: DnsName
  /** What the reason for the next try begins with. */
  readonly reason: RegExp
}

/** Names that are asked for again, until they are gone. */
const TEMPORARY: readonly Row[] = [
  {
    it: 'SERVFAIL for MX',
    domain: 'servfail.example.com',
    dns: { MX: 'SERVFAIL' },
    reason: /DNS lookup failure: Error: queryMx ESERVFAIL servfail\.example\.com/,
  },
  {
    it: 'REFUSED for MX',
    domain: 'refused.example.com',
    dns: { MX: 'REFUSED' },
    reason: /DNS lookup failure: Error: queryMx EREFUSED refused\.example\.com/,
  },
  {
    it: 'no MX, and SERVFAIL for the addresses',
    domain: 'implicit.example.com',
    dns: { MX: [], A: 'SERVFAIL', AAAA: 'SERVFAIL' },
    reason: /DNS lookup failure: Error: queryA ESERVFAIL implicit\.example\.com/,
  },
  {
    it: 'no MX, no IPv4 address, and SERVFAIL for IPv6',
    domain: 'half.example.com',
    dns: { MX: [], A: [], AAAA: 'SERVFAIL' },
    reason: /DNS lookup failure: Error: queryAaaa ESERVFAIL half\.example\.com/,
  },
  {
    it: 'an MX whose address is not known for now',
    domain: 'lame.example.com',
    dns: { MX: ['10 mx.servfail.example.com'] },
    reason: /Tried all MXs/,
  },
]

const PERMANENT: readonly Omit<Row, 'reason'>[] = [
  { it: 'NXDOMAIN', domain: 'nowhere.example.com', dns: { MX: 'NXDOMAIN', A: 'NXDOMAIN', AAAA: 'NXDOMAIN' } },
  { it: 'a name with neither MX nor address', domain: 'empty.example.com', dns: { MX: [] } },
  { it: 'a null MX (RFC 7505)', domain: 'nomail.example.com', dns: { MX: ['0 .'] } },
]

for (const { name, version, nodes } of KINDS) {
  describe(`${name}: mail without a gateway`, () => {
    const site = makeSite()
    let dns: Dns
    let haraka: Haraka
    before(async () => {
      dns = await startDns({ 'mx.servfail.example.com': { A: 'SERVFAIL', AAAA: 'SERVFAIL' } })
      site.write('users.txt', users('bob', 'fred'))
      haraka = await startSite(version, siteConf(site, ['gateway named.example.com gateway.invalid:2525']), {
        nodes,
        env: dns.env,
        config: { 'dmail.ini': siteIni('[outbound]\nretry_interval=1s\n') },
      })
    })
    after(async () => {
      await haraka.stop()
      await dns.close()
    })

    const failureOf = (user: string, domain: string): Failure | undefined =>
      failuresOf(site, user).find(({ recipient }) => recipient === `guest@${domain}`)

    describe('for domains of all kinds at the same time', { concurrency: true }, () => {
      for (const row of TEMPORARY) {
        it(`${row.it}: tried again, and DNS is asked anew`, async () => {
          dns.names.set(row.domain, row.dns)
          await submit(haraka, row.it, [`guest@${row.domain}`])
          await haraka.waitForLog(new RegExp(`Temp failing \\S+ for 1 seconds: .*${row.reason.source}`))
          assert.equal(failureOf('fred', row.domain), undefined, 'the sender hears nothing of it')
          dns.names.delete(row.domain)
          await haraka.waitFor(() => failureOf('fred', row.domain))
        })
      }

      for (const { it: what, domain, dns: answers } of PERMANENT) {
        it(`${what}: the sender has a report`, async () => {
          dns.names.set(domain, answers)
          await submit(haraka, what, [`guest@${domain}`], 'bob@domain1.com')
          const failure = await haraka.waitFor(() => failureOf('bob', domain))
          assert.match(failure.status ?? '', /^5\.1\./)
        })
      }
    })

    it('and that was all', async () => {
      await queueIsEmpty(haraka)
      assert.deepEqual(
        ['fred', 'bob'].map((user) => failuresOf(site, user).length),
        [TEMPORARY.length, PERMANENT.length],
      )
    })

    it('a gateway whose name is not known: tried again, and the name is in the reason', async () => {
      const from = haraka.log.length
      await submit(haraka, 'no gateway', ['guest@named.example.com'], 'bob@domain1.com')
      await haraka.waitForLog(
        /Temp failing \S+ for 1 seconds: gateway gateway\.invalid was not found: getaddrinfo \w+ gateway\.invalid/,
        { from },
      )
      assert.equal(failuresOf(site, 'bob').length, PERMANENT.length)
    })
  })
}
