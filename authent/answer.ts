import { formatFields, parseFields } from '../lib/directory/fields.js'
import { REPLY_LIMIT, validName } from '../lib/directory/protocol.js'
import { checkPassword } from './password.js'
import { findUser, searchUsers, type FileUser, type UsersRead } from './users-file.js'

export interface CommandAnswer {
  /** Without line ends; the last one closes the answer. */
  readonly lines: readonly string[]
  /** The command was `exit`. */
  readonly end: boolean
}

const MAX_FOUND = 1_000
const NOBODY = '*'

/**
 * Answers one line of the protocol of semantics 5 from a user file. `read` gives the file's content; while it cannot be
 * read the answer is `-DEAD`, never `-ERR`: not knowing a user is not the same as knowing there is none.
 */
export function answerCommand(line: string, read: () => UsersRead): CommandAnswer {
  const [word = '', ...args] = line.trim().split(/[ \t]+/)
  switch (word.toLowerCase()) {
    case 'lookup':
      return lookup(args, read)
    case 'check':
      return check(args, read)
    case 'search':
      return search(args, read)
    case 'version':
      return one('+OK haraka-plugin-dmail file module')
    case 'help':
      return one('+OK commands: lookup user, check user password [ip], search text, version, help, exit')
    case 'exit':
    case 'quit':
      return { lines: ['+OK goodbye'], end: true }
    default:
      return one('-ERR unknown command, try help')
  }
}

function lookup(args: readonly string[], read: () => UsersRead): CommandAnswer {
  const [name = '', ...rest] = args
  if (rest.length > 0 || !validName(name)) return one('-ERR bad user name')
  const file = read()
  if (!file.ok) return dead(file.detail)
  const user = findUser(file.table, name)
  return one(user === undefined ? '-ERR no such user' : described(user))
}

function check(args: readonly string[], read: () => UsersRead): CommandAnswer {
  const [name = '', password = '', ...rest] = args
  if (rest.length > 1 || !validName(name)) return one('-ERR bad user name or password')
  const file = read()
  if (!file.ok) return dead(file.detail)
  const user = findUser(file.table, name)
  // An unknown user costs the same work as a wrong password.
  const verdict = checkPassword(user?.password ?? NOBODY, password)
  if (user !== undefined && verdict === 'right') return one(described(user))
  if (verdict === 'unsupported') return one('-DEAD the stored password is of a kind this module cannot check')
  return one(`-ERR ${short(name)} password wrong or not a valid user`)
}

function search(args: readonly string[], read: () => UsersRead): CommandAnswer {
  const [pattern, ...rest] = args
  if (pattern === undefined || rest.length > 0) return one('-ERR usage: search text')
  const file = read()
  if (!file.ok) return dead(file.detail)
  const found = searchUsers(file.table, pattern, MAX_FOUND)
  return {
    lines: [...found.map(({ name, info }) => `+DATA ${name} ${info}`.trim()), `+OK ${found.length} found`],
    end: false,
  }
}

/** `+OK user config 0 fields`: dmail.conf decides the drop file. */
function described({ name, info }: FileUser): string {
  const fields = parseFields(info)
  const reply = fields === undefined ? undefined : `+OK ${name} config 0 ${formatFields(fields)}`.trim()
  // Half a redirection or what no reply line can carry: mail waits until the line is mended.
  if (reply === undefined) return '-DEAD the info part of this user has no closing quote'
  if (/(?!\t)\p{Cc}/u.test(reply)) return '-DEAD the info part of this user has control characters'
  if (Buffer.byteLength(reply) > REPLY_LIMIT) return '-DEAD the info part of this user is too long'
  return reply
}

function dead(detail: string): CommandAnswer {
  return one(`-DEAD the user file cannot be read: ${detail}`)
}

function one(line: string): CommandAnswer {
  return { lines: [line], end: false }
}

/** Error text stays under 100 bytes (protocol.htm). */
function short(text: string): string {
  return Buffer.byteLength(text) <= 48 ? text : 'this user:'
}
