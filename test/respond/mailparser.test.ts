import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { simpleParser } from 'mailparser'
import { composeReply } from '../../lib/respond/compose.js'
import { oneLine } from '../../lib/respond/words.js'
import { address, BOB, head, settings, NOW } from './scene.js'

describe('mailparser reads an answer', () => {
  it('as it was meant, whatever characters it has', async () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 300 }).map((given) => given.replaceAll('%', ''))
    await fc.assert(
      fc.asyncProperty(text, text, async (subject, words) => {
        const body = words.replaceAll('\r', '')
        const { content } = composeReply({
          head: head('Message-ID: <1@example.com>', 'References: <0@example.com>'),
          sender: address('ann@example.com'),
          recipient: BOB,
          settings: settings({
            subject: `Away: ${subject}`,
            body: `${body}.\n`,
            author: { name: 'Björn', address: BOB },
          }),
          nowMs: NOW,
          messageId: 'answer@domain1.com',
        })
        const mail = await simpleParser(Buffer.from(content))
        assert.equal(mail.subject, oneLine(`Away: ${subject}`))
        assert.equal(mail.text, `${body}.\n`)
        assert.deepEqual(mail.from?.value, [{ name: 'Björn', address: 'bob@domain1.com' }])
        assert.equal(mail.inReplyTo, '<1@example.com>')
        assert.deepEqual(mail.references, ['<0@example.com>', '<1@example.com>'])
        assert.equal(mail.headers.get('auto-submitted'), 'auto-replied')
      }),
      { numRuns: 100 },
    )
  })
})
