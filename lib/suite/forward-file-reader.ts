import { closeSync, constants, fstatSync, lstatSync, openSync, readSync } from 'node:fs'
import path from 'node:path'
import type { ForwardFileText } from '../routing/tables.js'

/** A forward file may have this many bytes (R13). */
const MAX_BYTES = 64 * 1024

const SERVICE_UID = process.geteuid?.() ?? 0

/** Errors that say "there is none", and those that say "not for us"; any other is a passing fault. */
const ABSENT = new Set(['ENOENT', 'ENOTDIR'])
const REFUSED = new Set(['ELOOP', 'EACCES', 'EPERM', 'EISDIR', 'ENXIO'])

/**
 * Reads `.forward` or `<drop file>.fwd` if it can be trusted (R13): a regular file of the user's or root's that only its
 * owner can write, reached through no symbolic link of somebody else's. `ownerUid` undefined = a user without a uid, whose
 * files belong to the account the server runs as. Waits for the disk: see forward-files.ts.
 */
export function readForwardFile(file: string, ownerUid: number | undefined): ForwardFileText {
  let fd: number | undefined
  try {
    // Nearly every user has none, and asking costs less than an open that fails.
    if (lstatSync(file, { throwIfNoEntry: false }) === undefined) return { kind: 'absent' }
    fd = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    return readTrusted(file, fd, new Set([0, ownerUid ?? SERVICE_UID]))
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException
    if (ABSENT.has(code)) return { kind: 'absent' }
    if (REFUSED.has(code)) return ignored(code === 'ELOOP' ? 'it is a symbolic link' : `it cannot be read (${code})`)
    return { kind: 'unavailable', detail: message }
  } finally {
    if (fd !== undefined) closeSync(fd)
  }
}

function readTrusted(file: string, fd: number, trusted: ReadonlySet<number>): ForwardFileText {
  const stats = fstatSync(fd)
  if (!stats.isFile()) return ignored('it cannot be read (EISDIR)')
  if (!trusted.has(stats.uid)) return ignored('it belongs to somebody else')
  if ((stats.mode & 0o022) !== 0) return ignored('others than its owner can write to it')
  if (stats.size > MAX_BYTES) return ignored(`it is larger than ${MAX_BYTES} bytes`)
  const link = foreignLink(file, trusted)
  if (link !== undefined) return ignored(`${link} is a symbolic link of somebody else's`)
  const buffer = Buffer.alloc(stats.size)
  const length = readSync(fd, buffer, 0, stats.size, 0)
  return { kind: 'text', text: buffer.toString('utf8', 0, length) }
}

/** Folders found to be reached by no link of others, for a while: all the drop files of a folder share the way to it. */
const goodFolders = new Map<string, number>()
const GOOD_FOR_MS = 5_000
const GOOD_FOLDERS = 1_000

/** The first folder on the way that is a symbolic link of somebody not trusted. */
function foreignLink(file: string, trusted: ReadonlySet<number>): string | undefined {
  const key = `${[...trusted].join()} ${path.dirname(file)}`
  const now = performance.now()
  if ((goodFolders.get(key) ?? 0) > now) return undefined
  const link = findForeignLink(file, trusted)
  if (link === undefined) {
    if (goodFolders.size >= GOOD_FOLDERS) goodFolders.clear()
    goodFolders.set(key, now + GOOD_FOR_MS)
  }
  return link
}

function findForeignLink(file: string, trusted: ReadonlySet<number>): string | undefined {
  for (let folder = path.dirname(file); folder !== path.dirname(folder); folder = path.dirname(folder)) {
    const stats = lstatSync(folder)
    if (stats.isSymbolicLink() && !trusted.has(stats.uid)) return folder
  }
  return undefined
}

function ignored(reason: string): ForwardFileText {
  return { kind: 'ignored', reason: `the forward file is ignored: ${reason}` }
}
