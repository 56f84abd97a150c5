import { constants, statSync } from 'node:fs'
import { lstat, open, type FileHandle } from 'node:fs/promises'
import path from 'node:path'
import type { ForwardFileText } from '../routing/tables.js'

/** A forward file may have this many bytes (R13). */
const MAX_BYTES = 64 * 1024

const SERVICE_UID = process.geteuid?.() ?? 0

/**
 * Whether there is no forward file, for a file on a disk of this machine: nearly every user has none, and asking at once
 * costs a tenth of asking through the thread pool. Any doubt is left to `readForwardFile`.
 */
export function hasNoForwardFile(file: string): boolean {
  try {
    return statSync(file, { throwIfNoEntry: false }) === undefined
  } catch {
    return false
  }
}

/** Errors that say "there is none", and those that say "not for us"; any other is a passing fault. */
const ABSENT = new Set(['ENOENT', 'ENOTDIR'])
const REFUSED = new Set(['ELOOP', 'EACCES', 'EPERM', 'EISDIR', 'ENXIO'])

/**
 * Reads `.forward` or `<drop file>.fwd` if it can be trusted (R13): a regular file of the user's or root's that only its
 * owner can write, reached through no symbolic link of somebody else's. `ownerUid` undefined = a user without a uid, whose
 * files belong to the account the server runs as.
 */
export async function readForwardFile(file: string, ownerUid: number | undefined): Promise<ForwardFileText> {
  const trusted = new Set([0, ownerUid ?? SERVICE_UID])
  let handle: FileHandle | undefined
  try {
    handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    const { size, mode, uid } = await assertFile(handle)
    if (!trusted.has(uid)) return ignored('it belongs to somebody else')
    if ((mode & 0o022) !== 0) return ignored('others than its owner can write to it')
    if (size > MAX_BYTES) return ignored(`it is larger than ${MAX_BYTES} bytes`)
    const link = await foreignLink(file, trusted)
    if (link !== undefined) return ignored(`${link} is a symbolic link of somebody else's`)
    const buffer = Buffer.alloc(size)
    const { bytesRead } = await handle.read(buffer, 0, size, 0)
    return { kind: 'text', text: buffer.toString('utf8', 0, bytesRead) }
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException
    if (ABSENT.has(code)) return { kind: 'absent' }
    if (REFUSED.has(code)) return ignored(code === 'ELOOP' ? 'it is a symbolic link' : `it cannot be read (${code})`)
    return { kind: 'unavailable', detail: message }
  } finally {
    await handle?.close()
  }
}

async function assertFile(handle: FileHandle): Promise<{ size: number; mode: number; uid: number }> {
  const stats = await handle.stat()
  if (!stats.isFile()) throw Object.assign(new Error('not a regular file'), { code: 'EISDIR' })
  return stats
}

/** The first folder on the way that is a symbolic link of somebody not trusted. */
async function foreignLink(file: string, trusted: ReadonlySet<number>): Promise<string | undefined> {
  for (let folder = path.dirname(file); folder !== path.dirname(folder); folder = path.dirname(folder)) {
    const stats = await lstat(folder)
    if (stats.isSymbolicLink() && !trusted.has(stats.uid)) return folder
  }
  return undefined
}

function ignored(reason: string): ForwardFileText {
  return { kind: 'ignored', reason: `the forward file is ignored: ${reason}` }
}
