import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { statSync, truncateSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { before, describe, it } from 'node:test'
import { promisify } from 'node:util'
import { queueDomain, readQueueHeader } from '../../lib/queue/header.js'
import { tempDir } from '../support/cleanup.js'

/*
 * Has the real Haraka write queue files, in a process of its own: its modules open queues and timers when they are loaded.
 * Arguments: Haraka's folder, where to write, the module with its Address class.
 */
const WRITER = String.raw`
const [, root, directory, addresses] = process.argv
process.env.HARAKA = directory
const path = require('node:path'), fs = require('node:fs')
const outbound = require(path.join(root, 'outbound'))
const transaction = require(path.join(root, 'transaction')).createTransaction('UUID-1', {})
const { Address } = require(require.resolve(addresses, { paths: [root] }))
const write = (file, domain, from, to, notes) => {
  transaction.mail_from = new Address(from)
  Object.assign(transaction.notes, notes)
  const todo = new outbound.TODOItem(domain, to.map((one) => new Address(one)), transaction)
  todo.queue_time = 1700000000000
  const stream = fs.createWriteStream(path.join(directory, file))
  outbound.build_todo(todo, stream, () => stream.end('Subject: x\r\n\r\nbody\r\n'))
  return new Promise((resolve) => stream.once('close', resolve))
}
write('remote', 'Example.COM', '<Ann.X@Domain1.com>', ['<bob@Example.COM>', '<"fred j"@example.com>'], {})
  .then(() => write('bounce', 'example.com', '<>', ['<bob@example.com>'], {}))
  .then(() => write('idn', 'bücher.example', '<ann@example.com>', ['<jürgen@bücher.example>'], {}))
  .then(() => write('local', 'domain1.com', '<ann@example.com>', ['<bob@domain1.com>'], { dmail: { work: 'any' } }))
  .then(() => process.exit(0))
`

for (const [folder, addresses] of [
  ['haraka-3.3', '@haraka/email-address'],
  ['haraka-3.1', 'address-rfc2821'],
] as const) {
  describe(`the header of a queue file written by ${folder}`, () => {
    const directory = tempDir('headers')
    const read = (file: string): ReturnType<typeof readQueueHeader> => readQueueHeader(directory, file)
    before(async () => {
      const root = path.dirname(require.resolve(`${folder}/package.json`))
      await promisify(execFile)(process.execPath, ['-e', WRITER, root, directory, addresses])
    })

    it('has domain, envelope, time and place of the message', () => {
      const header = read('remote')
      const { size } = statSync(path.join(directory, 'remote'))
      assert.deepEqual(header, {
        domain: 'example.com',
        local: false,
        bytes: size,
        uuid: 'UUID-1',
        sender: 'Ann.X@Domain1.com',
        recipients: ['bob@Example.COM', '"fred j"@example.com'],
        queuedMs: 1_700_000_000_000,
        note: undefined,
        start: size - 'Subject: x\r\n\r\nbody\r\n'.length,
      })
    })

    it('has no sender where it is a report', () => {
      assert.equal(read('bounce')?.sender, '')
    })

    it('has the domain in the form in which domains are compared', () => {
      assert.deepEqual(
        [read('idn')?.domain, read('idn')?.recipients],
        ['xn--bcher-kva.example', ['jürgen@bücher.example']],
      )
    })

    it('tells work of this machine', () => {
      const { local, note } = read('local') ?? {}
      assert.deepEqual({ local, note }, { local: true, note: { work: 'any' } })
    })

    it('is not there when the file was cut off anywhere within it', () => {
      const { start = 0 } = read('remote') ?? {}
      for (let size = start - 1; size >= 0; size -= 1) {
        truncateSync(path.join(directory, 'remote'), size)
        assert.equal(read('remote'), undefined, `${size} of ${start} bytes`)
      }
    })
  })
}

describe('what is no queue file', () => {
  const directory = tempDir('strange')
  const withLength = (length: number, rest: string): Buffer => {
    const bytes = Buffer.alloc(4 + Buffer.byteLength(rest))
    bytes.writeUInt32BE(length)
    bytes.write(rest, 4)
    return bytes
  }
  const whole = (text: string): Buffer => withLength(Buffer.byteLength(text), text)
  const rows: readonly [string, Buffer | string][] = [
    ['an empty file', ''],
    ['three bytes', 'abc'],
    ['text', 'Subject: x\r\n\r\nno length in front\r\n'],
    ['a length beyond the end', withLength(1000, '{"domain":"example.com"}')],
    ['the greatest length there is', withLength(0xffffffff, '{"domain":"example.com"}')],
    ['no JSON', whole('{"domain":')],
    ['an array', whole('[]')],
    ['null', whole('null')],
    ['no domain', whole('{}')],
    ['a domain that is no text', whole('{"domain":7}')],
  ]
  for (const [sentence, content] of rows) {
    it(`has no header: ${sentence}`, () => {
      writeFileSync(path.join(directory, 'file'), content)
      assert.equal(readQueueHeader(directory, 'file'), undefined)
    })
  }

  it('nor has a file that is not there, or a directory', () => {
    assert.deepEqual([readQueueHeader(directory, 'none'), readQueueHeader(directory, '.')], [undefined, undefined])
  })

  it('parts of a header that are missing or of another kind are left empty', () => {
    writeFileSync(path.join(directory, 'file'), whole('{"domain":"x","rcpt_to":7,"mail_from":[],"notes":7,"uuid":7}'))
    assert.deepEqual(readQueueHeader(directory, 'file'), {
      domain: 'x',
      local: false,
      bytes: 60 + 4,
      uuid: '',
      sender: '',
      recipients: [],
      queuedMs: 0,
      note: undefined,
      start: 60 + 4,
    })
  })

  it('a domain that is none is compared as it is, in lower case', () => {
    assert.deepEqual(
      [queueDomain('Exa mple'), queueDomain('Example.com.'), queueDomain('')],
      ['exa mple', 'example.com', ''],
    )
  })
})
