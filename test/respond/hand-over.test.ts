import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { handOver, type HandedOver, type HandOverOptions } from '../../lib/respond/hand-over.js'
import type { Claim } from '../../lib/respond/memory.js'
import { freePort } from '../support/ports.js'
import { startNextHop, type NextHop, type NextHopOptions } from '../support/next-hop.js'

const REPLY = { to: 'ann@example.com', content: 'Subject: Auto: lunch\r\n\r\n.\r\naway\r\n', utf8: false }

interface Tried {
  readonly handed: HandedOver
  /** What was asked of the memory, in order. */
  readonly asked: string[]
}

interface Given {
  readonly reply?: typeof REPLY
  readonly claim?: Claim | Error
}

async function hand(
  port: number,
  { reply = REPLY, claim = 'claimed', ...more }: Partial<Omit<HandOverOptions, 'claim'>> & Given = {},
): Promise<Tried> {
  const asked: string[] = []
  const handed = await handOver(reply, {
    target: { host: '127.0.0.1', port },
    hello: 'mail.example.com',
    timeoutMs: 10_000,
    signal: new AbortController().signal,
    claim: () => {
      asked.push('claim')
      return claim instanceof Error ? Promise.reject(claim) : Promise.resolve(claim)
    },
    release: () => {
      asked.push('release')
      return Promise.resolve()
    },
    ...more,
  })
  return { handed, asked }
}

async function withHop(options: NextHopOptions, test: (hop: NextHop) => Promise<void>): Promise<void> {
  const hop = await startNextHop(options)
  try {
    await test(hop)
  } finally {
    await hop.close()
  }
}

describe('an answer is handed to the server', () => {
  it('with the null sender, and claimed before its text is sent', async () => {
    await withHop({}, async (hop) => {
      const { handed, asked } = await hand(hop.port)
      assert.equal(handed.state, 'taken')
      assert.deepEqual(asked, ['claim'])
      const { mailFrom, mailParams, rcpts, helo, data } = await hop.waitForMessage()
      assert.deepEqual([helo, mailFrom, mailParams], ['mail.example.com', '', ''])
      assert.deepEqual(rcpts, [{ address: 'ann@example.com', params: '' }])
      assert.equal(data.toString(), REPLY.content)
    })
  })

  it('with SMTPUTF8 where it needs that', async () => {
    await withHop({}, async (hop) => {
      const { handed } = await hand(hop.port, { reply: { ...REPLY, to: 'jörg@example.com', utf8: true } })
      assert.equal(handed.state, 'taken')
      assert.equal((await hop.waitForMessage()).mailParams, 'SMTPUTF8')
    })
  })

  it('not where the server has no SMTPUTF8 and it needs that', async () => {
    await withHop({ keywords: ['8BITMIME'] }, async (hop) => {
      const { handed, asked } = await hand(hop.port, { reply: { ...REPLY, utf8: true } })
      assert.deepEqual([handed.state, asked], ['refused', []])
    })
  })

  for (const claim of ['answered', 'full'] as const) {
    it(`not where it is ${claim} by then`, async () => {
      await withHop({}, async (hop) => {
        const { handed } = await hand(hop.port, { claim })
        assert.deepEqual(handed, { state: 'unclaimed', claim })
        await hop.settled()
        assert.doesNotMatch(hop.transcript, /DATA/)
      })
    })
  }
})

describe('an answer that the server does not take', () => {
  type Row = readonly [
    what: string,
    reply: NextHopOptions['reply'] & object,
    state: string,
    asked: string[],
    text: RegExp,
  ]
  const both = ['claim', 'release']
  const rows: readonly Row[] = [
    [
      'is tried again: a greeting that sends away',
      { connect: () => '421 4.3.2 not now' },
      'later',
      [],
      /greeting with 421/,
    ],
    ['is tried again: EHLO', { ehlo: () => '451 4.3.0 later' }, 'later', [], /EHLO with 451/],
    ['is tried again: MAIL', { mail: () => '451 4.3.0 later' }, 'later', [], /MAIL with 451/],
    ['is tried again: RCPT', { rcpt: () => '450 4.2.0 greylisted' }, 'later', [], /RCPT with 450 4\.2\.0 greylisted/],
    ['is tried again: DATA', { data: () => '452 4.3.1 disk full' }, 'later', both, /DATA with 452/],
    ['is tried again: the text', { message: () => '451 4.3.0 queue' }, 'later', both, /message with 451/],
    [
      'is tried again: a connection that closes',
      { rcpt: () => 'close' },
      'later',
      [],
      /the server closed the connection/,
    ],
    [
      'is tried again: one that closes at DATA',
      { data: () => 'close' },
      'later',
      both,
      /the server closed the connection/,
    ],
    [
      'may be there: one that closes at the end',
      { message: () => 'close' },
      'unknown',
      ['claim'],
      /closed the connection/,
    ],
    ['is not tried again: RCPT', { rcpt: () => '550 5.1.1 no such user' }, 'refused', [], /RCPT with 550 5\.1\.1/],
    ['is not tried again: the text', { message: () => '554 5.7.1 spam' }, 'refused', both, /message with 554/],
  ]
  for (const [what, reply, state, asked, text] of rows) {
    it(what, async () => {
      await withHop({ reply }, async (hop) => {
        const tried = await hand(hop.port)
        assert.equal(tried.handed.state, state)
        assert.deepEqual(tried.asked, asked)
        assert.match('text' in tried.handed ? tried.handed.text : '', text)
        assert.ok(!('setup' in tried.handed) || !tried.handed.setup)
      })
    })
  }

  const setups: readonly (readonly [what: string, reply: NextHopOptions['reply'] & object])[] = [
    ['that turns us away', { connect: () => '554 5.7.1 go away' }],
    ['that takes no null sender', { mail: () => '550 5.7.1 no' }],
    ['that does not relay for us', { rcpt: () => '550 5.7.1 relaying not permitted' }],
  ]
  for (const [what, reply] of setups) {
    it(`is the operator's matter: a server ${what}`, async () => {
      await withHop({ reply }, async (hop) => {
        const { handed, asked } = await hand(hop.port)
        assert.ok(handed.state === 'refused' && handed.setup)
        assert.deepEqual(asked, [])
      })
    })
  }

  it('is tried again: there is no server', async () => {
    const { handed } = await hand(await freePort())
    assert.equal(handed.state, 'later')
  })

  it('is tried again: a server that is silent', async () => {
    await withHop({ reply: { mail: () => new Promise(() => undefined) } }, async (hop) => {
      const { handed } = await hand(hop.port, { timeoutMs: 300 })
      assert.deepEqual(handed, { state: 'later', text: 'nothing in 0.3 s' })
    })
  })

  it('is tried again: the robot is told to end', async () => {
    const stop = new AbortController()
    const rcpt = (): Promise<undefined> => {
      stop.abort()
      return new Promise(() => undefined)
    }
    await withHop({ reply: { rcpt } }, async (hop) => {
      const { handed } = await hand(hop.port, { signal: stop.signal })
      assert.deepEqual(handed, { state: 'later', text: 'stopped' })
    })
  })

  it('where the memory fails, that is the error', async () => {
    await withHop({}, async (hop) => {
      await assert.rejects(hand(hop.port, { claim: new Error('disk full') }), /^Error: disk full$/)
      await hop.settled()
      assert.equal(hop.messages.length, 0)
    })
  })
})
