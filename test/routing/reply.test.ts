import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { reply, type ReplyName } from '../../lib/reply.js'

/** decisions, "Reply texts (RCPT)", and the rows of A1 to A5, D7 and R15. */
const CODES: Record<ReplyName, string> = {
  accepted: '250 2.1.5',
  queued: '250 2.0.0',
  unknownUser: '550 5.1.1',
  relayingDenied: '550 5.7.1',
  badAddress: '550 5.1.3',
  loop: '550 5.4.6',
  tooManyHops: '550 5.4.6',
  lookupUnavailable: '451 4.3.0',
  mailboxFull: '452 4.2.2',
  tooManyRecipients: '452 4.5.3',
  bannedClient: '554 5.7.1',
  bannedSender: '550 5.7.1',
  bannedRecipient: '550 5.7.1',
  notReady: '451 4.3.0',
  notKept: '451 4.3.0',
}

/** What a refused recipient is told names the address. */
const ABOUT_AN_ADDRESS: readonly ReplyName[] = [
  'unknownUser',
  'relayingDenied',
  'badAddress',
  'loop',
  'lookupUnavailable',
  'mailboxFull',
  'bannedSender',
  'bannedRecipient',
]

describe('replies', () => {
  for (const [name, codes] of Object.entries(CODES) as [ReplyName, string][]) {
    it(`${name} is ${codes}`, () => {
      const { code, enhanced } = reply(name)
      assert.equal(`${code} ${enhanced}`, codes)
      // RFC 3463 3.1: the class of both is the same.
      assert.equal(enhanced.charAt(0), String(code).charAt(0))
    })
  }

  for (const name of ABOUT_AN_ADDRESS) {
    it(`${name} names the address`, () => {
      assert.match(reply(name, 'bob@domain1.com').text, /bob@domain1\.com/)
    })
  }

  it('a subject cannot begin a line of its own', () => {
    assert.doesNotMatch(reply('badAddress', 'bob\r\n250 ok\0\x7f').text, /[\r\n\0\x7f]/)
  })
})
