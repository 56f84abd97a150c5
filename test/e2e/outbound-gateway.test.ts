import assert from 'node:assert/strict'
import { networkInterfaces } from 'node:os'
import { after, before, describe, it } from 'node:test'
import type { Haraka } from '../support/haraka.js'
import { startNextHop, type NextHop } from '../support/next-hop.js'
import { send } from '../support/smtp.js'
import { KINDS, submit, subjectsOf } from './outbound-site.js'
import { codes, makeSite, queueIsEmpty, note, siteConf, startSite, users } from './site.js'

const HOPS = ['exact', 'earlier', 'sub', 'deep', 'star', 'name', 'v6'] as const
type HopName = (typeof HOPS)[number]

const HAS_IPV6 = Object.values(networkInterfaces()).some((addresses) =>
  addresses?.some(({ address }) => address === '::1'),
)

interface Row {
  readonly it: string
  readonly to: string
  readonly hop: HopName
  readonly skip?: string | false
}

const ROWS: readonly Row[] = [
  { it: 'a domain', to: 'guest@example.com', hop: 'exact' },
  { it: 'in any case', to: 'guest@EXAMPLE.Com', hop: 'exact' },
  { it: 'the later of two lines for a domain', to: 'guest@twice.example.org', hop: 'exact' },
  { it: '*.domain takes a sub-domain', to: 'guest@mail.example.com', hop: 'sub' },
  { it: '*.domain takes a sub-domain of a sub-domain', to: 'guest@a.b.example.com', hop: 'sub' },
  { it: 'a domain comes before *.domain', to: 'guest@own.example.com', hop: 'exact' },
  { it: 'a domain does not take its sub-domains', to: 'guest@below.own.example.com', hop: 'sub' },
  { it: 'the longest *.domain comes first', to: 'guest@x.deep.example.com', hop: 'deep' },
  { it: '*.domain does not take the domain itself', to: 'guest@deep.example.com', hop: 'sub' },
  { it: '* takes the rest', to: 'guest@example.net', hop: 'star' },
  { it: 'a domain that ends alike is no sub-domain', to: 'guest@notexample.com', hop: 'star' },
  { it: 'a host name as /etc/hosts has it', to: 'guest@name.example.org', hop: 'name' },
  {
    it: 'an IPv6 address',
    to: 'guest@v6.example.org',
    hop: 'v6',
    skip: HAS_IPV6 ? false : 'needs ::1, which this machine does not have',
  },
]

for (const { name, version, nodes } of KINDS) {
  describe(`${name}: gateway`, () => {
    const site = makeSite()
    const hops = new Map<HopName, NextHop>()
    let haraka: Haraka
    before(async () => {
      for (const hop of HOPS) {
        if (hop !== 'v6') hops.set(hop, await startNextHop())
        else if (HAS_IPV6) hops.set(hop, await startNextHop({ host: '::1' }))
      }
      const port = (hop: HopName): number => hops.get(hop)?.port ?? 9
      const at = (hop: HopName): string => `127.0.0.1:${port(hop)}`
      site.write('users.txt', users('bob', 'fred'))
      haraka = await startSite(
        version,
        siteConf(site, [
          `gateway * ${at('star')}`,
          `gateway *.example.com ${at('sub')}`,
          `gateway *.deep.example.com ${at('deep')}`,
          `gateway example.com ${at('exact')}`,
          `gateway own.example.com ${at('exact')}`,
          `gateway twice.example.org ${at('earlier')}`,
          `gateway twice.example.org ${at('exact')}`,
          `gateway name.example.org localhost:${port('name')}`,
          `gateway v6.example.org [::1]:${port('v6')}`,
          'gateway plain.example.org 127.0.0.77',
        ]),
        { nodes },
      )
    })
    after(async () => {
      await haraka.stop()
      for (const hop of hops.values()) await hop.close()
    })

    for (const [at, row] of ROWS.entries()) {
      it(`${row.it}: ${row.to}`, { skip: row.skip ?? false }, async () => {
        const subject = `row ${at}`
        await submit(haraka, subject, [row.to])
        await queueIsEmpty(haraka)
        const taken = [...hops].filter(([, { messages }]) => subjectsOf(messages).includes(subject))
        assert.deepEqual(
          taken.map(([hop]) => hop),
          [row.hop],
        )
        assert.deepEqual(
          hops
            .get(row.hop)
            ?.messages.at(-1)
            ?.rcpts.map(({ address }) => address.toLowerCase()),
          [row.to.toLowerCase()],
        )
      })
    }

    it('the port is 25 where none is given', async () => {
      const from = haraka.log.length
      await submit(haraka, 'plain', ['guest@plain.example.org'])
      await haraka.waitForLog(/created outbound::\{"port":25,"host":"127\.0\.0\.77"\}/, { from })
    })

    it('* is not for the domains of this server', async () => {
      await submit(haraka, 'local', ['bob@domain1.com'])
      assert.deepEqual(site.holding('local'), ['in/bob'])
    })

    it('grants nobody the right to relay', async () => {
      const { final } = await send(haraka.port, {
        from: 'ann@example.net',
        to: ['guest@example.com'],
        message: note('stranger'),
        localAddress: '127.0.0.1',
      })
      assert.equal(codes(final), '550 5.7.1')
    })
  })
}
