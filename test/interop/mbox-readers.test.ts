import assert from 'node:assert/strict'
import { copyFileSync } from 'node:fs'
import path from 'node:path'
import { before, describe, it } from 'node:test'
import fc from 'fast-check'
import { deliverMailbox } from '../../lib/delivery/mailbox.js'
import { memorySource } from '../../lib/delivery/source.js'
import { tempDir } from '../support/cleanup.js'
import { without } from '../support/tools.js'
import { readWithMutt, readWithPython } from './mbox-readers.js'

/** A drop file for each of so many samples, and one with the messages of all. The seed makes every run the same. */
const SAMPLES = { numRuns: 80, seed: 20_260 }
const ENVELOPE = { originalRecipient: 'bob@domain1.com', recipient: 'bob@domain1.com', clientIp: '127.0.0.1' }

/** Text in which line ends, `>` and pieces of `From ` meet often. */
const body = fc
  .array(
    fc.oneof(
      { weight: 3, arbitrary: fc.constantFrom('\r\n', '\r\n\r\n', '\n', '\r', '>', 'From ', '\r\nFrom ', '>From ') },
      { weight: 1, arbitrary: fc.constantFrom('From bob@domain1.com Tue Jan 05 16:41:58 1999\r\n', '.', 'a', ' ') },
      { weight: 1, arbitrary: fc.constantFrom('Subject: x\r\n', 'caf\u00e9', '\u0080', '\t', 'x'.repeat(1200)) },
    ),
    { maxLength: 40 },
  )
  .map((parts) => parts.join(''))

/** Header fields that a program might take for its own, besides those of each message. */
const fields = fc.array(
  fc.constantFrom(
    'Subject: From here\r\n on',
    'Status: RO',
    'Content-Length: 99',
    'X-Status: D',
    'From: bob@domain1.com',
    'Lines: 3',
    'Content-Type: multipart/mixed; boundary=From',
    'MIME-Version: 1.0',
  ),
  { maxLength: 4 },
)

const sender = fc.constantFrom('', 'fred@example.com', '"a b"@example.com', 'caf\u00e9@example.com')
const messages = fc.array(fc.record({ sender, fields, body }), { minLength: 1, maxLength: 6 })

interface Expected {
  readonly id: string
  readonly body: string
}

interface DropFile {
  readonly file: string
  readonly messages: Expected[]
}

describe('drop files are read by other programs as they were written', () => {
  const dir = tempDir('readers')
  const files: DropFile[] = []
  const together: DropFile = { file: path.join(dir, 'together'), messages: [] }
  before(async () => {
    for (const [at, sample] of fc.sample(messages, SAMPLES).entries()) {
      const dropFile: DropFile = { file: path.join(dir, `bob${at}`), messages: [] }
      files.push(dropFile)
      // At once, so that some share a lock and a write.
      await Promise.all(
        sample.flatMap((message, nth) => {
          const id = `<${at}.${nth}@example.com>`
          const text = `${[...message.fields, `Message-ID: ${id}`].join('\r\n')}\r\n\r\n${message.body}`
          const bytes = Buffer.from(text, 'latin1')
          return [dropFile, together].map(async (each) => {
            each.messages.push({ id, body: local(message.body) })
            const outcome = await deliverMailbox(
              { kind: 'mailbox', path: each.file, mbox: 'mboxrd' },
              memorySource(bytes),
              { ...ENVELOPE, sender: message.sender, messageId: id },
              { lockWaitMs: 10_000, lockId: '', fsync: false },
            )
            assert.equal(outcome.state, 'delivered')
          })
        }),
      )
    }
  })

  it('by mailbox of Python', { skip: without('python3') }, async () => {
    const all = [...files, together]
    const read = await readWithPython(all.map(({ file }) => file))
    assert.equal(read.length, all.length)
    for (const [at, { messages: expected }] of all.entries()) assert.deepEqual(read[at]?.map(found), expected)
  })

  it('by mutt', { skip: without('mutt') || without('python3') }, async () => {
    const copy = path.join(dir, 'for-mutt')
    copyFileSync(together.file, copy)
    const read = await readWithMutt(copy, tempDir('mutt'))
    // A Maildir has no order.
    const byId = (a: Expected, b: Expected): number => (a.id < b.id ? -1 : 1)
    assert.deepEqual(read.map(found).sort(byId), [...together.messages].sort(byId))
  })
})

/** What a body is once its line ends are local: CRLF is LF, and the last line has an end. */
function local(text: string): string {
  const lines = text.replaceAll('\r\n', '\n')
  return lines === '' || lines.endsWith('\n') ? lines : `${lines}\n`
}

/** The same of a message as a reader gives it: readers leave the quoting of mboxrd as it is. */
function found(message: Buffer): Expected {
  const text = message.toString('latin1')
  const end = text.indexOf('\n\n')
  // A lone CR begins no line, so the m of regular expressions will not do.
  const [, id = ''] = /^Message-ID: (.+)$/m.exec(text.slice(0, end)) ?? []
  return { id, body: text.slice(end + 2).replace(/(^|\n)>(?=>*From )/g, '$1') }
}
