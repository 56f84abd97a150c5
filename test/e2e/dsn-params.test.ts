import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { HARAKA_VERSIONS } from '../support/haraka.js'
import { connect, type Reply, type SmtpClient } from '../support/smtp.js'
import { HOPS, post, startDsnSite, told, type DsnSite } from './dsn-site.js'
import { codes, note, queueIsEmpty, RELAYING, session } from './site.js'

const BAD = '501 5.5.4'

const BAD_MAIL: readonly (readonly [string, string])[] = [
  ['RET of another kind', 'RET=ALL'],
  ['RET without a value', 'RET'],
  ['RET twice', 'RET=FULL RET=FULL'],
  ['ENVID that is no xtext', 'ENVID=a+2'],
  ['ENVID with small letters as hex digits', 'ENVID=a+2b'],
  ['ENVID of 101 characters', `ENVID=${'x'.repeat(101)}`],
  ['ENVID twice', 'ENVID=1 ENVID=2'],
]

const BAD_RCPT: readonly (readonly [string, string])[] = [
  ['NEVER with another', 'NOTIFY=NEVER,SUCCESS'],
  ['NEVER behind another', 'NOTIFY=FAILURE,NEVER'],
  ['the same twice', 'NOTIFY=DELAY,DELAY'],
  ['NOTIFY twice', 'NOTIFY=SUCCESS NOTIFY=FAILURE'],
  ['an unknown word', 'NOTIFY=ALWAYS'],
  ['an empty word', 'NOTIFY=SUCCESS,'],
  ['NOTIFY without a value', 'NOTIFY'],
  ['ORCPT without a type', 'ORCPT=bob@domain1.com'],
  ['ORCPT that is no xtext', 'ORCPT=rfc822;bob+@domain1.com'],
  ['ORCPT with a line end in it', 'ORCPT=rfc822;bob+0D+0ASubject:'],
  ['ORCPT of 501 characters', `ORCPT=rfc822;${'x'.repeat(494)}`],
  ['ORCPT twice', 'ORCPT=rfc822;a@b ORCPT=rfc822;a@b'],
]

/** Haraka's own limit of a command line, 512, is less than RFC 3461 4 has to be taken. */
const CONNECTION_INI = `[haproxy]
hosts[]=
[headers]
max_lines=1000
max_received=100
[max]
bytes=26214400
mime_parts=1000
line_length=2048
data_line_length=992
[message]
helo=Haraka is at your service.
close=closing connection
[uuid]
banner_chars=6
deny_chars=0
`

const GOOD_RCPT: readonly string[] = [
  'NOTIFY=never',
  'notify=Success,DELAY,failure',
  // RFC 3461 4.2: 500 characters.
  `ORCPT=rfc822;${'x'.repeat(493)}`,
  'ORCPT=rfc822;bob+2Btag@domain1.com NOTIFY=FAILURE',
]

for (const version of HARAKA_VERSIONS) {
  describe(`Haraka ${version}: what a client may ask for`, () => {
    let running: DsnSite<'plain'>
    let client: SmtpClient
    before(async () => {
      running = await startDsnSite({
        version,
        hops: { plain: HOPS.plain },
        conf: () => ['ban_ip 127.0.0.66'],
        config: { 'connection.ini': CONNECTION_INI },
      })
      client = await connect(running.haraka.port, { localAddress: RELAYING })
    })
    after(async () => {
      client.close()
      await running.close()
    })

    it('EHLO offers DSN, once', async () => {
      const { lines } = await client.ehlo()
      assert.equal(lines.filter((line) => line === 'DSN').length, 1)
    })

    for (const [what, params] of BAD_MAIL) {
      it(`${what}: ${BAD} to MAIL, and the session goes on`, async () => {
        assert.equal(codes(await client.mail('fred@domain1.com', params)), BAD)
        assert.equal((await client.mail('fred@domain1.com', 'RET=HDRS ENVID=x')).code, 250)
        assert.equal((await client.command('RSET')).code, 250)
      })
    }

    for (const params of ['ENVID=a=b', 'ENVID=']) {
      it(`${params}: Haraka itself answers 501`, async () => {
        assert.equal((await client.mail('fred@domain1.com', params)).code, 501)
        assert.equal((await client.mail('fred@domain1.com')).code, 250)
        assert.equal((await client.command('RSET')).code, 250)
      })
    }

    it('bad parameters at RCPT, 501 5.5.4 each: that recipient is none, good ones before and after are', async () => {
      await client.mail('fred@domain1.com')
      for (const [what, params] of BAD_RCPT) {
        assert.equal(codes(await client.rcpt('fred@domain1.com', params)), BAD, what)
      }
      for (const params of GOOD_RCPT) {
        assert.equal(codes(await client.rcpt('bob@domain1.com', params)), '250 2.1.5', params)
      }
      assert.equal(codes(await client.data(note('good ones'))), '250 2.0.0')
      await queueIsEmpty(running.haraka)
      assert.deepEqual(new Set(running.site.holding('good ones')), new Set(['in/bob']))
    })

    it('a message all of whose recipients had bad parameters has none', async () => {
      await client.mail('fred@domain1.com')
      assert.equal(codes(await client.rcpt('bob@domain1.com', 'NOTIFY=NEVER,DELAY')), BAD)
      assert.equal((await client.data(note('nobody'))).code, 503)
    })

    const WITHOUT_EHLO: readonly (readonly [string, (smtp: SmtpClient) => Promise<Reply>])[] = [
      ['MAIL', (smtp) => smtp.mail('fred@domain1.com', 'RET=FULL')],
      [
        'RCPT',
        async (smtp) => {
          await smtp.mail('fred@domain1.com')
          return smtp.rcpt('bob@domain1.com', 'NOTIFY=SUCCESS')
        },
      ],
    ]
    for (const [verb, say] of WITHOUT_EHLO) {
      it(`after HELO parameters of ${verb} are refused, and it is taken without them`, async () => {
        const smtp = await connect(running.haraka.port)
        try {
          await smtp.command('HELO client.example.com')
          const refused = await say(smtp)
          assert.ok([501, 555].includes(refused.code), `${refused.code} ${refused.text}`)
          await smtp.command('RSET')
          await smtp.mail('fred@domain1.com')
          assert.equal((await smtp.rcpt('bob@domain1.com')).code, 250)
        } finally {
          smtp.close()
        }
      })
    }

    it('what is refused in the session is a reply and no report, whatever was asked for', async () => {
      const { haraka, site } = running
      const ask = 'NOTIFY=SUCCESS,FAILURE,DELAY'
      const before = site.mail('fred').length
      const banned = await connect(haraka.port, { localAddress: '127.0.0.66' })
      assert.equal(banned.greeting.code, 554)
      banned.close()
      await session(haraka.port, {}, async (stranger) => {
        await stranger.mail('fred@domain1.com')
        assert.equal(codes(await stranger.rcpt('nobody@domain1.com', ask)), '550 5.1.1')
        assert.equal(codes(await stranger.rcpt('guest@plain.example.com', ask)), '550 5.7.1')
      })
      const looping = `Delivered-To: bob@domain1.com\n${note('at the end of DATA')}`
      const { final } = await post(haraka, {
        subject: 'at the end of DATA',
        to: [['bob@domain1.com', ask]],
        message: looping,
      })
      assert.equal(codes(final), '550 5.4.6')
      assert.deepEqual(haraka.queueFiles(), [])
      assert.equal(site.mail('fred').length, before)
    })

    it('and the one who is refused has no part in the reports on the others', async () => {
      const { haraka, site } = running
      const { rcpt, final } = await post(haraka, {
        subject: 'one of two',
        to: [
          ['nobody@domain1.com', 'NOTIFY=FAILURE'],
          ['bob@domain1.com', 'NOTIFY=SUCCESS'],
        ],
      })
      assert.deepEqual([...rcpt, final].map(codes), ['550 5.1.1', '250 2.1.5', '250 2.0.0'])
      await queueIsEmpty(haraka)
      assert.deepEqual(told(site, 'fred', 'one of two'), ['delivered bob@domain1.com'])
    })
  })
}
