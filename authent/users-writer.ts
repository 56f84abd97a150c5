import { isUtf8 } from 'node:buffer'
import {
  closeSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { decodeText } from '../lib/conf/read-file.js'
import { makeLike, replaceFile, syncDirectory, type Like } from '../lib/durable.js'
import { tryLock } from '../lib/delivery/dotlock.js'
import { errorCode } from '../lib/error.js'
import { Unable } from './source.js'
import { wholeLines, type UserFiles } from './users-reader.js'
import { formatUserLine, parseUserLine, type FileUser } from './users-table.js'

/** nwauth.add is folded in when it is longer: it is read anew with each change. */
const FOLD_BYTES = 64 * 1024
const LOCK_STALE_MS = 5 * 60_000
const LOCK_WAIT_MS = 8_000
const LOCK_POLL_MS = 20

/**
 * Runs `change` while nobody else writes these files: the dot-lock `<file>.lock`, which other programs know too. Throws Unable
 * where it does not become free within 8 s.
 */
export async function withLock<T>({ main }: UserFiles, change: () => T): Promise<T> {
  const end = performance.now() + LOCK_WAIT_MS
  for (;;) {
    const lock = tryLock(main, { staleMs: LOCK_STALE_MS, lockId: '' })
    if (!('busy' in lock)) {
      try {
        return change()
      } finally {
        lock.release()
      }
    }
    if (performance.now() > end) throw new Unable(`the user file is locked by ${lock.holder}`)
    await pause(LOCK_POLL_MS)
  }
}

/** Writes a user, new or changed. Durable when it returns. Only under the lock. */
export function putUser(files: UserFiles, user: FileUser): void {
  if (files.add === undefined) {
    rewrite(files.main, new Map([[user.name, user]]))
    return
  }
  if (statSync(files.main, { throwIfNoEntry: false }) === undefined) rewrite(files.main, new Map())
  const length = appendLine(files.add, files.main, `${formatUserLine(user)}\n`)
  if (length === undefined) fold(files, new Map([[user.name, user]]))
  else if (length > FOLD_BYTES) fold(files, new Map())
}

/** Takes a user out of both files. Durable when it returns. Only under the lock. */
export function removeUser(files: UserFiles, name: string): void {
  fold(files, new Map([[name, undefined]]))
}

/** What was added goes into the main file: first the whole there, then the other is emptied. */
function fold({ main, add }: UserFiles, changes: ReadonlyMap<string, FileUser | undefined>): void {
  const added = add === undefined ? '' : wholeLines(readIfThere(add))
  const users = new Map<string, FileUser | undefined>()
  for (const line of added.split('\n')) {
    const user = parseUserLine(line)
    if (typeof user === 'object') users.set(user.name, user)
  }
  for (const [name, user] of changes) users.set(name, user)
  rewrite(main, users)
  if (add !== undefined) rmSync(add, { force: true })
}

/** The main file with some users changed, added or (undefined) taken out; every other line stays as it is. */
function rewrite(given: string, changes: ReadonlyMap<string, FileUser | undefined>): void {
  const file = statSync(given, { throwIfNoEntry: false }) === undefined ? given : realpathSync(given)
  const open = new Map(changes)
  const kept: string[] = []
  for (const line of readIfThere(file).split('\n')) {
    const user = parseUserLine(line)
    if (typeof user !== 'object' || !changes.has(user.name)) kept.push(line)
    else {
      const changed = open.get(user.name)
      open.delete(user.name)
      // A user written twice has one line from now on.
      if (changed !== undefined) kept.push(formatUserLine(changed))
    }
  }
  if (kept.at(-1) === '') kept.pop()
  for (const user of open.values()) if (user !== undefined) kept.push(formatUserLine(user))
  replaceFile(file, kept.map((line) => `${line}\n`).join(''), likeOf(file))
}

/**
 * Appends to nwauth.add, which has the mode and owner of the main file; returns its length. Undefined, and nothing done, where
 * it is no UTF-8: one file has one encoding.
 */
function appendLine(file: string, main: string, line: string): number | undefined {
  const isNew = statSync(file, { throwIfNoEntry: false }) === undefined
  const fd = openSync(file, 'a+', 0o600)
  try {
    if (isNew) makeLike(fd, likeOf(main))
    const before = readFileSync(fd)
    if (!isUtf8(before)) return undefined
    const whole = before.lastIndexOf(0x0a) + 1
    // What a crash cut off would become one line with this one.
    if (whole < before.length) ftruncateSync(fd, whole)
    writeFileSync(fd, line)
    fsyncSync(fd)
    if (isNew) syncDirectory(path.dirname(file))
    return whole + Buffer.byteLength(line)
  } finally {
    closeSync(fd)
  }
}

/** Haraka must still be able to read what an administrator writes as root. */
function likeOf(file: string): Like {
  const there = statSync(file, { throwIfNoEntry: false })
  const { uid, gid } = there ?? statSync(path.dirname(file))
  return { mode: there?.mode ?? 0o600, uid, gid }
}

function readIfThere(file: string): string {
  try {
    return decodeText(readFileSync(file))
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return ''
    throw error
  }
}
