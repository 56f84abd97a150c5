import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, describe, it } from 'node:test'
import { HARAKA_VERSIONS } from '../support/haraka.js'
import { connect, type SmtpClient } from '../support/smtp.js'
import { base64, PASSWORD, plainOf, startAuthSite, type AuthSite } from './auth-site.js'
import { codes, note, session } from './site.js'

interface Row {
  readonly it: string
  /** Lines in turn; the last one's answer is `answer`, those before are answered 334. */
  readonly lines: readonly string[]
  readonly answer: string
}

const NAME = base64('ann')
const SECRET = base64(PASSWORD)

const ROWS: readonly Row[] = [
  { it: 'PLAIN at once', lines: [`AUTH PLAIN ${plainOf('ann', PASSWORD)}`], answer: '235 2.7.0' },
  { it: 'PLAIN when asked', lines: ['AUTH PLAIN', plainOf('ann', PASSWORD)], answer: '235 2.7.0' },
  { it: 'LOGIN', lines: ['AUTH LOGIN', NAME, SECRET], answer: '235 2.7.0' },
  { it: 'LOGIN with the name at once', lines: [`auth login ${NAME}`, SECRET], answer: '235 2.7.0' },
  {
    it: 'an address of the main domain',
    lines: [`AUTH PLAIN ${plainOf('ann@domain1.com', PASSWORD)}`],
    answer: '235 2.7.0',
  },
  { it: 'a name in capitals', lines: [`AUTH PLAIN ${plainOf('ANN@Domain1.COM', PASSWORD)}`], answer: '235 2.7.0' },
  {
    it: 'acting as oneself',
    lines: [`AUTH PLAIN ${plainOf('ann', PASSWORD, 'ann@domain1.com')}`],
    answer: '235 2.7.0',
  },
  { it: 'a virtual domain', lines: [`AUTH PLAIN ${plainOf('eve@shop.example.com', PASSWORD)}`], answer: '235 2.7.0' },
  { it: 'its login suffix', lines: [`AUTH PLAIN ${plainOf('eve@login.example.com', PASSWORD)}`], answer: '235 2.7.0' },
  { it: 'a wrong password', lines: [`AUTH PLAIN ${plainOf('ann', 'guess')}`], answer: '535 5.7.8' },
  { it: 'an unknown user', lines: [`AUTH PLAIN ${plainOf('nobody', PASSWORD)}`], answer: '535 5.7.8' },
  {
    it: 'a user of another domain',
    lines: [`AUTH PLAIN ${plainOf('ann@example.com', PASSWORD)}`],
    answer: '535 5.7.8',
  },
  { it: 'acting as somebody else', lines: [`AUTH PLAIN ${plainOf('ann', PASSWORD, 'bob')}`], answer: '535 5.7.8' },
  { it: 'no password', lines: [`AUTH PLAIN ${plainOf('ann', '')}`], answer: '535 5.7.8' },
  { it: 'an empty answer to LOGIN', lines: ['AUTH LOGIN', '', SECRET], answer: '535 5.7.8' },
  { it: 'a data base that is away', lines: [`AUTH PLAIN ${plainOf('away', PASSWORD)}`], answer: '454 4.3.0' },
  { it: 'cancelling', lines: ['AUTH LOGIN', '*'], answer: '501 5.7.0' },
  { it: 'cancelling at the password', lines: ['AUTH LOGIN', NAME, '*'], answer: '501 5.7.0' },
  { it: 'no base64', lines: ['AUTH PLAIN', 'what?'], answer: '501 5.5.2' },
  {
    it: 'base64 without its end',
    lines: [`AUTH PLAIN ${plainOf('ann', `${PASSWORD}!`).replace(/=+$/, '')}`],
    answer: '501 5.5.2',
  },
  { it: 'an empty answer to PLAIN', lines: ['AUTH PLAIN ='], answer: '501 5.5.2' },
  { it: 'PLAIN with a part missing', lines: [`AUTH PLAIN ${base64('ann\0secret')}`], answer: '501 5.5.2' },
  {
    it: 'a command for an answer, which is not carried out',
    lines: ['AUTH LOGIN', 'RSET', SECRET],
    answer: '535 5.7.8',
  },
  { it: 'no mechanism', lines: ['AUTH'], answer: '501 5.5.4' },
  { it: 'more than an answer', lines: ['AUTH PLAIN = ='], answer: '501 5.5.4' },
  { it: 'another mechanism', lines: ['AUTH CRAM-MD5'], answer: '504 5.5.4' },
]

/** Names that must not reach a module (U2, U8), nor what would be another command. */
const BAD_NAMES = ['../ann', 'a/b', 'a\\b', '.ann', '-ann', 'ann bob', 'a"b', 'ann\nexit', 'ann\rexit', 'x'.repeat(300)]

async function talk(client: SmtpClient, lines: readonly string[]): Promise<string> {
  const answers: string[] = []
  for (const line of lines) {
    const answer = codes(await client.command(line))
    answers.push(answer)
    if (answer !== '334') break
  }
  return answers.at(-1) ?? ''
}

const logIn = (client: SmtpClient, name = 'ann', password = PASSWORD): Promise<string> =>
  talk(client, [`AUTH PLAIN ${plainOf(name, password)}`])

for (const version of HARAKA_VERSIONS) {
  describe(`SMTP AUTH on Haraka ${version}`, () => {
    let running: AuthSite
    before(async () => {
      running = await startAuthSite(version, {
        ini: 'ip_failures=off\nuser_failures=off\n',
        config: { 'log.ini': '[main]\nlevel=protocol\n' },
      })
    })
    after(() => running.close())

    const inSession = <T>(use: (client: SmtpClient) => Promise<T>): Promise<T> => session(running.haraka.port, {}, use)

    it('is offered to a client on loopback, until it is logged in', async () => {
      const client = await connect(running.haraka.port)
      assert.ok((await client.ehlo()).lines.includes('AUTH PLAIN LOGIN'))
      assert.equal(await logIn(client), '235 2.7.0')
      assert.ok(!(await client.ehlo()).lines.some((line) => line.startsWith('AUTH')))
      client.close()
    })

    for (const row of ROWS) {
      it(`${row.it}: ${row.answer}`, async () => {
        await inSession(async (client) => {
          assert.equal(await talk(client, row.lines), row.answer)
          // The session goes on.
          assert.equal((await client.command('NOOP')).code, 250)
        })
      })
    }

    it('asks for name and password as every client of LOGIN expects', async () => {
      await inSession(async (client) => {
        assert.equal((await client.command('AUTH LOGIN')).text, base64('Username:'))
        assert.equal((await client.command(NAME)).text, base64('Password:'))
      })
    })

    it('does not tell an unknown user from a wrong password', async () => {
      const said = await inSession(async (client) => {
        const texts: string[] = []
        for (const name of ['ann', 'nobody', 'ann@example.com', '../ann']) {
          texts.push((await client.command(`AUTH PLAIN ${plainOf(name, 'guess')}`)).text)
        }
        return texts
      })
      assert.equal(new Set(said).size, 1, said.join('\n'))
    })

    it('never asks a module for a name that may not be, nor with a password that would be more than one word', async () => {
      const before = readFileSync(running.site.path('checked'), 'utf8')
      await inSession(async (client) => {
        for (const name of BAD_NAMES) assert.equal(await logIn(client, name), '535 5.7.8', name)
        for (const password of ['two words', `x\nlookup bob`, 'x\ty', 'x'.repeat(257)]) {
          assert.equal(await logIn(client, 'ann', password), '535 5.7.8', password)
        }
      })
      assert.equal(readFileSync(running.site.path('checked'), 'utf8'), before)
    })

    it('lets who is logged in relay, and nobody else', async () => {
      await inSession(async (client) => {
        await client.mail('ann@domain1.com')
        assert.equal(codes(await client.rcpt('guest@example.com')), '550 5.7.1')
        await client.command('RSET')
        assert.equal(await logIn(client), '235 2.7.0')
        await client.mail('ann@domain1.com')
        assert.equal(codes(await client.rcpt('guest@example.com')), '250 2.1.5')
        assert.equal(codes(await client.rcpt('bob@domain1.com')), '250 2.1.5')
        await client.command('RSET')
        await client.mail('ann@domain1.com')
        assert.equal(codes(await client.rcpt('bob@domain1.com')), '250 2.1.5')
        assert.equal(codes(await client.data(note('by a user'))), '250 2.0.0')
      })
      const [message] = running.site.mail('bob')
      assert.match(message?.header('Received') ?? '', /with ESMTPA/)
      assert.match(message?.header('Authentication-Results') ?? '', /auth=pass \(plain\)/)
    })

    it('takes the AUTH parameter of MAIL, which it must where it offers AUTH (RFC 4954 5)', async () => {
      await inSession(async (client) => {
        await logIn(client)
        assert.equal((await client.mail('ann@domain1.com', 'AUTH=<>')).code, 250)
        await client.command('RSET')
        assert.equal((await client.mail('ann@domain1.com', 'AUTH=ann+40domain1.com')).code, 250)
      })
    })

    it('a second time: 503', async () => {
      await inSession(async (client) => {
        await logIn(client)
        assert.equal(await logIn(client), '503 5.5.1')
      })
    })

    it('inside a message: 503, and the message goes on', async () => {
      await inSession(async (client) => {
        await client.mail('ann@example.com')
        assert.equal(await logIn(client), '503 5.5.1')
        assert.equal(codes(await client.rcpt('bob@domain1.com')), '250 2.1.5')
      })
    })

    it('before EHLO, and after HELO: 503', async () => {
      const client = await connect(running.haraka.port)
      assert.equal(await logIn(client), '503 5.5.1')
      await client.command('HELO client.example.com')
      assert.equal(await logIn(client), '503 5.5.1')
      client.close()
    })

    it('a line longer than Haraka takes ends the session', async () => {
      const client = await connect(running.haraka.port)
      await client.ehlo()
      await client.command('AUTH LOGIN')
      assert.equal((await client.command('A'.repeat(2000))).code, 521)
      client.close()
    })

    it('a module that gives no answer: 454, never 535', async () => {
      const impatient = await startAuthSite(version, { lines: ['authent_timeout 1'] })
      try {
        await session(impatient.haraka.port, {}, async (client) => {
          assert.equal(await logIn(client, 'slow'), '454 4.3.0')
        })
      } finally {
        await impatient.close()
      }
    })

    it('no password is in the log, at any level and however it came', async () => {
      const client = await connect(running.haraka.port)
      await client.ehlo()
      // All at once, which Haraka logs as early talk.
      client.socket.write(`AUTH LOGIN\r\n${NAME}\r\n${SECRET}\r\nNOOP\r\n`)
      client.socket.write(`AUTH PLAIN ${plainOf('ann', PASSWORD)}\r\n`)
      await client.quit()
      client.close()
      // What a password in a line with a stray control character would look like.
      await inSession(async (other) => {
        await other.command(`AUTH PLAIN\r${plainOf('ann', PASSWORD)}`)
      })
      await inSession(async (other) => {
        await other.mail('last@example.com')
      })
      const { log } = await running.haraka.waitFor(
        () => running.haraka.log.includes('last@example.com') && running.haraka,
      )
      for (const secret of [PASSWORD, SECRET, SECRET.slice(0, 10), plainOf('ann', PASSWORD), 'ZXNhbW']) {
        const line = log.split('\n').find((each) => each.includes(secret))
        assert.equal(line, undefined)
      }
      assert.match(log, /C: \(a line of AUTH\)/)
    })
  })
}
