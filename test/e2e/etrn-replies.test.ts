import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { connect } from '../support/smtp.js'
import { ETRN_SERVERS, keywords, said, startEtrnSite, type EtrnSite } from './etrn-site.js'
import { codes, session } from './site.js'

/** May send mail, but not ETRN. */
const STRANGER = { localAddress: '127.0.0.9' }

for (const { version, nodes } of ETRN_SERVERS) {
  describe(`Haraka ${version}, ${nodes} workers: the replies to ETRN`, () => {
    let site: EtrnSite
    before(async () => {
      site = await startEtrnSite({
        version,
        nodes,
        etrn: 'rate=1/60s\nallow=127.0.0.1,127.0.0.2',
        conf: ['suspend_domain *.dial.example.net', 'relay_to bücher.example.org', 'gateway * 127.0.0.1:9'],
      })
    })
    after(async () => {
      await site.close()
    })

    it('EHLO offers ETRN to those who may send it', async () => {
      await session(site.haraka.port, {}, async (client) => {
        assert.ok((await keywords(client)).includes('ETRN'))
      })
      await session(site.haraka.port, STRANGER, async (client) => {
        assert.ok(!(await keywords(client)).includes('ETRN'))
      })
    })

    it('503 before EHLO, and not after HELO', async () => {
      const client = await connect(site.haraka.port)
      assert.equal(codes(await client.command('ETRN a.dial.example.net')), '503 5.5.1')
      await client.command('HELO client.example.com')
      assert.equal((await client.command('ETRN a.dial.example.net')).code, 251)
      client.close()
    })

    it('503 inside a transaction, which goes on', async () => {
      await session(site.haraka.port, {}, async (client) => {
        await client.mail('ann@example.com')
        assert.equal(codes(await client.command('ETRN b.dial.example.net')), '503 5.5.1')
        assert.equal((await client.rcpt('bob@domain1.com')).code, 250)
        await client.command('RSET')
        assert.equal((await client.command('ETRN b.dial.example.net')).code, 251)
      })
    })

    const refused: [what: string, line: string, codes: string][] = [
      ['no argument', 'ETRN', '501 5.5.4'],
      ['quotes', 'ETRN "c.dial.example.net"', '501 5.5.4'],
      ['two words', 'ETRN c.dial.example.net d.dial.example.net', '501 5.5.4'],
      ['a control character', 'ETRN c.dial\x07.example.net', '501 5.5.4'],
      ['a carriage return', 'ETRN c.dial.example.net\rx', '501 5.5.4'],
      ['an address literal', 'ETRN [127.0.0.1]', '501 5.5.4'],
      ['a queue', 'ETRN #c.dial.example.net', '458 5.3.5'],
      ['a domain that no line names', 'ETRN example.net', '459'],
      ['a local domain', 'ETRN domain1.com', '459'],
      ['a domain whose sub-domains are named', 'ETRN @dial.example.net', '459'],
      ['a command that begins like it', 'ETRNX c.dial.example.net', '500'],
    ]
    for (const [what, line, expected] of refused) {
      it(`${expected} for ${what}`, async () => {
        await session(site.haraka.port, {}, async (client) => {
          assert.equal(codes(await client.command(line)), expected)
        })
      })
    }

    it('459 for a client that may not', async () => {
      await session(site.haraka.port, STRANGER, async (client) => {
        assert.equal((await client.command('ETRN c.dial.example.net')).code, 459)
      })
    })

    it('251 where nothing waits; 458 within a minute, whichever worker is asked; other domains do not count', async () => {
      assert.equal(
        said(await site.etrn('e.dial.example.net')),
        '251 OK, no messages waiting for node e.dial.example.net',
      )
      for (const argument of ['e.dial.example.net', '@E.dial.example.net', 'e.dial.example.net']) {
        assert.match(said(await site.etrn(argument)), /^458 .* asked for too often, try again in [1-6]?\d s$/)
      }
      assert.equal((await site.etrn('f.dial.example.net')).code, 251)
    })

    it('any case; a domain in its own letters is the one of the configuration', async () => {
      await session(site.haraka.port, {}, async (client) => {
        const reply = await client.command('etrn BÜCHER.example.org')
        assert.equal(said(reply), '251 OK, no messages waiting for node xn--bcher-kva.example.org')
      })
    })

    it('each is in the log, with client, domain and result', async () => {
      await site.etrn('g.dial.example.net')
      await site.haraka.waitForLog(
        /\[NOTICE\].* dmail\/etrn: 127\.0\.0\.1 asked for "g\.dial\.example\.net": 251 OK, no messages/,
      )
      await site.haraka.waitForLog(/dmail\/etrn: 127\.0\.0\.1 asked for "c\.dial\.example\.net\\rx": 501 /)
    })

    it('commands that come in one piece are answered in order', async () => {
      await session(site.haraka.port, {}, async (client) => {
        client.socket.write('ETRN h.dial.example.net\r\n')
        assert.equal((await client.command('ETRN i.dial.example.net')).code, 251)
        assert.equal((await client.command('NOOP')).code, 251, 'the reply to the second one')
      })
    })
  })
}
