import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { describe, it } from 'node:test'
import { startNextHop, type NextHopOptions } from './next-hop.js'
import { connect, send, type Reply } from './smtp.js'

const NOTE = { from: 'fred@example.com', to: ['bob@domain1.com'], message: 'Subject: lunch\n\nAt noon?' }

async function withNextHop(
  options: NextHopOptions,
  test: (hop: Awaited<ReturnType<typeof startNextHop>>) => Promise<void>,
) {
  const hop = await startNextHop(options)
  try {
    await test(hop)
  } finally {
    await hop.close()
  }
}

function say(reply: Reply): string {
  return `${reply.code} ${reply.enhanced ?? '-'} ${reply.text}`
}

describe('the SMTP client and the recording next hop', () => {
  it('carry envelope and message over', async () => {
    await withNextHop({}, async (hop) => {
      const message = 'Subject: dots\r\n\r\n.\n..\n.x\nbare\rcr\n\u00e9'
      const { mail, rcpt, final } = await send(hop.port, {
        ...NOTE,
        to: ['bob@domain1.com', '"a>b"@domain1.com'],
        message,
      })
      assert.deepEqual([mail, ...rcpt, final].map(say), [
        '250 2.1.0 ok',
        '250 2.1.5 ok',
        '250 2.1.5 ok',
        '250 2.0.0 taken',
      ])
      const received = await hop.waitForMessage()
      assert.equal(received.helo, 'client.example.com')
      assert.equal(received.mailFrom, 'fred@example.com')
      assert.deepEqual(
        received.rcpts.map(({ address }) => address),
        ['bob@domain1.com', '"a>b"@domain1.com'],
      )
      assert.equal(received.data.toString(), 'Subject: dots\r\n\r\n.\r\n..\r\n.x\r\nbare\rcr\r\n\u00e9\r\n')
      assert.match(hop.transcript, /^C: QUIT\nS: 221/m)
    })
  })

  it('keep the bytes of a message that is no UTF-8', async () => {
    await withNextHop({}, async (hop) => {
      await send(hop.port, { ...NOTE, message: Buffer.from([0x41, 0x3a, 0xff, 0x80, 0x0a]) })
      assert.deepEqual((await hop.waitForMessage()).data, Buffer.from([0x41, 0x3a, 0xff, 0x80, 0x0d, 0x0a]))
    })
  })

  it('carry parameters, and offer the keywords asked for', async () => {
    await withNextHop({ keywords: ['DSN', 'SIZE 1000'] }, async (hop) => {
      const client = await connect(hop.port)
      assert.deepEqual((await client.ehlo()).lines.slice(1), ['DSN', 'SIZE 1000'])
      await client.mail('', 'RET=HDRS ENVID=x1')
      await client.rcpt('bob@domain1.com', 'NOTIFY=NEVER')
      await client.data('A: b\n')
      await client.quit()
      const { mailFrom, mailParams, rcpts } = await hop.waitForMessage()
      assert.deepEqual([mailFrom, mailParams], ['', 'RET=HDRS ENVID=x1'])
      assert.deepEqual(rcpts, [{ address: 'bob@domain1.com', params: 'NOTIFY=NEVER' }])
    })
  })

  const refusals: [what: string, reply: NextHopOptions['reply'] & object, final: string][] = [
    ['MAIL', { mail: () => '451 4.3.0 later' }, '451 4.3.0 later'],
    ['RCPT', { rcpt: (address) => `550 5.1.1 no ${address}` }, '550 5.1.1 no bob@domain1.com'],
    ['DATA', { data: () => '452 4.3.1 disk full' }, '452 4.3.1 disk full'],
    ['the message', { message: ({ rcpts }) => `554-5.6.0 not\n554 5.6.0 for ${rcpts.length}` }, '554 5.6.0 not\nfor 1'],
  ]
  for (const [what, reply, final] of refusals) {
    it(`show a refusal of ${what}, and no message is taken`, async () => {
      await withNextHop({ reply }, async (hop) => {
        assert.equal(say((await send(hop.port, NOTE)).final), final)
        assert.equal(hop.messages.length, 0)
      })
    })
  }

  it('refuse one recipient and take the message for the other', async () => {
    await withNextHop({ reply: { rcpt: (to) => (to.startsWith('john') ? '550 no' : undefined) } }, async (hop) => {
      const { rcpt, final } = await send(hop.port, { ...NOTE, to: ['john@domain1.com', 'bob@domain1.com'] })
      assert.deepEqual([...rcpt, final].map(say), ['550 - no', '250 2.1.5 ok', '250 2.0.0 taken'])
      assert.deepEqual((await hop.waitForMessage()).rcpts, [{ address: 'bob@domain1.com', params: '' }])
    })
  })

  it('replies can change, and the n-th message can be waited for before it comes', async () => {
    await withNextHop({ reply: { message: () => '451 4.2.0 not now' } }, async (hop) => {
      const second = hop.waitForMessage(2)
      await send(hop.port, NOTE)
      hop.reply = {}
      await send(hop.port, { ...NOTE, message: 'N: 1' })
      await send(hop.port, { ...NOTE, message: 'N: 2' })
      assert.equal((await second).data.toString(), 'N: 2\r\n')
      assert.equal(hop.connections, 3)
    })
  })

  it('answer other commands as told', async () => {
    await withNextHop(
      { reply: { other: (line) => (line === 'ETRN domain1.com' ? '250 2.0.0 started' : undefined) } },
      async (hop) => {
        const client = await connect(hop.port)
        assert.equal(say(await client.command('ETRN domain1.com')), '250 2.0.0 started')
        assert.equal((await client.command('VRFY bob')).code, 502)
        client.close()
        assert.equal(await hop.waitForLine(/^C: VRFY/), 'C: VRFY bob')
      },
    )
  })

  it('a greeting that refuses is a reply; a connection that closes is an error', async () => {
    await withNextHop({ reply: { connect: () => '421 4.3.2 not now', ehlo: () => 'close' } }, async (hop) => {
      const refused = await connect(hop.port)
      assert.equal(say(refused.greeting), '421 4.3.2 not now')
      hop.reply = { ehlo: () => 'close' }
      const client = await connect(hop.port)
      await assert.rejects(client.ehlo(), /closed the connection instead of replying to EHLO/)
    })
  })

  it('close() frees the port, for another on the same one', async () => {
    const first = await startNextHop()
    const client = await connect(first.port)
    await first.close()
    await first.close()
    client.close()
    await withNextHop({ port: first.port }, async (hop) => {
      assert.equal((await send(hop.port, NOTE)).final.code, 250)
    })
  })

  it('a message that does not come is an error that shows what was said', async () => {
    await withNextHop({ reply: { rcpt: () => '550 no' } }, async (hop) => {
      await send(hop.port, NOTE)
      await assert.rejects(hop.waitForMessage(1, 10), /waited 10 ms[^]*C: RCPT TO:<bob@domain1\.com>\nS: 550 no/)
    })
  })

  it('the client takes nothing but SMTP for a reply', async () => {
    const server = createServer((socket) => socket.end('hello there\r\n')).listen(0, '127.0.0.1')
    await once(server, 'listening')
    await assert.rejects(connect((server.address() as AddressInfo).port), /not an SMTP reply: "hello there"/)
    server.close()
  })
})
