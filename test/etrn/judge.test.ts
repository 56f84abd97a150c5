import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { etrnAnswer, type EtrnResult } from '../../lib/etrn/answer.js'
import { judgeEtrn, type EtrnCommand } from '../../lib/etrn/judge.js'
import { etrnRules } from './rules.js'

const GOOD: EtrnCommand = { argument: 'example.com', greeted: true, inTransaction: false, ip: '192.0.2.7' }

describe('an ETRN command, the first objection first', () => {
  const rules = etrnRules(['relay_to example.com'], 'allow=192.0.2.0/24')
  const rows: [what: string, command: Partial<EtrnCommand>, result: string][] = [
    ['all is well', {}, 'ask example.com'],
    ['with sub-domains', { argument: '@example.com' }, 'ask @example.com'],
    ['before EHLO, whatever else', { greeted: false, inTransaction: true, argument: '"', ip: '::1' }, '503 5.5.1'],
    ['inside a transaction, whatever else', { inTransaction: true, argument: '"', ip: '::1' }, '503 5.5.1'],
    ['a syntax error from a stranger', { argument: '"', ip: '::1' }, '501 5.5.4'],
    ['no argument', { argument: '' }, '501 5.5.4'],
    ['a queue', { argument: '#x', ip: '::1' }, '458 5.3.5'],
    ['a stranger', { ip: '198.51.100.7' }, '459'],
    ['another domain', { argument: 'example.net' }, '459'],
    ['sub-domains of a domain that is not listed', { argument: '@com' }, '459'],
    ['a sub-domain of one that is', { argument: 'sub.example.com' }, '459'],
    ['a domain of this server', { argument: 'domain1.com' }, '459'],
  ]
  for (const [what, command, result] of rows) {
    it(`${what}: ${result}`, () => {
      const judged = judgeEtrn({ ...GOOD, ...command }, rules)
      if (judged.kind === 'ask') {
        const { domain, below } = judged.node
        assert.equal(`ask ${below ? '@' : ''}${domain}`, result)
      } else {
        assert.equal(`${judged.reply.code} ${judged.reply.enhanced}`.trimEnd(), result)
      }
    })
  }
})

describe('the reply to a permitted ETRN (Q5)', () => {
  const flush = (count: number, running = false, complete = true): EtrnResult => ({
    kind: 'flush',
    count,
    running,
    complete,
  })
  const rows: [what: string, result: EtrnResult, reply: string][] = [
    ['three wait', flush(3), '253 3 pending messages for node example.com started'],
    ['nothing waits', flush(0), '251 OK, no messages waiting for node example.com'],
    ['some of the queue is unknown', flush(3, false, false), '250 OK, sending of mail for node example.com started'],
    ['all of it is', flush(0, false, false), '250 OK, sending of mail for node example.com started'],
    [
      'all of it goes already',
      flush(0, true),
      '458 Unable to queue messages for node example.com: they are being sent already',
    ],
    ['a part goes already', flush(2, true), '253 2 pending messages for node example.com started'],
    [
      'too soon',
      { kind: 'limited', waitMs: 41_200 },
      '458 Unable to queue messages for node example.com: asked for too often, try again in 42 s',
    ],
    [
      'a bit too soon',
      { kind: 'limited', waitMs: 0.2 },
      '458 Unable to queue messages for node example.com: asked for too often, try again in 1 s',
    ],
  ]
  for (const [what, result, expected] of rows) {
    it(what, () => {
      const { code, text } = etrnAnswer({ domain: 'example.com', below: false }, result)
      assert.equal(`${code} ${text}`, expected)
    })
  }

  it('names the node as it was asked for', () => {
    const { text } = etrnAnswer({ domain: 'example.com', below: true }, flush(1))
    assert.equal(text, '1 pending messages for node @example.com started')
  })
})
