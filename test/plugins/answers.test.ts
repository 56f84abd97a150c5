import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Attempt } from '../../lib/dsn/attempt-news.js'
import { acceptanceOf, attemptOf } from '../../plugins/haraka/answers.js'
import type { HarakaHmail, QueuedRecipient } from '../../plugins/haraka/outbound-types.js'

const NOTHING: Attempt = { address: 'bob@example.com', answer: undefined, status: undefined, text: undefined }

function recipient(left: object): QueuedRecipient {
  return { original: '<bob@example.com>', user: 'bob', host: 'example.com', ...left }
}

describe('what an attempt came to', () => {
  const said = {
    dsn_smtp_code: 550,
    dsn_smtp_extc: '5.1.1',
    dsn_smtp_response: 'no such user',
    dsn_remote_mta: 'mx.example.com',
  }
  const answer = { code: '550', status: '5.1.1', text: 'no such user', host: 'mx.example.com' }
  const rows: readonly [sentence: string, left: object, error: string | undefined, expected: Partial<Attempt>][] = [
    ['is nothing where nothing was left', {}, undefined, {}],
    ["is the next hop's answer", said, undefined, { answer }],
    ['whose code may be text', { ...said, dsn_smtp_code: '550' }, undefined, { answer }],
    [
      'without what it left out',
      { dsn_smtp_code: 421, dsn_smtp_extc: undefined, dsn_smtp_response: '', dsn_remote_mta: '' },
      undefined,
      { answer: { code: '421', status: undefined, text: '', host: undefined } },
    ],
    [
      'with a status of more digits, which Haraka takes for text',
      { ...said, dsn_smtp_extc: undefined, dsn_smtp_response: '5.7.26 not authenticated 5.7.26 see our page' },
      undefined,
      { answer: { ...answer, status: '5.7.26', text: 'not authenticated see our page' } },
    ],
    [
      'with a number in its text that is no status',
      { ...said, dsn_smtp_extc: undefined, dsn_smtp_response: '192.0.2.1 is listed' },
      undefined,
      { answer: { ...answer, status: undefined, text: '192.0.2.1 is listed' } },
    ],
    [
      "is the next hop's answer, whatever Haraka makes of it",
      { ...said, reason: 'rejected', dsn_status: '5.0.0' },
      'Some recipients failed',
      { answer },
    ],
    [
      'is what the runner left for the sender',
      { reason: 'The mailbox is full', dsn_status: '4.2.2' },
      undefined,
      { status: '4.2.2', text: 'The mailbox is full' },
    ],
    ['may be words without a status', { reason: 'Not fetched in time' }, undefined, { text: 'Not fetched in time' }],
    ['is no status without words: Haraka guesses', { dsn_status: '5.4.4' }, undefined, {}],
    ['is no text that is empty', { reason: '' }, undefined, {}],
    [
      'is what Haraka says of a domain that is not there',
      { dsn_status: '5.1.2' },
      'No Such Domain: example.com',
      { status: '5.1.2', text: 'No Such Domain: example.com' },
    ],
    [
      'or that takes no mail',
      {},
      'Domain example.com sends and receives no email (NULL MX)',
      { text: 'Domain example.com sends and receives no email (NULL MX)' },
    ],
    ['is nothing of what Haraka says of this server', { dsn_status: '5.3.0' }, 'ENOENT: /var/spool/haraka/queue/1', {}],
  ]
  for (const [sentence, left, error, expected] of rows) {
    it(sentence, () => {
      const bounce_error = error === undefined ? null : new Error(error)
      assert.deepEqual(attemptOf(recipient(left), { bounce_error } as HarakaHmail), { ...NOTHING, ...expected })
    })
  }

  it('is known without an error of the whole', () => {
    assert.deepEqual(attemptOf(recipient({}), {} as HarakaHmail), NOTHING)
  })
})

describe('what a next hop that took it said', () => {
  const rows: readonly [sentence: string, parameters: readonly unknown[], text: string, host: string | undefined][] = [
    [
      'is kept with its name',
      ['mx.example.com', '192.0.2.1', 'queued as 4711', 3, 25, 'SMTP'],
      'queued as 4711',
      'mx.example.com',
    ],
    ['may be nothing', [undefined, undefined, undefined], '', undefined],
  ]
  for (const [sentence, parameters, text, host] of rows) {
    it(sentence, () => {
      const answer = { code: '250', status: undefined, text, host }
      assert.deepEqual(acceptanceOf(recipient({}), parameters), { ...NOTHING, answer })
    })
  }
})
