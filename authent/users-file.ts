import { closeSync, fstatSync, openSync, readFileSync, statSync, type BigIntStats } from 'node:fs'
import { foldLocal } from '../lib/address.js'
import { decodeText } from '../lib/conf/read-file.js'
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
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.trim()
    if (line === '' || line.startsWith('#')) continue
    const [, written, password, info = ''] = /^([^:]*):([^:]*)(?::(.*))?$/.exec(line) ?? []
    const name = foldLocal(written?.trim() ?? '')
    if (password === undefined) problems.push(`line ${index + 1}: not of the form user:password:info`)
    else if (!validName(name)) problems.push(`line ${index + 1}: not a valid user name`)
    else users.set(name, { name, password, info: info.trim() })
  }
  return { users, problems }
}

/** The user of that name, without regard to case. */
export function findUser(table: UsersTable, name: string): FileUser | undefined {
  return table.users.get(foldLocal(name))
}

/** Users whose name matches: `*` and `?` are wildcards, text without them may stand anywhere in the name. */
export function searchUsers(table: UsersTable, pattern: string, max: number): FileUser[] {
  const matches = compileWildcard(hasWildcard(pattern) ? pattern : `*${pattern}*`)
  const found: FileUser[] = []
  for (const user of table.users.values()) {
    if (found.length >= max) break
    if (matches(user.name)) found.push(user)
  }
  return found
}

export type UsersRead =
  { readonly ok: true; readonly table: UsersTable } | { readonly ok: false; readonly detail: string }

// A file changed twice within one tick of the file system's clock looks unchanged; younger ones are read again.
const SETTLED_MS = 1_000
const TRIES = 5

/**
 * A function that gives the current content of a user file and reads it only when the file changed, be it in
 * place or by another file taking its name. `onLoad` hears of each newly read table. A file that cannot be read, or
 * keeps changing, is not the same as a file without users: the answer says so.
 */
export function usersFile(path: string, onLoad: (table: UsersTable) => void): () => UsersRead {
  let last: { readonly stamp: string; readonly content: string; readonly table: UsersTable } | undefined
  return () => {
    try {
      if (last !== undefined && settledStamp(statSync(path, { bigint: true })) === last.stamp) {
        return { ok: true, table: last.table }
      }
      const { stats, content } = readWhole(path)
      if (last?.content !== content) {
        const table = parseUsers(content)
        onLoad(table)
        last = { stamp: stampOf(stats), content, table }
      } else {
        last = { ...last, stamp: stampOf(stats) }
      }
      return { ok: true, table: last.table }
    } catch (error) {
      return { ok: false, detail: codeOf(error) }
    }
  }
}

/** Content and state of the same moment: the file did not change while it was read. */
function readWhole(path: string): { stats: BigIntStats; content: string } {
  for (let tries = 0; tries < TRIES; tries++) {
    const fd = openSync(path, 'r')
    try {
      const before = fstatSync(fd, { bigint: true })
      const bytes = readFileSync(fd)
      const after = fstatSync(fd, { bigint: true })
      if (stampOf(before) === stampOf(after)) return { stats: after, content: decodeText(bytes) }
    } finally {
      closeSync(fd)
    }
  }
  throw new Error('it changes all the time')
}

function stampOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return [dev, ino, size, mtimeNs, ctimeNs].join(':')
}

function settledStamp(stats: BigIntStats): string | undefined {
  return Math.abs(Date.now() - Number(stats.ctimeMs)) < SETTLED_MS ? undefined : stampOf(stats)
}

function codeOf(error: unknown): string {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code
  return error instanceof Error ? error.message : String(error)
}
