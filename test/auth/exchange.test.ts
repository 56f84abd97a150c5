import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { beginExchange, type Mechanism, type Turn } from '../../lib/auth/exchange.js'

const base64 = (text: string | Buffer): string => Buffer.from(text as string).toString('base64')

/** The last turn of an exchange in words, after these answers. */
function played(mechanism: Mechanism, initial: string | undefined, ...answers: readonly string[]): string {
  let turn: Turn = beginExchange(mechanism, initial)
  for (const answer of answers) {
    if (turn.kind !== 'ask') throw new Error(`nothing is asked any more: ${turn.kind}`)
    turn = turn.next(answer)
  }
  switch (turn.kind) {
    case 'ask':
      return `asks ${Buffer.from(turn.challenge, 'base64').toString()}`.trim()
    case 'check':
      return JSON.stringify(Object.values(turn.credentials))
    case 'refused':
      return turn.reply
  }
}

const ANN = base64('\0ann\0pass')

describe('an exchange', () => {
  const rows: [what: string, got: string, expected: string][] = [
    ['PLAIN asks with an empty challenge', played('PLAIN', undefined), 'asks'],
    ['PLAIN at once', played('PLAIN', ANN), '["ann","pass",""]'],
    ['PLAIN when asked', played('PLAIN', undefined, ANN), '["ann","pass",""]'],
    ['PLAIN for another', played('PLAIN', base64('bob\0ann\0pass')), '["ann","pass","bob"]'],
    ['PLAIN with blanks and letters of all kinds', played('PLAIN', base64('\0änn o\0pä ss')), '["änn o","pä ss",""]'],
    ['LOGIN asks for the name', played('LOGIN', undefined), 'asks Username:'],
    ['LOGIN asks for the password', played('LOGIN', undefined, base64('ann')), 'asks Password:'],
    ['LOGIN', played('LOGIN', undefined, base64('ann'), base64('pass')), '["ann","pass",""]'],
    ['LOGIN with the name at once', played('LOGIN', base64('ann'), base64('pass')), '["ann","pass",""]'],
    ['LOGIN with a NUL in the password', played('LOGIN', base64('a'), base64('p\0q')), '["a","p\\u0000q",""]'],
    ['LOGIN with empty answers', played('LOGIN', '=', ''), '["","",""]'],
    ['an empty PLAIN', played('PLAIN', '='), 'authBadForm'],
    ['PLAIN with a part missing', played('PLAIN', base64('ann\0pass')), 'authBadForm'],
    ['PLAIN with a part more', played('PLAIN', base64('\0ann\0pass\0')), 'authBadForm'],
    ['text that is not UTF-8', played('PLAIN', base64(Buffer.from([0, 0xff, 0, 0x61]))), 'authBadForm'],
    ['cancelling', played('LOGIN', undefined, '*'), 'authCancelled'],
    ['cancelling at the password', played('LOGIN', base64('ann'), '*'), 'authCancelled'],
    ['a star with the command is no cancelling', played('LOGIN', '*'), 'authBadBase64'],
    ['no base64', played('LOGIN', undefined, 'a b'), 'authBadBase64'],
    ['base64 of URLs', played('LOGIN', undefined, '_-_-'), 'authBadBase64'],
    ['base64 without its end', played('LOGIN', undefined, 'YQ'), 'authBadBase64'],
    ['base64 with bits left over', played('LOGIN', undefined, 'YR=='), 'authBadBase64'],
    ['base64 with something behind it', played('LOGIN', undefined, 'YQ==YQ=='), 'authBadBase64'],
    ['a line that is too long', played('LOGIN', undefined, 'A'.repeat(12_292)), 'authTooLong'],
  ]
  for (const [what, got, expected] of rows) {
    it(what, () => {
      assert.equal(got, expected)
    })
  }

  it('ends within three answers, whatever they are', () => {
    fc.assert(
      fc.property(fc.constantFrom('PLAIN', 'LOGIN'), fc.array(fc.string(), { minLength: 3 }), (mechanism, answers) => {
        let turn = beginExchange(mechanism, undefined)
        for (const answer of answers) if (turn.kind === 'ask') turn = turn.next(answer)
        assert.notEqual(turn.kind, 'ask')
      }),
    )
  })
})
