import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import { DSN_NOTE, makeNote, readNote } from '../../lib/dsn/note.js'
import { forgetAnswers } from '../../plugins/haraka/answers.js'
import { keepAnswers } from '../../plugins/haraka/split.js'
import type { HarakaHmail, HarakaHmailClass, QueuedRecipient } from '../../plugins/haraka/outbound-types.js'
import { ADDRESS_CLASSES } from './addresses.js'

const SAID = { dsn_smtp_code: 450, dsn_smtp_response: 'busy', dsn_remote_mta: 'mx.example.com', reason: 'busy' }
const NOTE = makeNote({}, [{ address: 'bob@example.com', parties: [{ given: 'bob@example.com', notify: ['delay'] }] }])

for (const [version, Address] of ADDRESS_CLASSES) {
  describe(`Haraka ${version}: a message of which some recipients fail`, () => {
    const recipient = (text: string, answer: object = {}): QueuedRecipient =>
      Object.assign(new Address(`<${text}>`), answer) as unknown as QueuedRecipient
    /** What Haraka's split_to_new_recipients writes into the new file. */
    let written: { readonly rcpt_to: readonly object[]; readonly notes: Record<string, unknown> }
    let prototype: HarakaHmailClass['prototype']

    beforeEach(() => {
      prototype = {
        split_to_new_recipients(
          this: HarakaHmail,
          recipients: readonly QueuedRecipient[],
          _why: string,
          done: (hmail: HarakaHmail) => void,
        ) {
          if (recipients.length === this.todo.rcpt_to.length) {
            done(this)
            return
          }
          written = JSON.parse(JSON.stringify({ ...this.todo, rcpt_to: recipients })) as typeof written
          const read = written.rcpt_to.map((one) => new Address(one) as unknown as QueuedRecipient)
          done({ todo: { rcpt_to: read, notes: written.notes } } as unknown as HarakaHmail)
        },
      } as unknown as HarakaHmailClass['prototype']
      keepAnswers({ prototype } as HarakaHmailClass)
    })

    function split(numFailures: number, notes: object): { readonly whole: HarakaHmail; readonly part: HarakaHmail } {
      const rcpt_to = [recipient('bob@example.com', SAID), recipient('fred@example.com')]
      const whole = { todo: { rcpt_to, notes: { ...notes } }, num_failures: numFailures } as unknown as HarakaHmail
      let part: HarakaHmail | undefined
      prototype.split_to_new_recipients.call(whole, rcpt_to.slice(0, 1), 'some', (hmail) => {
        part = hmail
      })
      return { whole, part: part ?? assert.fail('it was not split') }
    }

    it('goes on with their answers in memory, not in the file', () => {
      const { part } = split(0, {})
      assert.deepEqual(
        Object.keys(written.rcpt_to[0] ?? {}).filter((name) => /^dsn_|^reason$/.test(name)),
        [],
      )
      const [bob] = part.todo.rcpt_to
      assert.equal(bob?.original, '<bob@example.com>')
      assert.deepEqual([bob['dsn_smtp_code'], bob['dsn_smtp_response'], bob['reason']], [450, 'busy', 'busy'])
    })

    it('keeps the answers where it was not split at all', () => {
      const rcpt_to = [recipient('bob@example.com', SAID)]
      const whole = { todo: { rcpt_to, notes: {} }, num_failures: 0 } as unknown as HarakaHmail
      let same: HarakaHmail | undefined
      prototype.split_to_new_recipients.call(whole, rcpt_to, 'all', (hmail) => {
        same = hmail
      })
      assert.equal(same, whole)
      assert.equal(rcpt_to[0]?.['dsn_smtp_code'], 450)
    })

    it('is not told of again when its delay was told before (N4)', () => {
      split(1, { [DSN_NOTE]: NOTE, other: 'x' })
      assert.deepEqual(readNote(written.notes[DSN_NOTE]), { ...NOTE, delayed: true })
      assert.equal(written.notes['other'], 'x')
    })

    it('is told of when that was its first attempt', () => {
      split(0, { [DSN_NOTE]: NOTE })
      assert.deepEqual(readNote(written.notes[DSN_NOTE]), NOTE)
    })

    it('needs no note', () => {
      split(1, {})
      assert.deepEqual(written.notes, {})
    })

    it('before the next attempt the answers are forgotten, and nothing else', () => {
      const bob = recipient('bob@example.com', { ...SAID, dsn_status: '4.2.0', dsn_action: 'delayed' })
      const before = JSON.stringify(recipient('bob@example.com'))
      forgetAnswers({ todo: { rcpt_to: [bob, recipient('fred@example.com')] } } as unknown as HarakaHmail)
      assert.equal(JSON.stringify(bob), before)
      assert.ok(!Object.keys(bob).some((name) => /^dsn_|^reason$/.test(name)))
    })
  })
}

it('there is nothing to forget before the header is read', () => {
  forgetAnswers({ todo: null } as unknown as HarakaHmail)
})
