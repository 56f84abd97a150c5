import { constants, type Stats } from 'node:fs'
import { lstat, open, unlink, type FileHandle } from 'node:fs/promises'
import { errorCode } from './failure.js'

export interface Owner {
  readonly uid: number
  readonly gid: number
}

export interface OpenOptions {
  /** Permission bits of a file that is created, whatever the umask. */
  readonly mode: number
  /** Owner of a file that is created; heeded when the server runs as root (D5). */
  readonly owner?: Owner
}

/** A drop file open for appending, its length in bytes before, and whether it is new. */
export interface OpenFile {
  readonly handle: FileHandle
  readonly length: number
  readonly created: boolean
}

export interface Refused {
  /** What stands where a drop file should be: `it is a symbolic link`. */
  readonly refused: string
}

// O_NONBLOCK: opening a FIFO must not wait for a reader. O_RDWR: the end of the file is read before it is appended to.
const FLAGS = constants.O_RDWR | constants.O_APPEND | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY

/** How often the file may come or go between looking and opening. */
const ATTEMPTS = 5

/**
 * Opens or creates a drop file (D5): a regular file with one link, reached by no symbolic link of that name. Devices are
 * not even opened, since that alone can have effects. Rejects with the error of the file system.
 */
export async function openDropFile(file: string, options: OpenOptions): Promise<OpenFile | Refused> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const found = await orUndefined(lstat(file), 'ENOENT')
    if (found === undefined) {
      const handle = await orUndefined(open(file, FLAGS | constants.O_CREAT | constants.O_EXCL, 0o600), 'EEXIST')
      if (handle === undefined) continue
      await adopt(handle, file, options)
      return { handle, length: 0, created: true }
    }
    const fault = faultOf(found)
    if (fault !== undefined) return { refused: fault }
    const handle = await orUndefined(open(file, FLAGS), 'ENOENT', 'ELOOP')
    if (handle === undefined) continue
    const opened = await looked(handle)
    if (opened !== undefined) return opened
  }
  throw new Error('the file comes and goes while it is opened')
}

/** What is really open is looked at again: the name may have changed hands since. */
async function looked(handle: FileHandle): Promise<OpenFile | Refused | undefined> {
  let keep = false
  try {
    const stat = await handle.stat()
    if (stat.nlink === 0) return undefined
    const fault = faultOf(stat)
    if (fault !== undefined) return { refused: fault }
    keep = true
    return { handle, length: stat.size, created: false }
  } finally {
    if (!keep) await handle.close()
  }
}

/** A file that could not be given to its owner goes again, or the next delivery would take it as it is. */
async function adopt(handle: FileHandle, file: string, options: OpenOptions): Promise<void> {
  try {
    if (options.owner !== undefined && process.getuid?.() === 0) {
      await handle.chown(options.owner.uid, options.owner.gid)
    }
    await handle.chmod(options.mode)
  } catch (error) {
    await handle.close()
    await unlink(file)
    throw error
  }
}

function faultOf(stat: Stats): string | undefined {
  if (stat.isSymbolicLink()) return 'it is a symbolic link'
  if (stat.isDirectory()) return 'it is a directory'
  if (stat.isFIFO()) return 'it is a FIFO'
  if (stat.isSocket()) return 'it is a socket'
  if (!stat.isFile()) return 'it is a device'
  if (stat.nlink > 1) return `it has ${stat.nlink} hard links`
  return undefined
}

async function orUndefined<T>(promise: Promise<T>, ...codes: readonly string[]): Promise<T | undefined> {
  try {
    return await promise
  } catch (error) {
    if (codes.includes(errorCode(error) ?? '')) return undefined
    throw error
  }
}
