import { foldLocal } from '../lib/address.js'
import { compileWildcard, hasWildcard } from '../lib/conf/wildcard.js'
import { validName } from '../lib/directory/protocol.js'

/** One line `user:password:info`; `info` is the text of the label="value" list. */
export interface FileUser {
  /** In lower case: names are compared without regard to case, and this one names the drop file. */
  readonly name: string
  readonly password: string
  readonly info: string
}

export interface UsersTable {
  readonly users: ReadonlyMap<string, FileUser>
  /** Those of nwauth.add, which count more; none where there is no such file. */
  readonly added?: ReadonlyMap<string, FileUser> | undefined
  /** Lines that are no user, `line 3: why`. */
  readonly problems: readonly string[]
}

/**
 * Reads the text of a user file (semantics 5, NWAuth): one `user:password:info` a line, `#` begins a comment line.
 * A user given twice has the later line.
 */
export function parseUsers(text: string): UsersTable {
  const users = new Map<string, FileUser>()
  const problems: string[] = []
  for (const [index, line] of text.split('\n').entries()) {
    const user = parseUserLine(line)
    if (typeof user === 'string') problems.push(`line ${index + 1}: ${user}`)
    else if (user !== undefined) users.set(user.name, user)
  }
  return { users, problems }
}

/** The user of one line, undefined for a comment, or what is wrong with it. */
export function parseUserLine(raw: string): FileUser | string | undefined {
  const line = raw.trim()
  if (line === '' || line.startsWith('#')) return undefined
  const [, written, password, info = ''] = /^([^:]*):([^:]*)(?::(.*))?$/.exec(line) ?? []
  const name = foldLocal(written?.trim() ?? '')
  if (password === undefined) return 'not of the form user:password:info'
  return validName(name) ? { name, password, info: info.trim() } : 'not a valid user name'
}

/** A user as a line, without line end; `parseUserLine` gives the same user back. */
export function formatUserLine({ name, password, info }: FileUser): string {
  return `${name}:${password}:${info}`
}

/** The user of that name, without regard to case. */
export function findUser({ users, added }: UsersTable, name: string): FileUser | undefined {
  const folded = foldLocal(name)
  return added?.get(folded) ?? users.get(folded)
}

/** How many users there are; one that was changed since counts twice. */
export function tableSize({ users, added }: UsersTable): number {
  return users.size + (added?.size ?? 0)
}

/** Users whose name matches: `*` and `?` are wildcards, text without them may stand anywhere in the name. */
export function searchUsers(table: UsersTable, pattern: string, max: number, from = 0): FileUser[] {
  const matches = compileWildcard(hasWildcard(pattern) ? pattern : `*${pattern}*`)
  const found: FileUser[] = []
  let passed = 0
  for (const user of allUsers(table)) {
    if (found.length >= max) break
    if (matches(user.name) && passed++ >= from) found.push(user)
  }
  return found
}

function* allUsers({ users, added }: UsersTable): Iterable<FileUser> {
  for (const user of users.values()) yield added?.get(user.name) ?? user
  for (const user of added?.values() ?? []) if (!users.has(user.name)) yield user
}
