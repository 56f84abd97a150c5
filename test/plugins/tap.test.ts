import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { PassThrough } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { messageOf } from '../../plugins/haraka/message.js'
import { forgetSpoolFile, tapMessage, tappedMessage } from '../../plugins/haraka/tap.js'
import type { HarakaTransaction } from '../../plugins/haraka/types.js'

/** What a test does with a transaction that the suite does not. */
interface RealTransaction extends HarakaTransaction {
  add_data(line: Buffer): void
  end_data(done: () => void): void
  set_banner(text: string): void
  add_header(name: string, value: string): void
  add_leading_header(name: string, value: string): void
  remove_header(name: string): void
}

interface Message {
  /** Lines as they come from the client, dot-stuffed, without line ends. */
  readonly lines: readonly (string | Buffer)[]
  /** What plugins do before the lines come, and after. */
  readonly before?: (transaction: RealTransaction) => void
  readonly after?: (transaction: RealTransaction) => void
  /** `headers.add_received` of Haraka: a first line that comes before any plugin. */
  readonly received?: boolean
}

const VERSIONS = [
  ['3.3.4', 'haraka-3.3'],
  ['3.1.7', 'haraka-3.1'],
] as const

function createTransaction(folder: string): RealTransaction {
  const root = path.dirname(require.resolve(`${folder}/package.json`))
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  const module_ = require(path.join(root, 'transaction.js')) as {
    createTransaction(uuid: string, cfg: object): RealTransaction
  }
  return module_.createTransaction('0A1B2C3D-TEST.1', {})
}

async function receive(folder: string, message: Message): Promise<RealTransaction> {
  const transaction = createTransaction(folder)
  message.before?.(transaction)
  if (message.received !== false) transaction.add_data(Buffer.from('Received: from a by b\r\n'))
  tapMessage(transaction)
  for (const line of message.lines) {
    transaction.add_data(Buffer.concat([Buffer.from(line), Buffer.from('\r\n')]))
  }
  await new Promise<void>((resolve) => {
    transaction.end_data(resolve)
  })
  message.after?.(transaction)
  return transaction
}

async function piped({ message_stream: stream }: HarakaTransaction): Promise<Buffer> {
  const pass = new PassThrough()
  stream.pipe(pass)
  return buffer(pass)
}

const HEADERS = ['From: fred@example.com', 'To: bob@domain1.com', 'Subject: hello', '\tworld']

const MESSAGES: readonly (readonly [string, Message])[] = [
  ['a plain message', { lines: [...HEADERS, '', 'one', '', 'two'] }],
  ['lines of dots', { lines: [...HEADERS, '', '..', '...', '..a', 'a..', '', '.b', '..'] }],
  ['a body that begins with dots', { lines: ['Subject: a', '', '..', '..'] }],
  ['a body of empty lines', { lines: ['Subject: a', '', '', '', ''] }],
  ['headers only', { lines: HEADERS }],
  ['headers and an empty line', { lines: [...HEADERS, ''] }],
  ['text where headers should be', { lines: ['this is no header', '..and this: neither', 'nor this', '', 'but this'] }],
  ['text without any empty line', { lines: ['this is no header', '..nor this', 'Subject: a'] }],
  ['headers with dots before them', { lines: ['..X: a', 'Subject: b', '..', '', 'c'] }],
  ['nothing at all', { lines: [] }],
  ['an empty line alone', { lines: [''] }],
  ['8-bit text', { lines: ['Subject: caf\u00e9', '', 'caf\u00e9', Buffer.from([0xe9, 0xff, 0x00, 0x80])] }],
  ['8-bit headers that are no UTF-8', { lines: [Buffer.from('Subject: caf\u00e9', 'latin1'), '', 'a'] }],
  ['a long message', { lines: [...HEADERS, '', ...Array<string>(10_000).fill('some text'), '..'] }],
  ['a message of very many lines', { lines: ['Subject: a', '', ...Array<string>(30_000).fill('')] }],
  [
    'headers added, before all and removed after the end of data',
    {
      lines: [...HEADERS, '', 'one'],
      after(transaction) {
        transaction.add_header('X-Last', 'caf\u00e9')
        transaction.add_leading_header('X-First', 'of\n all')
        transaction.remove_header('Subject')
      },
    },
  ],
  [
    'headers added before the data',
    {
      lines: [...HEADERS, '', 'one'],
      before(transaction) {
        transaction.add_header('X-Early', 'yes')
      },
    },
  ],
  [
    'headers replaced by a plugin',
    {
      lines: [...HEADERS, '', 'one'],
      after({ header }) {
        header.header_list.splice(0, Infinity, 'Subject: other\n', 'X: with\n more\n')
      },
    },
  ],
  [
    'a list of headers put in place of the one that is sent',
    {
      lines: [...HEADERS, '', 'one'],
      after({ header }) {
        Object.assign(header, { header_list: ['Subject: not sent\n'] })
      },
    },
  ],
  [
    'a banner',
    {
      lines: ['Content-Type: text/plain', '', 'one', '..', '..two', '', 'three'],
      before(transaction) {
        transaction.set_banner('.\n..\nthe banner\n.')
      },
    },
  ],
  [
    'a banner in a message of several parts',
    {
      lines: [
        'Content-Type: multipart/mixed; boundary=x',
        'Subject: a',
        '',
        'preamble',
        '--x',
        'Content-Type: text/plain',
        '',
        '..one',
        'two',
        '--x',
        'Content-Type: text/html',
        '',
        '<body>',
        '..',
        '</body>',
        '--x--',
        '..end',
      ],
      before(transaction) {
        transaction.set_banner('the banner\n.')
      },
    },
  ],
]

for (const [version, folder] of VERSIONS) {
  describe(`a message kept on its way into Haraka ${version}`, () => {
    for (const [name, message] of MESSAGES) {
      it(`is what Haraka gives back: ${name}`, async () => {
        const transaction = await receive(folder, message)
        const tapped = tappedMessage(transaction)
        assert.ok(tapped !== undefined)
        assert.equal(Buffer.from(tapped).toString('latin1'), (await piped(transaction)).toString('latin1'))
      })
    }

    it('is what Haraka gives back, whatever the lines', async () => {
      const part = fc.constantFrom('.', '..', 'a', ':', ' ', 'Subject: x', '\u00e9', '\r', '\0', '--x', '\t')
      const line = fc.array(part, { maxLength: 4 }).map((parts) => parts.join(''))
      const lines = fc.array(
        line.filter((text) => text !== '.'),
        { maxLength: 15 },
      )
      await fc.assert(
        fc.asyncProperty(lines, fc.boolean(), fc.boolean(), async (some, empty, banner) => {
          const transaction = await receive(folder, {
            lines: empty ? ['Subject: a', '', ...some] : ['Subject: a', ...some],
            before(begun) {
              if (banner) begun.set_banner('.banner\n..\n')
            },
          })
          const tapped = tappedMessage(transaction)
          assert.ok(tapped !== undefined)
          assert.equal(Buffer.from(tapped).toString('latin1'), (await piped(transaction)).toString('latin1'))
        }),
        { numRuns: 300 },
      )
    })

    const untapped: readonly (readonly [string, Message])[] = [
      ['of 2 MB', { lines: ['Subject: a', '', ...Array<string>(20_000).fill('x'.repeat(100)), '..'] }],
      [
        'whose headers a plugin took away',
        {
          lines: [...HEADERS, '', '..one'],
          after({ header }) {
            header.header_list.splice(0)
          },
        },
      ],
      ['without headers, where Haraka adds none', { lines: ['', '..one', 'two'], received: false }],
    ]
    for (const [name, message] of untapped) {
      it(`is not kept, and comes through a file that is removed: a message ${name}`, async () => {
        const transaction = await receive(folder, message)
        const taken = await messageOf(transaction)
        const { source } = taken
        const { body } = source
        assert.ok(!(body instanceof Uint8Array))
        assert.ok((await buffer(source.open())).equals(await piped(transaction)))
        await taken.close()
        assert.equal(existsSync(body.path), false)
      })
    }

    it('is handed out once, and in one piece for robots and drop files', async () => {
      const transaction = await receive(folder, { lines: [...HEADERS, '', 'one'] })
      const taken = await messageOf(transaction)
      const { source } = taken
      assert.ok(source.body instanceof Uint8Array)
      const expected = await piped(transaction)
      assert.deepEqual(Buffer.from(source.body), expected)
      assert.deepEqual(await buffer(source.open()), expected)
      assert.equal(source.size, expected.length)
      await taken.close()
      assert.equal(tappedMessage(transaction), undefined)
    })

    it('was never kept when nobody asked', async () => {
      const transaction = createTransaction(folder)
      await new Promise<void>((resolve) => {
        transaction.end_data(resolve)
      })
      assert.equal(tappedMessage(transaction), undefined)
    })

    it('that lies in no file has none to be removed', async () => {
      const transaction = await receive(folder, { lines: [...HEADERS, '', 'one'] })
      let destroyed = 0
      const stream = Object.assign(transaction.message_stream, { destroy: () => destroyed++ })
      forgetSpoolFile(Object.assign(transaction, { message_stream: Object.assign(stream, { spooling: true }) }))
      stream.destroy()
      assert.equal(destroyed, 1)
      forgetSpoolFile(Object.assign(transaction, { message_stream: Object.assign(stream, { spooling: false }) }))
      stream.destroy()
      assert.equal(destroyed, 1)
    })
  })
}
