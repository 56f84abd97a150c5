import assert from 'node:assert/strict'
import { Socket } from 'node:net'
import { describe, it } from 'node:test'
import { askProvider, type Asked, type AskOptions } from '../../lib/etrn/client.js'
import { startNextHop, type NextHop, type NextHopOptions, type NextHopReplies } from '../support/next-hop.js'
import { freePort } from '../support/ports.js'

const HELLO = 'mail.example.com'
const KEYWORDS = ['PIPELINING', 'ETRN']
/** Long enough for a slow machine where the other side answers; short where the test is about its silence. */
const PATIENT = { connectMs: 20_000, replyMs: 20_000 }
const SILENCE = { ...PATIENT, replyMs: 1500 }

/** A provider whose answer to each ETRN stands in `etrn`, by domain; 250 for others. */
function etrn(answers: Readonly<Record<string, string | Promise<string>>> = {}): NextHopReplies {
  return { other: (line) => answers[line.replace('ETRN ', '')] ?? '250 2.0.0 started' }
}

async function ask(
  options: NextHopOptions,
  domains: readonly string[] = ['domain1.com'],
  more: Partial<AskOptions> = {},
): Promise<{ asked: Asked; hop: NextHop }> {
  const hop = await startNextHop({ keywords: KEYWORDS, reply: etrn(), ...options })
  try {
    return { asked: await askProvider({ host: '127.0.0.1', port: hop.port }, domains, { hello: HELLO, ...more }), hop }
  } finally {
    await hop.close()
  }
}

const texts = ({ replies }: Asked): string[] => replies.map(({ ok, text }) => `${ok ? 'ok' : 'not'} ${text}`)

describe('asking a provider with ETRN', () => {
  it('says EHLO, ETRN for each domain, QUIT', async () => {
    const { asked, hop } = await ask({}, ['domain1.com', '@domain2.com'])
    assert.deepEqual(asked, {
      reached: true,
      security: 'no TLS (not offered)',
      trouble: undefined,
      replies: ['domain1.com', '@domain2.com'].map((domain) => ({
        domain,
        ok: true,
        code: 250,
        text: '250 2.0.0 started',
      })),
    })
    const said = hop.transcript.split('\n').filter((line) => line.startsWith('C: '))
    assert.deepEqual(said, [`C: EHLO ${HELLO}`, 'C: ETRN domain1.com', 'C: ETRN @domain2.com', 'C: QUIT'])
  })

  it('uses TLS where it is offered, whatever the certificate', async () => {
    const { asked, hop } = await ask({ tls: {} })
    assert.match(asked.security, /^TLSv1\.[23], certificate not verified$/)
    assert.deepEqual(texts(asked), ['ok 250 2.0.0 started'])
    assert.match(hop.transcript, /C: STARTTLS\n[^]*\ntls: TLSv1\.[23]\nC: EHLO [^]*C: ETRN domain1\.com/)
    assert.equal(hop.connections, 1)
  })

  it('asks again without TLS where the two find no common ground', async () => {
    const { asked, hop } = await ask({ tls: { minVersion: 'TLSv1', maxVersion: 'TLSv1.1' } })
    assert.match(asked.security, /^no TLS \(TLS failed: [\w ]*(?:version|protocol|ciphers)[\w ]*\)$/)
    assert.deepEqual(texts(asked), ['ok 250 2.0.0 started'])
    assert.equal(hop.connections, 2)
  })

  it('believes nothing that is said in the clear behind the reply to STARTTLS', async () => {
    const injected = '220 go ahead\n250-next-hop\n250 ETRN'
    const reply: NextHopReplies = { other: (line) => (line === 'STARTTLS' ? injected : '250 started') }
    const { asked, hop } = await ask({ keywords: ['ETRN', 'STARTTLS'], reply })
    assert.equal(asked.security, 'no TLS (the provider spoke in the clear after STARTTLS)')
    assert.deepEqual(texts(asked), ['ok 250 started'])
    assert.equal(hop.connections, 2)
  })

  it('goes on after a refusal', async () => {
    const domains = ['a.example', 'b.example', 'c.example', 'd.example']
    const reply = etrn({ 'a.example': '458 queue busy', 'b.example': '459 5.7.1 no', 'c.example': '500 what' })
    const { asked } = await ask({ reply }, domains)
    assert.deepEqual(texts(asked), ['not 458 queue busy', 'not 459 5.7.1 no', 'not 500 what', 'ok 250 2.0.0 started'])
    assert.deepEqual([asked.trouble, asked.replies.map(({ code }) => code)], [undefined, [458, 459, 500, 250]])
  })

  const breaks: readonly [what: string, answer: string | Promise<string>, trouble: RegExp, reply?: RegExp][] = [
    ['silence', new Promise<string>(() => undefined), /^no reply in 1\.5 s$/],
    ['garbage', 'hello there', /^this is no SMTP: "hello there"$/],
    ['a line of 1 MB', `250 ${'x'.repeat(1_000_000)}`, /^a line of more than 2048 bytes$/],
    ['a reply of 1 MB', '250-x\n'.repeat(200_000), /^a reply of more than 100 lines$/],
    ['a closed connection', 'close', /^the provider closed the connection$/],
    [
      'the end of the session',
      '421 4.3.2 going down',
      /^the provider ended the session: 421 4\.3\.2 going down$/,
      /^not 421 4\.3\.2 going down$/,
    ],
    [
      'two replies to one command',
      '250 started\n250 started',
      /^the provider spoke out of turn: 250 started$/,
      /^ok 250 started$/,
    ],
  ]
  for (const [what, answer, trouble, own] of breaks) {
    it(`ends with ${what}, and tells what it has`, async () => {
      const reply = etrn({ 'b.example': answer })
      const { asked } = await ask({ reply }, ['a.example', 'b.example', 'c.example'], {
        limits: what === 'silence' ? SILENCE : PATIENT,
      })
      assert.match(asked.trouble ?? '', trouble)
      assert.equal(asked.reached, true)
      const [first, second, third] = texts(asked)
      assert.equal(first, 'ok 250 2.0.0 started')
      assert.match(second ?? '', own ?? new RegExp(trouble.source.replace('^', '^not ')))
      assert.match(third ?? '', new RegExp(trouble.source.replace('^', '^not ')))
    })
  }

  const unreached: readonly [what: string, reply: NextHopReplies, trouble: RegExp][] = [
    ['nobody greets', { connect: () => new Promise<string>(() => undefined) }, /^no reply in 1\.5 s$/],
    ['the greeting is no SMTP', { connect: () => 'SSH-2.0-x' }, /^this is no SMTP: "SSH-2\.0-x"$/],
    ['the connection is closed at once', { connect: () => 'close' }, /^the provider closed the connection$|ECONNRESET/],
  ]
  for (const [what, reply, trouble] of unreached) {
    it(`does not count as reached when ${what}`, async () => {
      const { asked } = await ask({ reply }, ['a.example'], {
        limits: what === 'nobody greets' ? SILENCE : PATIENT,
      })
      assert.equal(asked.reached, false)
      assert.match(asked.trouble ?? '', trouble)
      assert.match(texts(asked).join(), /^not /)
    })
  }

  it('does not count as reached when the port is closed', async () => {
    const asked = await askProvider({ host: '127.0.0.1', port: await freePort() }, ['a.example'], { hello: HELLO })
    assert.equal(asked.reached, false)
    assert.match(asked.trouble ?? '', /ECONNREFUSED/)
  })

  it('does not count as reached when the name does not exist', async () => {
    const asked = await askProvider({ host: 'no-such-host.invalid', port: 25 }, ['a.example'], { hello: HELLO })
    assert.equal(asked.reached, false)
    assert.match(asked.trouble ?? '', /no-such-host\.invalid/)
  })

  it('waits for a connection no longer than its limit', async () => {
    const asked = await askProvider({ host: '192.0.2.1', port: 25 }, ['a.example'], {
      hello: HELLO,
      limits: { connectMs: 20, replyMs: 20_000 },
      // Never connects.
      open: () => new Socket(),
    })
    assert.deepEqual([asked.reached, asked.trouble], [false, 'no connection in 0.02 s'])
  })

  it('is over soon after it was stopped', async () => {
    const end = new AbortController()
    const reply: NextHopReplies = {
      other: () => {
        end.abort()
        return new Promise<string>(() => undefined)
      },
    }
    const { asked, hop } = await ask({ reply }, ['a.example'], { signal: end.signal })
    assert.deepEqual([asked.trouble, texts(asked)], ['stopped', ['not stopped']])
    assert.equal(hop.connections, 1)
  })

  it('does not begin when it was stopped before', async () => {
    const { asked, hop } = await ask({}, ['a.example'], { signal: AbortSignal.abort() })
    assert.deepEqual([asked.trouble, hop.connections], ['stopped', 0])
  })
})
