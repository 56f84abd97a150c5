import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { describe, it } from 'node:test'
import { listenToEhlo } from '../../plugins/haraka/ehlo.js'

const GREETING = ['220 mx.example.com ESMTP']
const EHLO = ['250-mx.example.com greets you', '250-PIPELINING', '250-SIZE 10240000', '250 DSN']

interface Row {
  readonly lines: readonly string[]
  readonly offers?: readonly string[]
  readonly not?: readonly string[]
}

const ROWS: Record<string, Row> = {
  'nothing before it has said anything': { lines: [], not: ['DSN', ''] },
  'nothing in its greeting': { lines: ['220 DSN DSN'], not: ['DSN'] },
  'nothing in a greeting of several lines': { lines: ['220-mx.example.com', '220-DSN', '220 DSN'], not: ['DSN'] },
  'the keywords of its reply to EHLO': {
    lines: [...GREETING, ...EHLO],
    offers: ['DSN', 'SIZE', 'PIPELINING'],
    not: ['STARTTLS', 'mx.example.com', 'MX.EXAMPLE.COM', '10240000'],
  },
  'the last one as well as those in between': {
    lines: [...GREETING, '250-x', '250-DSN', '250 SIZE'],
    offers: ['DSN', 'SIZE'],
  },
  'keywords in any case': { lines: [...GREETING, '250-x', '250 dsn'], offers: ['DSN'] },
  'nothing that only begins like a keyword': { lines: [...GREETING, '250-x', '250 DSNX'], not: ['DSN'] },
  'nothing for the name of the host': { lines: [...GREETING, '250-DSN says hello', '250 SIZE'], not: ['DSN'] },
  'nothing for the name of the host alone': { lines: [...GREETING, '250 DSN'], not: ['DSN'] },
  'nothing after HELO, when EHLO was refused': { lines: [...GREETING, '502 what?', '250 DSN'], not: ['DSN'] },
  'nothing after HELO, when EHLO was refused in several lines': {
    lines: [...GREETING, '502-DSN', '502 DSN', '250 DSN'],
    not: ['DSN'],
  },
  'nothing of before STARTTLS': {
    lines: [...GREETING, '250-x', '250-DSN', '250 STARTTLS', '220 go ahead', '250-x', '250 SIZE'],
    offers: ['SIZE'],
    not: ['DSN', 'STARTTLS'],
  },
  'what it offers after STARTTLS': {
    lines: [...GREETING, '250-x', '250 STARTTLS', '220 2.0.0 go ahead', ...EHLO],
    offers: ['DSN'],
    not: ['STARTTLS'],
  },
  'the same after the replies to AUTH, MAIL, RCPT, DATA': {
    lines: [...GREETING, ...EHLO, '235 ok', '250 STARTTLS', '250 2.1.5 X', '354 go ahead', '250 2.0.0 Y'],
    offers: ['DSN'],
    not: ['STARTTLS', '2.1.5', 'X', 'Y'],
  },
  'nothing in lines that are no reply': { lines: [...GREETING, 'DSN', '250', '25 DSN', '250_DSN', ''], not: ['DSN'] },
}

describe('a next hop offers', () => {
  for (const [sentence, { lines, offers = [], not = [] }] of Object.entries(ROWS)) {
    it(sentence, () => {
      const socket = new EventEmitter()
      const asked = listenToEhlo(socket)
      for (const line of lines) socket.emit('line', line)
      for (const keyword of offers) assert.ok(asked(keyword), `${keyword} is offered`)
      for (const keyword of not) assert.ok(!asked(keyword), `${keyword} is not offered`)
    })
  }

  it('what is known at the time of asking', () => {
    const socket = new EventEmitter()
    const asked = listenToEhlo(socket)
    const seen = [...GREETING, ...EHLO].map((line) => {
      socket.emit('line', line)
      return asked('DSN')
    })
    assert.deepEqual(seen, [false, false, false, false, true])
  })

  it('for each connection by itself', () => {
    const [one, other] = [new EventEmitter(), new EventEmitter()]
    const [ofOne, ofOther] = [listenToEhlo(one), listenToEhlo(other)]
    for (const line of [...GREETING, ...EHLO]) one.emit('line', line)
    assert.deepEqual([ofOne('DSN'), ofOther('DSN')], [true, false])
  })
})
