import assert from 'node:assert/strict'
import { chmodSync } from 'node:fs'
import { after, before, describe, it } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { ldapIni, makeUsersTable } from '../authent/modules.js'
import type { Daemon } from '../support/daemon.js'
import { HARAKA_VERSIONS, type Haraka } from '../support/haraka.js'
import { startPostgres, withoutPostgres } from '../support/postgres.js'
import { startSlapd, withoutSlapd } from '../support/slapd.js'
import { send } from '../support/smtp.js'
import { until } from '../support/wait.js'
import { codes, confOf, makeSite, note, session, startSite } from './site.js'

const NAMES = Array.from({ length: 20 }, (_, n) => `user${n}`)
const CLIENTS = 4
const KILLS = 2
/** Answers between one change and the next. */
const BETWEEN = 30
const AGAIN_MS = 50

const LIMITS = ['connect_timeout=4s', 'timeout=5s']
const FORWARD = '$user,user0@domain1.com'

/** A server with the users NAMES, `away` and `escape`, and the configuration of the module that asks it. */
interface Database {
  readonly name: string
  readonly module: 'sql' | 'ldap'
  readonly without: string | false
  start(): Promise<{ readonly server: Daemon; readonly ini: string }>
}

const DATABASES: readonly Database[] = [
  {
    name: 'PostgreSQL',
    module: 'sql',
    without: withoutPostgres(),
    async start() {
      const server = await startPostgres()
      await makeUsersTable(server)
      await server.query('INSERT INTO users (username, passwd) SELECT unnest($1::text[]), $2', [NAMES, '*secret'])
      await server.query('INSERT INTO users (username, forward) VALUES ($1, $2)', ['away', FORWARD])
      await server.query('INSERT INTO users (username, maildrop) VALUES ($1, $2)', ['escape', '/etc/escape'])
      return { server, ini: server.ini(LIMITS) }
    },
  },
  {
    name: 'OpenLDAP',
    module: 'ldap',
    without: withoutSlapd(),
    async start() {
      const people = NAMES.map((uid) => ({ uid, userPassword: 'secret' }))
      const away = { uid: 'away', mail: FORWARD.split(',') }
      const server = await startSlapd([...people, away, { uid: 'escape', carLicense: '/etc/escape' }])
      return { server, ini: ldapIni(server, { server: LIMITS, search: ['drop=carLicense'] }) }
    },
  },
]

for (const [version, database] of HARAKA_VERSIONS.flatMap((each) => DATABASES.map((one) => [each, one] as const))) {
  describe(`Haraka ${version} with its users in ${database.name}`, { skip: database.without }, () => {
    const site = makeSite()
    let server: Daemon
    let haraka: Haraka
    before(async () => {
      const started = await database.start()
      server = started.server
      site.write('users.ini', started.ini)
      chmodSync(site.path('users.ini'), 0o600)
      const module = `node_modules/haraka-plugin-dmail/dist/authent/${database.module}.js`
      haraka = await startSite(
        version,
        confOf(site, [
          'authent_method external',
          `authent_process ${module} -config ${site.path('users.ini')}`,
          'auth_nocache true',
        ]),
        { config: { 'log.ini': '[main]\nlevel=notice\n' } },
      )
    })
    after(async () => {
      await haraka.stop()
      await server.kill()
    })

    /** The answer to one message for one user. */
    async function attempt(name: string, subject: string): Promise<string> {
      const { final } = await send(haraka.port, {
        from: 'a@example.com',
        to: [`${name}@domain1.com`],
        message: note(subject),
      })
      return codes(final)
    }

    it('its fields are followed, and a drop file outside the drop roots is not', async () => {
      assert.equal(await attempt('away', 'copy'), '250 2.0.0')
      assert.deepEqual(site.holding('copy'), ['in/away', 'in/user0'])
      assert.equal(await attempt('escape', 'outside'), '451 4.3.0')
      await haraka.waitForLog(/"\/etc\/escape" for user "escape": it is outside/)
      assert.equal(await attempt('nobody', 'unknown'), '550 5.1.1')
    })

    it('that is killed and brought back while mail flows: 451 in between, none refused, none lost, none twice', async () => {
      const answers: number[] = []
      const taken: string[] = []
      let number = 0
      const over = new AbortController()
      /** As a sending server: each message again and again until it is taken. */
      async function client(): Promise<void> {
        while (!over.signal.aborted) {
          const subject = `n${++number}`
          const name = NAMES[number % NAMES.length] ?? ''
          for (;;) {
            const code = await session(haraka.port, {}, async (smtp) => {
              await smtp.mail('ann@example.com')
              const rcpt = await smtp.rcpt(`${name}@domain1.com`)
              return rcpt.code === 250 ? (await smtp.data(note(subject))).code : rcpt.code
            })
            answers.push(code)
            if (code === 250) break
            await pause(AGAIN_MS)
          }
          taken.push(`${name} ${subject}`)
        }
      }
      /** Resolves after so many answers more of one code. */
      function more(code: number): Promise<boolean> {
        const from = answers.length
        return until(() => answers.slice(from).filter((each) => each === code).length >= BETWEEN, {
          timeoutMs: 60_000,
          otherwise: () => `answers: ${answers.slice(from).join(' ')}`,
        })
      }
      const clients = Promise.all(Array.from({ length: CLIENTS }, client))
      try {
        for (let kill = 0; kill < KILLS; kill++) {
          await more(250)
          await server.kill()
          await more(451)
          assert.equal(await attempt('nobody', 'unknown'), '451 4.3.0')
          await server.start()
        }
        await more(250)
      } finally {
        over.abort()
      }
      await clients

      assert.deepEqual([...new Set(answers)].sort(), [250, 451])
      assert.equal(await attempt('nobody', 'unknown'), '550 5.1.1')
      const there = NAMES.flatMap((name) =>
        site.mail(name).map((message) => `${name} ${message.header('Subject') ?? ''}`),
      ).filter((each) => each !== 'user0 copy')
      assert.deepEqual(there.sort(), taken.sort())
    })
  })
}
