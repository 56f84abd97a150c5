import { closeSync, fstatSync, openSync, readFileSync, statSync, type BigIntStats } from 'node:fs'
import path from 'node:path'
import { decodeText } from '../lib/conf/read-file.js'
import { errorCode, errorText } from '../lib/error.js'
import { parseUsers, type UsersTable } from './users-table.js'

export type UsersRead =
  { readonly ok: true; readonly table: UsersTable } | { readonly ok: false; readonly detail: string }

/** The files of one set of users. */
export interface UserFiles {
  readonly main: string
  /** nwauth.add: changes not yet folded into `main`; none where `-path` names a file. */
  readonly add: string | undefined
}

/** What `-path` names: NWAuth's directory with nwauth.txt and nwauth.add, or one file. */
export function userFiles(given: string): UserFiles {
  return statSync(given, { throwIfNoEntry: false })?.isDirectory() === true
    ? { main: path.join(given, 'nwauth.txt'), add: path.join(given, 'nwauth.add') }
    : { main: given, add: undefined }
}

// A file changed twice within one tick of the file system's clock looks unchanged; younger ones are read again.
const SETTLED_MS = 1_000
const TRIES = 5
const ABSENT = 'absent'

interface Part {
  readonly stamp: string
  readonly content: string
  readonly table: UsersTable
}

/**
 * A function that gives the current users and reads a file only when it changed, be it in place or by another file taking its
 * name. `onLoad` hears of each newly read table. A file that cannot be read, or keeps changing, is not the same as a file
 * without users: the answer says so.
 */
export function usersFile(given: string, onLoad: (table: UsersTable, file: string) => void): () => UsersRead {
  let parts: { readonly main?: Part; readonly add?: Part } = {}

  function load(files: UserFiles): UsersTable {
    for (let tries = 0; tries < TRIES; tries++) {
      // First what was added: whoever folds it in has the whole in `main` before it goes.
      const add = files.add === undefined ? undefined : refresh(files.add, parts.add, onLoad, { optional: true })
      const main = refresh(files.main, parts.main, onLoad, { optional: false })
      parts = { main, ...(add === undefined ? {} : { add }) }
      if (files.add === undefined || add === undefined) return main.table
      if (stampOf(files.add) === add.stamp) return joined(main.table, add.table)
    }
    throw new Error('it changes all the time')
  }

  return () => {
    try {
      return { ok: true, table: load(userFiles(given)) }
    } catch (error) {
      return { ok: false, detail: errorCode(error) ?? errorText(error) }
    }
  }
}

function joined(main: UsersTable, add: UsersTable): UsersTable {
  return add.users.size === 0 ? main : { ...main, added: add.users }
}

function refresh(
  file: string,
  last: Part | undefined,
  onLoad: (table: UsersTable, file: string) => void,
  { optional }: { readonly optional: boolean },
): Part {
  if (last !== undefined && settledStamp(file) === last.stamp) return last
  const { stamp, content } = readWhole(file, optional)
  if (last?.content === content) return { ...last, stamp }
  // A line that a crash cut off is no user; only this program appends, so it is no user of anybody's.
  const table = parseUsers(optional ? wholeLines(content) : content)
  onLoad(table, file)
  return { stamp, content, table }
}

/** Without what stands after the last line end. */
export function wholeLines(content: string): string {
  return content.slice(0, content.lastIndexOf('\n') + 1)
}

/** Content and state of the same moment: the file did not change while it was read. */
function readWhole(file: string, optional: boolean): { stamp: string; content: string } {
  for (let tries = 0; tries < TRIES; tries++) {
    let fd: number
    try {
      fd = openSync(file, 'r')
    } catch (error) {
      if (optional && errorCode(error) === 'ENOENT') return { stamp: ABSENT, content: '' }
      throw error
    }
    try {
      const before = fstatSync(fd, { bigint: true })
      const bytes = readFileSync(fd)
      const after = fstatSync(fd, { bigint: true })
      if (text(before) === text(after)) return { stamp: text(after), content: decodeText(bytes) }
    } finally {
      closeSync(fd)
    }
  }
  throw new Error('it changes all the time')
}

function stampOf(file: string): string {
  const stats = statSync(file, { bigint: true, throwIfNoEntry: false })
  return stats === undefined ? ABSENT : text(stats)
}

/** Undefined while the file is so young that another change might not show. */
function settledStamp(file: string): string | undefined {
  const stats = statSync(file, { bigint: true, throwIfNoEntry: false })
  if (stats === undefined) return ABSENT
  return Math.abs(Date.now() - Number(stats.ctimeMs)) < SETTLED_MS ? undefined : text(stats)
}

function text({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return [dev, ino, size, mtimeNs, ctimeNs].join(':')
}
