import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { tempDir } from '../support/cleanup.js'
import { writeInto } from '../support/haraka-dir.js'
import { startNextHop, type NextHop, type NextHopOptions } from '../support/next-hop.js'
import { freePort } from '../support/ports.js'
import { dmail, type Ran } from './support.js'

async function ask(
  options: NextHopOptions,
  ...args: readonly string[]
): Promise<{ ran: Ran; hop: NextHop; remote: string }> {
  const hop = await startNextHop({ keywords: ['ETRN'], ...options })
  try {
    const remote = `127.0.0.1:${hop.port}`
    return { ran: await dmail(['etrn', '--remote', remote, ...args]), hop, remote }
  } finally {
    await hop.close()
  }
}

const ANSWERS = {
  other: (line: string) => (line === 'ETRN domain2.com' ? '459 5.7.1 not for you' : '250 2.0.0 started'),
}

describe('dmail etrn --remote', () => {
  it('prints what the provider says, and ends with 0 when it takes up every domain', async () => {
    const { ran, remote } = await ask({ reply: ANSWERS }, 'domain1.com', '@Example.COM')
    assert.deepEqual(ran, {
      exit: 0,
      out: `${remote} no TLS (not offered)\ndomain1.com   250 2.0.0 started\n@example.com  250 2.0.0 started\n`,
      err: '',
    })
  })

  it('ends with 1 when a domain is refused', async () => {
    const { ran } = await ask({ reply: ANSWERS }, 'domain1.com', 'domain2.com')
    assert.equal(ran.exit, 1)
    assert.match(ran.out, /^domain1\.com {2}250 2\.0\.0 started\ndomain2\.com {2}459 5\.7\.1 not for you$/m)
  })

  it('ends with 1 when ETRN is not offered, and does not send it', async () => {
    const { ran, hop } = await ask({ keywords: ['PIPELINING'] }, 'domain1.com')
    assert.equal(ran.exit, 1)
    assert.match(ran.out, /^domain1\.com {2}the provider does not offer ETRN$/m)
    assert.doesNotMatch(hop.transcript, /C: ETRN/)
  })

  it('ends with 75 when nobody is there', async () => {
    const remote = `127.0.0.1:${await freePort()}`
    const { exit, out, err } = await dmail(['etrn', '--remote', remote, 'domain1.com'])
    assert.deepEqual([exit, out], [75, ''])
    assert.match(err, new RegExp(`^dmail: ${remote} is not reachable: .*ECONNREFUSED`))
  })

  it('prints JSON', async () => {
    const { ran } = await ask({ reply: ANSWERS, tls: {} }, '--json', 'domain1.com', 'domain2.com')
    const printed = JSON.parse(ran.out) as Record<string, unknown>
    assert.match(String(printed['security']), /^TLSv1/)
    assert.deepEqual(
      { ...printed, port: 0, security: '' },
      {
        host: '127.0.0.1',
        port: 0,
        reached: true,
        security: '',
        error: null,
        replies: [
          { domain: 'domain1.com', accepted: true, code: 250, text: '250 2.0.0 started' },
          { domain: 'domain2.com', accepted: false, code: 459, text: '459 5.7.1 not for you' },
        ],
      },
    )
    assert.equal(ran.exit, 1)
  })

  it('prints JSON when nobody is there', async () => {
    const { exit, out } = await dmail(['etrn', '--json', '--remote', `127.0.0.1:${await freePort()}`, 'domain1.com'])
    const { reached, error, replies } = JSON.parse(out) as { reached: boolean; error: string; replies: unknown[] }
    assert.deepEqual([exit, reached, replies.length], [75, false, 1])
    assert.match(error, /ECONNREFUSED/)
  })

  it('calls itself by the name of the Haraka directory', async () => {
    const dir = tempDir('etrn')
    writeInto(dir, 'config/me', 'mx.domain1.com\n')
    const { hop } = await ask({ reply: ANSWERS }, '-c', dir, 'domain1.com')
    assert.match(hop.transcript, /^C: EHLO mx\.domain1\.com$/m)
  })

  it('has a name without a Haraka directory too', async () => {
    const { hop } = await ask({ reply: ANSWERS }, '-c', '/nonexistent', 'domain1.com')
    assert.match(hop.transcript, /^C: EHLO [\w.-]+$/m)
  })

  const wrong: readonly [args: readonly string[], complaint: RegExp][] = [
    [['--remote', 'provider.example.net:0', 'domain1.com'], /--remote: "provider\.example\.net:0" is not a host/],
    [['--remote', '127.0.0.1', 'two words'], /"two words" is not a domain/],
    [['--remote', '127.0.0.1', 'x\r\nRSET'], /is not a domain/],
    [['--remote', '127.0.0.1', '#queue'], /"#queue" is not a domain/],
    [['--remote', '127.0.0.1'], /missing required argument 'domain'/],
    [['domain1.com', 'domain2.com'], /several only with --remote/],
  ]
  for (const [args, complaint] of wrong) {
    it(`ends with 2 for ${JSON.stringify(args)}`, async () => {
      const { exit, err } = await dmail(['etrn', ...args])
      assert.equal(exit, 2)
      assert.match(err, complaint)
    })
  }
})
