import assert from 'node:assert/strict'
import { parseReply, replyClass } from '../../lib/directory/protocol.js'
import type { UserRecord } from '../../lib/directory/types.js'
import type { ModuleSession } from './session.js'

/** What has to be known of the users of a module to hold it against the protocol. */
export interface KnownUsers {
  /** Somebody who exists, and the password. */
  readonly user: string
  readonly password: string
  /** Somebody who does not. */
  readonly missing: string
}

export interface Expectation {
  /** Says what is expected; docs/users.md refers to it. */
  readonly title: string
  /** `extended`: may throw NotOffered. `writes`: asked only when users may be changed. */
  readonly part: 'simple' | 'extended' | 'writes'
  /** Each is asked of a process of its own. Throws when the module does otherwise. */
  readonly run: (module: ModuleSession, known: KnownUsers) => Promise<void>
}

/** A command of the extended protocol is answered -ERR, as a module may. */
export class NotOffered extends Error {}

const MOST_ERROR_BYTES = 100
const LONG = 10_000
const PIPELINED = 200

/** Names made of somebody's who exists, or meant to match anybody, in the languages of data bases and shells. */
function foreignNames(user: string): string[] {
  return [
    `${user}"`,
    `"${user}"`,
    `'${user}'`,
    `${user}'--`,
    `${user}';--`,
    `'||'${user}`,
    `x'OR'1'='1`,
    '%',
    `${user.slice(0, -1)}%`,
    `${user.slice(0, -1)}_`,
    '*',
    `${user.slice(0, -1)}*`,
    `${user})(uid=*`,
    `${user})(|(uid=*)`,
    '*)(uid=*',
    `\\2a`,
    `../${user}`,
    `${user}/../${user}`,
    `$(echo\${IFS}${user})`,
    `\`${user}\``,
    `${user}:`,
    `${user}\\`,
    `${user}\x01`,
    `-${user}`,
  ]
}

export const EXPECTATIONS: readonly Expectation[] = [
  {
    title: 'lookup of a user answers +OK name drop_path [uid fields]',
    part: 'simple',
    async run(module, { user }) {
      found(await module.ask(`lookup ${user}`))
    },
  },
  {
    title: 'lookup of nobody answers -ERR in less than 100 bytes',
    part: 'simple',
    async run(module, { missing }) {
      refused(await module.ask(`lookup ${missing}`))
    },
  },
  {
    title: 'lookup without a name, or with two, answers -ERR',
    part: 'simple',
    async run(module, { user }) {
      refused(await module.ask('lookup'))
      refused(await module.ask(`lookup ${user} ${user}`))
    },
  },
  {
    title: 'check with the right password answers as lookup does, with and without the address of the client',
    part: 'simple',
    async run(module, { user, password }) {
      const { name } = found(await module.ask(`lookup ${user}`))
      assert.equal(found(await module.ask(`check ${user} ${password}`)).name, name)
      assert.equal(found(await module.ask(`check ${user} ${password} 192.0.2.1`)).name, name)
    },
  },
  {
    title: 'check with another password, or none, answers -ERR',
    part: 'simple',
    async run(module, { user, password }) {
      for (const other of [`${password}x`, password.slice(0, -1), '*', '%', '""', "'OR'1'='1", '']) {
        refused(await module.ask(`check ${user} ${other}`), other)
      }
      refused(await module.ask(`check ${user}`))
      refused(await module.ask('check'))
    },
  },
  {
    title: 'check of nobody answers as a wrong password does',
    part: 'simple',
    async run(module, { user, password, missing }) {
      const wrong = refused(await module.ask(`check ${user} ${password}x`))
      const nobody = refused(await module.ask(`check ${missing} ${password}`))
      assert.equal(nobody.replaceAll(missing, '<name>'), wrong.replaceAll(user, '<name>'))
    },
  },
  {
    title: 'quotes, wildcards, back-slashes and control characters in a name are no syntax: -ERR, one answer each',
    part: 'simple',
    async run(module, { user, password }) {
      for (const name of foreignNames(user)) {
        refused(await module.ask(`lookup ${name}`), name)
        refused(await module.ask(`check ${name} ${password}`), name)
      }
      found(await module.ask(`lookup ${user}`))
    },
  },
  {
    title: 'a name of 10 kB answers -ERR, once, and the next command is understood',
    part: 'simple',
    async run(module, { user, missing }) {
      for (const name of ['x'.repeat(LONG), `${user}${'x'.repeat(LONG)}`, 'é'.repeat(LONG / 2)]) {
        refused(await module.ask(`lookup ${name}`))
        found(await module.ask(`lookup ${user}`))
        refused(await module.ask(`check ${name} secret`))
        refused(await module.ask(`lookup ${missing}`))
      }
    },
  },
  {
    title: 'a line of 1 MB answers -ERR, once, and the next command is understood',
    part: 'simple',
    async run(module, { user }) {
      refused(await module.ask('x'.repeat(1024 * 1024)))
      found(await module.ask(`lookup ${user}`))
    },
  },
  {
    title: `${PIPELINED} commands in one piece are answered in their order`,
    part: 'simple',
    async run(module, { user, missing }) {
      const names = Array.from({ length: PIPELINED }, (_, n) => (n % 3 === 0 ? missing : user))
      module.write(names.map((name) => `lookup ${name}\n`).join(''))
      for (const [n, name] of names.entries()) {
        const [reply = ''] = await module.answer()
        assert.equal(replyClass(reply), name === user ? 'ok' : 'err', `answer ${n + 1}: ${reply}`)
      }
    },
  },
  {
    title: 'a command that comes byte by byte is one command',
    part: 'simple',
    async run(module, { user }) {
      for (const byte of Buffer.from(`lookup ${user}\n`)) module.write(Buffer.of(byte))
      found((await module.answer()).at(-1) ?? '')
    },
  },
  {
    title: 'a word that is no command answers -ERR, and the next command is understood',
    part: 'simple',
    async run(module, { user }) {
      for (const word of ['frobnicate', `lookup${user}`, '__proto__ x', 'constructor', '+OK', '\x7f\xff\xfe']) {
        refused(await module.ask(word), word)
      }
      found(await module.ask(`lookup ${user}`))
    },
  },
  {
    title: 'exit answers +OK, what comes after it nothing, and the process ends with status 0',
    part: 'simple',
    async run(module, { user }) {
      module.write(`exit\nlookup ${user}\n`)
      assert.equal(replyClass((await module.answer()).at(-1) ?? ''), 'ok')
      assert.equal(await module.ended(), 0)
      await assert.rejects(module.answer(), /ended instead of answering/)
    },
  },
  {
    title: 'the end of its input ends the process, after the answers that are due',
    part: 'simple',
    async run(module, { user, missing }) {
      module.write(`lookup ${user}\nlookup ${missing}\nlookup ${user}`)
      module.end()
      found((await module.answer()).at(-1) ?? '')
      refused((await module.answer()).at(-1) ?? '')
      assert.equal(typeof (await module.ended()), 'number')
    },
  },
  {
    title: 'version and help answer +OK',
    part: 'extended',
    async run(module) {
      for (const command of ['version', 'help']) offered(await module.ask(command))
    },
  },
  {
    title: 'search answers +DATA lines that name the user, then +OK; of nobody +OK alone',
    part: 'extended',
    async run(module, { user, missing }) {
      for (const pattern of [user, `${user.slice(0, -1)}*`]) {
        module.write(`search ${pattern}\n`)
        const lines = await module.answer()
        offered(lines.at(-1) ?? '')
        const names = lines.slice(0, -1).map((line) => line.split(/[ \t]+/)[1]?.toLowerCase())
        assert.ok(names.includes(user.toLowerCase()), `search ${pattern}: ${lines.join(' / ')}`)
      }
      module.write(`search ${missing}\n`)
      assert.equal((await module.answer()).length, 1)
    },
  },
  {
    title: 'set adds a user and changes one, (NULL) keeps the password, del takes the user out',
    part: 'writes',
    async run(module, { missing }) {
      const is = async (command: string, reply: string): Promise<void> => {
        assert.equal(replyClass(await module.ask(command)), reply, command)
      }
      await is(`set ${missing} (NULL) fwd="a@example.com"`, 'err')
      await is(`set ${missing} first fwd="a@example.com"`, 'ok')
      await is(`check ${missing} first`, 'ok')
      assert.equal(found(await module.ask(`lookup ${missing}`)).fields.get('fwd'), 'a@example.com')
      await is(`set ${missing} second`, 'ok')
      await is(`check ${missing} first`, 'err')
      await is(`set ${missing} (NULL) fwd="b@example.com"`, 'ok')
      await is(`check ${missing} second`, 'ok')
      assert.equal(found(await module.ask(`lookup ${missing}`)).fields.get('fwd'), 'b@example.com')
      await is(`set ${missing} (NULL) fwd="b@example.com`, 'err')
      await is(`set "${missing}" secret`, 'err')
      await is(`del ${missing}`, 'ok')
      await is(`lookup ${missing}`, 'err')
      await is(`del ${missing}`, 'err')
    },
  },
  {
    title: 'a command sent behind a change in one piece sees what it did',
    part: 'writes',
    async run(module, { missing }) {
      module.write(
        `lookup ${missing}\nset ${missing} first\ncheck ${missing} first\ndel ${missing}\nlookup ${missing}\n`,
      )
      for (const reply of ['err', 'ok', 'ok', 'ok', 'err']) {
        assert.equal(replyClass((await module.answer()).at(-1) ?? ''), reply)
      }
    },
  },
]

/** The user of a reply, read as the suite reads it; any full path may be a drop file. */
function found(reply: string): UserRecord {
  const result = parseReply(reply, { mapPath: (path) => ({ ok: true, path }), allowedDropFile: () => true })
  assert.ok(result.kind === 'found', `"${reply}" is not of the form +OK name drop_path [uid fields]`)
  return result.user
}

function refused(reply: string, about = ''): string {
  assert.equal(replyClass(reply), 'err', `${JSON.stringify(about)}: "${reply}" instead of -ERR`)
  assert.ok(Buffer.byteLength(reply) < MOST_ERROR_BYTES, `"${reply}" is too long for an error`)
  return reply
}

function offered(reply: string): void {
  if (replyClass(reply) === 'err') throw new NotOffered(reply)
  assert.equal(replyClass(reply), 'ok', reply)
}
