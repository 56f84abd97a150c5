import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { after, before, describe, it } from 'node:test'
import { HARAKA_VERSIONS, type Haraka } from '../support/haraka.js'
import { connect, send } from '../support/smtp.js'
import { makeRobots, type Robots } from './robots.js'
import { codes, makeSite, note, queueIsEmpty, siteConf, startSite, users } from './site.js'

const TEN_MB = 10 * 1024 * 1024
const CLIENTS = 2
const CONNECTIONS = 4
const EACH = 10

for (const version of HARAKA_VERSIONS) {
  describe(`Haraka ${version} keeps every byte`, () => {
    const site = makeSite()
    let robots: Robots
    let haraka: Haraka
    before(async () => {
      robots = makeRobots(site)
      site.write('users.txt', users('bob', 'fred', 'jürgen', 'large', 'busy'))
      haraka = await startSite(version, siteConf(site, [`forward help@domain1.com |${robots.program('help')}`]))
    })
    after(() => haraka.stop())

    const deliver = async (to: readonly string[], message: string | Buffer): Promise<string> => {
      const { final } = await send(haraka.port, { from: 'ann@example.com', to, message })
      return codes(final)
    }

    it('of a message of 10 MB, for a mailbox and a robot', async () => {
      const line = `${'0123456789abcdef'.repeat(4)}From >From .\n`
      const body = line.repeat(Math.ceil(TEN_MB / line.length))
      assert.equal(await deliver(['large@domain1.com', 'help@domain1.com'], note('large', body)), '250 2.0.0')
      await queueIsEmpty(haraka)
      const [message] = site.mail('large')
      assert.equal(hash(message?.body ?? ''), hash(body))
      const stdin = robots.runs('help')[0]?.stdin ?? Buffer.alloc(0)
      assert.equal(hash(stdin.subarray(stdin.indexOf('\n\n') + 2)), hash(body))
    })

    it('of bytes beyond ASCII, whatever their charset', async () => {
      const body = Buffer.concat([
        Buffer.from('Grüße\n'),
        Buffer.from([0x47, 0x72, 0xfc, 0xdf, 0x65, 0x80, 0xff, 0x0a]),
      ])
      assert.equal(
        await deliver(['fred@domain1.com'], Buffer.concat([Buffer.from('Subject: bytes\n\n'), body])),
        '250 2.0.0',
      )
      const file = readFileSync(site.path('in/fred'))
      const at = file.indexOf('\n\n', file.indexOf('Subject: bytes')) + 2
      assert.deepEqual(file.subarray(at, at + body.length), body)
    })

    it('of an address beyond ASCII (SMTPUTF8)', async () => {
      const client = await connect(haraka.port)
      await client.ehlo()
      assert.equal((await client.mail('änne@example.com', 'SMTPUTF8')).code, 250)
      assert.equal(codes(await client.rcpt('jürgen@domain1.com')), '250 2.1.5')
      assert.equal(codes(await client.data(note('utf8'))), '250 2.0.0')
      await client.quit()
      const [message] = site.mail('jürgen')
      const headers = ['Return-Path', 'Delivered-To'].map((name) => message?.header(name))
      assert.deepEqual(headers, ['<änne@example.com>', 'jürgen@domain1.com'])
    })

    it('of a message without headers', async () => {
      assert.equal(await deliver(['bob@domain1.com'], '\nno headers at all\n'), '250 2.0.0')
      assert.equal(site.mail('bob').at(-1)?.body, 'no headers at all\n')
      assert.equal(await deliver(['bob@domain1.com'], 'nor a blank line\nbefore it\n'), '250 2.0.0')
      const body = site.mail('bob').at(-1)?.body ?? ''
      // Haraka 3.1 gives each of these lines a second line end (its transaction.js, end_data).
      const expected = 'nor a blank line\nbefore it\n'
      assert.equal(version === '3.1' ? body.replace(/\n\n/g, '\n') : body, expected)
    })

    it('of an empty message', async () => {
      assert.equal(await deliver(['bob@domain1.com'], 'Subject: empty\n'), '250 2.0.0')
      const message = site.mail('bob').at(-1)
      assert.deepEqual([message?.header('Subject'), message?.body], ['empty', ''])
    })

    it('of lines that begin with a dot', async () => {
      const body = '.\n..\n...\n.From\n. \n.\n'
      assert.equal(await deliver(['bob@domain1.com'], note('dots', body)), '250 2.0.0')
      assert.equal(site.mail('bob').at(-1)?.body, body)
    })

    it('of 2,000 lines that begin "From "', async () => {
      const body = Array.from({ length: 2000 }, (_, at) => `${'>'.repeat(at % 4)}From line ${at}\n`).join('')
      const before = site.mail('bob').length
      assert.equal(await deliver(['bob@domain1.com'], note('from', body)), '250 2.0.0')
      assert.equal(site.mail('bob').length, before + 1)
      assert.equal(site.mail('bob').at(-1)?.body, body)
    })

    it('of 80 messages to one mailbox from two clients at once, each over 4 connections', async () => {
      const subjects: string[] = []
      const bodyOf = (subject: string): string => `${subject}\nFrom ${subject}\n`.repeat(200)
      const connection = async (name: string): Promise<void> => {
        const client = await connect(haraka.port)
        await client.ehlo()
        for (let at = 0; at < EACH; at++) {
          const subject = `${name}.${at}`
          subjects.push(subject)
          await client.mail('ann@example.com')
          await client.rcpt('busy@domain1.com')
          assert.equal(codes(await client.data(note(subject, bodyOf(subject)))), '250 2.0.0')
        }
        await client.quit()
      }
      const names = Array.from({ length: CLIENTS * CONNECTIONS }, (_, at) => `client ${at % CLIENTS} connection ${at}`)
      await Promise.all(names.map(connection))
      await queueIsEmpty(haraka)
      const messages = site.mail('busy')
      assert.equal(messages.length, CLIENTS * CONNECTIONS * EACH)
      assert.deepEqual(messages.map((message) => message.header('Subject')).sort(), subjects.sort())
      for (const message of messages) assert.equal(message.body, bodyOf(message.header('Subject') ?? ''))
    })

    it('and leaves no lock and no temporary file behind', () => {
      assert.deepEqual(site.files(), ['bob', 'busy', 'fred', 'jürgen', 'large'].map((name) => `in/${name}`).sort())
    })
  })
}

function hash(data: string | Buffer): string {
  return createHash('sha256').update(data).digest('hex')
}
