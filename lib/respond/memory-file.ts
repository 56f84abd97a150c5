import { createHash } from 'node:crypto'
import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs'
import { replaceFile } from '../durable.js'
import { errorCode } from '../error.js'

/** Who was answered, and when: key of the sender to milliseconds since 1970. */
export type Answered = Map<string, number>

/** What a file holds. */
export interface FileOfAnswered {
  readonly answered: Answered
  /** Why it is not as we write it; undefined where it is. What could be read is in `answered`. */
  readonly damage: string | undefined
}

/** Ten times what MAX_SENDERS lines have. */
const MAX_BYTES = 16 * 1024 * 1024
const TITLE = '# drespond 1: who was answered, and when'

/**
 * The name of a user's file: his address where it can be one, a sum of it where it is too long. What lies beside it (a lock, the file
 * that is being written) ends in another way, and so is no other user's file.
 */
export function memoryFileName(userKey: string): string {
  const name = userKey.replace(/[^a-z0-9@._+=-]|^[.-]/gu, (character) =>
    Array.from(Buffer.from(character), (byte) => `%${byte.toString(16).padStart(2, '0')}`).join(''),
  )
  return `${name.length <= 180 ? name : createHash('sha256').update(userKey).digest('hex')}.answered`
}

/** Reads a file; nobody was answered where there is none. Throws the error of the file system. */
export function readAnswered(file: string): FileOfAnswered {
  let fd: number
  try {
    fd = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return { answered: new Map(), damage: undefined }
    if (errorCode(error) === 'ELOOP') return { answered: new Map(), damage: 'it is a symbolic link' }
    throw error
  }
  try {
    const stat = fstatSync(fd)
    if (!stat.isFile()) return { answered: new Map(), damage: 'it is not a regular file' }
    if (stat.size > MAX_BYTES) return { answered: new Map(), damage: 'it is too large' }
    return parseAnswered(readFileSync(fd, 'utf8'))
  } finally {
    closeSync(fd)
  }
}

/** What stands in such a file. */
export function parseAnswered(text: string): FileOfAnswered {
  const answered: Answered = new Map()
  const lines = text.split('\n')
  let damage = lines[0] === TITLE ? undefined : 'its first line is not ours'
  if (lines.at(-1) !== '') damage ??= 'its end is missing'
  lines.slice(1, -1).forEach((line, at) => {
    const entry = parseLine(line)
    if (entry === undefined) damage ??= `line ${at + 2} cannot be read`
    else answered.set(entry.sender, entry.atMs)
  })
  return { answered, damage }
}

export function formatAnswered(answered: Answered): string {
  const lines = Array.from(answered, ([sender, atMs]) => `${new Date(atMs).toISOString()} ${JSON.stringify(sender)}\n`)
  return `${TITLE}\n${lines.join('')}`
}

/** Durable when it returns. The caller holds the lock. */
export function writeAnswered(file: string, answered: Answered): void {
  replaceFile(file, formatAnswered(answered), { mode: 0o600 })
}

function parseLine(line: string): { readonly sender: string; readonly atMs: number } | undefined {
  const [, time = '', quoted = ''] = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) (".*")$/s.exec(line) ?? []
  const atMs = Date.parse(time)
  if (Number.isNaN(atMs)) return undefined
  try {
    const sender: unknown = JSON.parse(quoted)
    return typeof sender === 'string' ? { sender, atMs } : undefined
  } catch {
    return undefined
  }
}
