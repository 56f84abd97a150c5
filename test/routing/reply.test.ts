import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { reply, replyText, type ReplyName } from '../../lib/reply.js'

/** decisions, "Reply texts (RCPT)", and the rows of A1 to A5, D7, R15, Q4 and Q5. */
const CODES: Record<ReplyName, string> = {
  accepted: '250 2.1.5',
  queued: '250 2.0.0',
  unknownUser: '550 5.1.1',
  relayingDenied: '550 5.7.1',
  badParameter: '501 5.5.4',
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
  tooMuchFromIp: '450 4.7.1',
  verified: '250 2.1.5',
  verifiedElsewhere: '251 2.1.5',
  notVerified: '252 2.5.0',
  noAddressToVerify: '501 5.5.4',
  authContinue: '334',
  authDone: '235 2.7.0',
  authFailed: '535 5.7.8',
  authTooMany: '454 4.7.0',
  authUnavailable: '454 4.3.0',
  authCancelled: '501 5.7.0',
  authBadBase64: '501 5.5.2',
  authBadForm: '501 5.5.2',
  authTooLong: '500 5.5.6',
  authNoArgument: '501 5.5.4',
  authUnknownMechanism: '504 5.5.4',
  authNeedsTls: '538 5.7.11',
  authBeforeHello: '503 5.5.1',
  authTwice: '503 5.5.1',
  authInTransaction: '503 5.5.1',
  etrnStarted: '250',
  etrnNothing: '251',
  etrnCounted: '253',
  etrnRunning: '458',
  etrnTooSoon: '458',
  etrnFailed: '458',
  etrnNotAllowed: '459',
  etrnNoQueues: '458 5.3.5',
  etrnNoArgument: '501 5.5.4',
  etrnBadArgument: '501 5.5.4',
  etrnBeforeHello: '503 5.5.1',
  etrnInTransaction: '503 5.5.1',
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
      assert.equal(`${code} ${enhanced}`.trimEnd(), codes)
      // RFC 3463 3.1: the class of both is the same; but for the 458 that RFC 1985 has for a failure that is final (Q4).
      if (enhanced !== '' && name !== 'etrnNoQueues') assert.equal(enhanced.charAt(0), String(code).charAt(0))
    })
  }

  for (const name of ABOUT_AN_ADDRESS) {
    it(`${name} names the address`, () => {
      assert.match(reply(name, 'bob@domain1.com').text, /bob@domain1\.com/)
    })
  }

  it('a status stands before the text, where there is one', () => {
    assert.equal(replyText(reply('etrnNothing', 'example.com')), 'OK, no messages waiting for node example.com')
    assert.match(replyText(reply('etrnNoArgument')), /^5\.5\.4 Name /)
  })

  it('a subject cannot begin a line of its own', () => {
    assert.doesNotMatch(reply('badAddress', 'bob\r\n250 ok\0\x7f').text, /[\r\n\0\x7f]/)
  })
})
