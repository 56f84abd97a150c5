import { formatFields, parseFields } from '../lib/directory/fields.js'
import { REPLY_LIMIT, validName } from '../lib/directory/protocol.js'
import { packageVersion } from '../lib/version.js'
import { parseSearch } from './search-command.js'
import { Refused, Unable, type User, type UserSource } from './source.js'

export interface CommandAnswer {
  /** Without line ends; the last one closes the answer. */
  readonly lines: readonly string[]
  /** The command was `exit`. */
  readonly end: boolean
}

export interface AnswerOptions {
  /** Which names are asked for at all. */
  readonly validName?: (name: string) => boolean
  /** Hears of faults that the answer does not tell in full. */
  readonly complain?: (error: unknown) => void
}

type Answering = (line: string, source: UserSource, valid: (name: string) => boolean) => Promise<CommandAnswer>

const KEEP_PASSWORD = '(NULL)'
const ERROR_BYTES = 99

const COMMANDS: Readonly<Record<string, Answering>> = {
  lookup,
  check,
  search,
  set,
  del: remove,
  delete: remove,
  version: (_line, { title }) => Promise.resolve(one(`+OK haraka-plugin-dmail ${packageVersion()} ${title} module`)),
  help,
  exit: goodbye,
  quit: goodbye,
}

/** True for commands that change users: what comes after one must see what it did. */
export function isChange(line: string): boolean {
  return /^(?:set|del|delete)$/.test(wordOf(line))
}

/**
 * Answers one line of the protocol of semantics 5. While the source cannot tell, the answer is `-DEAD`, never `-ERR`: not
 * knowing a user is not the same as knowing there is none. Never rejects.
 */
export async function answerCommand(
  line: string,
  source: UserSource,
  options: AnswerOptions = {},
): Promise<CommandAnswer> {
  const command = Object.hasOwn(COMMANDS, wordOf(line)) ? COMMANDS[wordOf(line)] : undefined
  if (command === undefined) return error('unknown command, try help')
  try {
    return await command(line.replace(/^[ \t]+|[ \t]+$/g, ''), source, options.validName ?? validName)
  } catch (thrown) {
    if (thrown instanceof Refused) return error(thrown.message)
    if (thrown instanceof Unable) {
      if (thrown.cause !== undefined) options.complain?.(thrown)
      return dead(thrown.message)
    }
    options.complain?.(thrown)
    return dead('the module failed and has told why in its log')
  }
}

async function lookup(line: string, source: UserSource, valid: (name: string) => boolean): Promise<CommandAnswer> {
  const [, name = '', ...rest] = words(line)
  if (rest.length > 0 || !valid(name)) return error('bad user name')
  const user = await source.lookup(name)
  return user === undefined ? error('no such user') : one(described(user))
}

async function check(line: string, source: UserSource, valid: (name: string) => boolean): Promise<CommandAnswer> {
  // The third word, the client's address, decides nothing.
  const [, name = '', password = '', ...rest] = words(line)
  if (rest.length > 1 || !valid(name)) return error('bad user name or password')
  const user = await source.check(name, password)
  return user === undefined ? error(`${short(name)} password wrong or not a valid user`) : one(described(user))
}

async function search(line: string, source: UserSource): Promise<CommandAnswer> {
  const asked = parseSearch(words(line).slice(1))
  if (asked === undefined) return error('usage: search text [-from n] [-max m]')
  const found = await source.search(asked.pattern, asked.range)
  return { lines: [...found.map(dataLine), `+OK ${found.length} found`], end: false }
}

async function set(line: string, source: UserSource, valid: (name: string) => boolean): Promise<CommandAnswer> {
  const [, name = '', password, info] = /^\S+[ \t]+(\S+)[ \t]+(\S+)(?:[ \t]+(.*))?$/.exec(line) ?? []
  if (source.set === undefined) return error('this module does not change users')
  if (password === undefined) return error('usage: set user password [label="value" ...]')
  if (!valid(name)) return error('bad user name')
  const fields = info === undefined ? undefined : readInfo(info)
  const done = await source.set(name, { password: password === KEEP_PASSWORD ? undefined : password, fields }, 'either')
  return one(done === 'added' ? '+OK user added to database' : '+OK user changed')
}

async function remove(line: string, source: UserSource, valid: (name: string) => boolean): Promise<CommandAnswer> {
  const [, name = '', ...rest] = words(line)
  if (source.remove === undefined) return error('this module does not change users')
  if (rest.length > 0 || !valid(name)) return error('bad user name')
  return (await source.remove(name)) ? one('+OK user deleted') : error('no such user')
}

function help(_line: string, source: UserSource): Promise<CommandAnswer> {
  const changes = source.set === undefined ? '' : ' set user password [info], del user,'
  const commands = `lookup user, check user password [ip], search text [-from n] [-max m],${changes} version, help, exit`
  return Promise.resolve(one(`+OK commands: ${commands}`))
}

function goodbye(): Promise<CommandAnswer> {
  return Promise.resolve({ lines: ['+OK goodbye'], end: true })
}

/** The fields of an info part as somebody writes it. Throws Refused for what would not come back from where it is kept. */
export function readInfo(info: string): ReadonlyMap<string, string> {
  const fields = /\p{Cc}/u.test(info) ? undefined : parseFields(info)
  if (fields === undefined || (fields.size === 0) !== (info.trim() === '')) {
    throw new Refused('the info part is not of the form label="value" label="value"')
  }
  if (!comesBack(fields)) throw new Refused('the info part has a value that cannot be told from two fields')
  return fields
}

/** `+OK user config 0 fields`; the drop file where the source knows one. */
function described(user: User): string {
  const { name, fields, dropFile = 'config' } = user
  // Half a redirection or what no reply line can carry: mail waits until it is mended.
  if (fields === undefined) return '-DEAD the info part of this user has no closing quote'
  if (!validName(name)) return '-DEAD the name of this user is not allowed'
  if (!/^\S+$/.test(dropFile)) return '-DEAD the drop file of this user has blanks in its path'
  const reply = `+OK ${name} ${dropFile} 0 ${formatFields(fields)}`.trim()
  if (/(?!\t)\p{Cc}/u.test(reply)) return '-DEAD the info part of this user has control characters'
  if (!comesBack(fields)) return '-DEAD the info part of this user cannot be told from other fields'
  if (Buffer.byteLength(reply) > REPLY_LIMIT) return '-DEAD the info part of this user is too long'
  return reply
}

/** A user whose info part is no text for a line is named without it. */
function dataLine({ name, fields }: User): string {
  const line = `+DATA ${name} ${formatFields(fields ?? new Map<string, string>())}`.trim()
  return /\p{Cc}/u.test(line) || Buffer.byteLength(line) > REPLY_LIMIT
    ? `+DATA ${name.replace(/[\s\p{Cc}]/gu, '?')}`
    : line
}

/** False for fields that would be read as other ones (see formatFields). */
function comesBack(fields: ReadonlyMap<string, string>): boolean {
  const back = parseFields(formatFields(fields))
  return back?.size === fields.size && [...fields].every(([label, value]) => back.get(label) === value)
}

function wordOf(line: string): string {
  return (words(line)[0] ?? '').toLowerCase()
}

function words(line: string): string[] {
  return line.split(/[ \t]+/).filter((word) => word !== '')
}

function error(reason: string): CommandAnswer {
  return one(`-ERR ${Buffer.byteLength(reason) <= ERROR_BYTES ? reason : 'this cannot be done'}`)
}

function dead(reason: string): CommandAnswer {
  return one(`-DEAD ${reason.replace(/\p{Cc}/gu, ' ').slice(0, 200)}`)
}

function one(line: string): CommandAnswer {
  return { lines: [line], end: false }
}

/** Error text stays under 100 bytes (protocol.htm). */
function short(text: string): string {
  return Buffer.byteLength(text) <= 48 ? text : 'this user:'
}
