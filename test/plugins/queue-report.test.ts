import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'
import { promisify } from 'node:util'
import { createUnstuffer } from '../../lib/delivery/dot-stuffing.js'
import { tempDir } from '../support/cleanup.js'

/*
 * A report is put into the queue of the real Haraka, in a process of its own: its modules open queues and timers when they are
 * loaded. `inLine` are the items given to the delivery queue, before and after `start`.
 */
const PROBE = String.raw`
const [, root, dir, queueModule, addresses, question] = process.argv
process.env.HARAKA = dir
const at = (name) => require(require('node:path').join(root, name))
const { harakaQueue } = require(queueModule)
const { Address } = require(require.resolve(addresses, { paths: [root] }))
const { to, content, note, from, cancel } = JSON.parse(question)
const outbound = at('outbound')
const inLine = []
outbound.delivery_queue.push = (item) => inLine.push(item.filename)
const queue = harakaQueue({ haraka_require: at })
const about = { uuid: 'A1B2.1', mail_from: new Address(from) }
queue.report(about, { to, content: Buffer.from(content) }, note)
  .then(async (held) => {
    await queue.sync()
    const before = inLine.length
    if (cancel) await held.cancel()
    else held.start()
    process.stdout.write('\n' + JSON.stringify({ before, inLine, host: queue.host() }))
    process.exit(0)
  })
  .catch((error) => { process.stdout.write('\n' + JSON.stringify({ error: String(error) })); process.exit(0) })
`

const VERSIONS = [
  ['3.3.4', 'haraka-3.3', '@haraka/email-address'],
  ['3.1.7', 'haraka-3.1', 'address-rfc2821'],
] as const

interface Question {
  readonly to: string
  readonly content?: string
  readonly from?: string
  readonly note?: object
  readonly cancel?: boolean
}

interface Answer {
  readonly before: number
  readonly inLine: readonly string[]
  readonly host: string
  /** The header of the queue file and the message in it, as they are on disk. */
  readonly files: readonly { readonly name: string; readonly todo: Record<string, unknown>; readonly body: Buffer }[]
}

for (const [version, folder, addresses] of VERSIONS) {
  const report = async ({
    from = '<ann@example.com>',
    content = 'Subject: x\r\n\r\ny\r\n',
    ...rest
  }: Question): Promise<Answer> => {
    const root = path.dirname(require.resolve(`${folder}/package.json`))
    const dir = tempDir('report')
    mkdirSync(path.join(dir, 'queue'))
    mkdirSync(path.join(dir, 'config'))
    writeFileSync(path.join(dir, 'config/me'), 'mail.domain1.com\n')
    const queueModule = path.join(__dirname, '../../plugins/haraka/queue.js')
    const question = JSON.stringify({ from, content, ...rest })
    const args = ['-e', PROBE, root, dir, queueModule, addresses, question]
    const { stdout } = await promisify(execFile)(process.execPath, args)
    const answer = JSON.parse(stdout.slice(stdout.lastIndexOf('\n'))) as
      Omit<Answer, 'files'> | { readonly error: string }
    assert.ok(!('error' in answer), JSON.stringify(answer))
    const files = readdirSync(path.join(dir, 'queue')).map((name) => {
      const bytes = readFileSync(path.join(dir, 'queue', name))
      const end = 4 + bytes.readUInt32BE(0)
      const todo = JSON.parse(bytes.subarray(4, end).toString('utf8')) as Record<string, unknown>
      return { name, todo, body: bytes.subarray(end) }
    })
    return { ...answer, files }
  }
  const originalOf = (address: unknown): unknown => (address as { readonly original: unknown }).original

  describe(`Haraka ${version}: a report in the queue`, () => {
    it('goes to the sender, from nobody, and is worked on after start', async () => {
      const { files, before, inLine, host } = await report({ to: 'ann@example.com' })
      const [file, ...more] = files
      assert.ok(file !== undefined && more.length === 0)
      const { domain, mail_from, rcpt_to, notes, uuid } = file.todo
      assert.deepEqual([domain, uuid, notes], ['example.com', 'A1B2.1', {}])
      assert.equal(originalOf(mail_from), '<>')
      assert.deepEqual((rcpt_to as unknown[]).map(originalOf), ['<ann@example.com>'])
      assert.deepEqual([before, inLine], [0, [file.name]])
      assert.equal(host, 'mail.domain1.com')
    })

    it('is dot-stuffed, and gives the report back', async () => {
      const content = '.Subject: x\r\n\r\n.\r\n..\r\n.y\r\na.b\r\n\r\n.'
      const { files } = await report({ to: 'ann@example.com', content: `${content}\r\n` })
      assert.equal(files[0]?.body.toString(), '..Subject: x\r\n\r\n..\r\n...\r\n..y\r\na.b\r\n\r\n..\r\n')
      assert.equal(createUnstuffer()(files[0].body).toString(), `${content}\r\n`)
    })

    it('keeps its note', async () => {
      const { files } = await report({ to: 'ann@example.com', note: { version: 1, parties: {}, doubleBounce: true } })
      assert.deepEqual(files[0]?.todo['notes'], { dmail_dsn: { version: 1, parties: {}, doubleBounce: true } })
    })

    it('may go to an address in UTF-8, about mail from nobody', async () => {
      const { files } = await report({ to: 'jörg@bücher.example', content: 'Subject: Grüße\r\n\r\n', from: '<>' })
      const { rcpt_to, domain } = files[0]?.todo ?? {}
      assert.deepEqual((rcpt_to as unknown[]).map(originalOf), ['<jörg@bücher.example>'])
      assert.equal(domain, 'xn--bcher-kva.example')
      assert.equal(files[0]?.body.toString(), 'Subject: Grüße\r\n\r\n')
    })

    it('can be taken back', async () => {
      const { files, inLine } = await report({ to: 'ann@example.com', cancel: true })
      assert.deepEqual([files, inLine], [[], []])
    })
  })
}
