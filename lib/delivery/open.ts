import { errorCode } from '../error.js'
import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  lstatSync,
  openSync,
  unlinkSync,
  type Stats,
} from 'node:fs'

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
  readonly fd: number
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
 * not even opened, since that alone can have effects. Throws the error of the file system.
 */
export function openDropFile(file: string, options: OpenOptions): OpenFile | Refused {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const found = lstatSync(file, { throwIfNoEntry: false })
    if (found === undefined) {
      const fd = orUndefined(() => openSync(file, FLAGS | constants.O_CREAT | constants.O_EXCL, 0o600), 'EEXIST')
      if (fd === undefined) continue
      adopt(fd, file, options)
      return { fd, length: 0, created: true }
    }
    const fault = faultOf(found)
    if (fault !== undefined) return { refused: fault }
    const fd = orUndefined(() => openSync(file, FLAGS), 'ENOENT', 'ESTALE', 'ELOOP')
    if (fd === undefined) continue
    const opened = looked(fd)
    if (opened !== undefined) return opened
  }
  throw new Error('the file comes and goes while it is opened')
}

/** What is really open is looked at again: the name may have changed hands since. */
function looked(fd: number): OpenFile | Refused | undefined {
  let keep = false
  try {
    const stat = fstatSync(fd)
    if (stat.nlink === 0) return undefined
    const fault = faultOf(stat)
    if (fault !== undefined) return { refused: fault }
    keep = true
    return { fd, length: stat.size, created: false }
  } finally {
    if (!keep) closeSync(fd)
  }
}

/** A file that could not be given to its owner goes again, or the next delivery would take it as it is. */
function adopt(fd: number, file: string, options: OpenOptions): void {
  try {
    if (options.owner !== undefined && process.getuid?.() === 0) {
      fchownSync(fd, options.owner.uid, options.owner.gid)
    }
    fchmodSync(fd, options.mode)
  } catch (error) {
    closeSync(fd)
    unlinkSync(file)
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

function orUndefined<T>(action: () => T, ...codes: readonly string[]): T | undefined {
  try {
    return action()
  } catch (error) {
    if (codes.includes(errorCode(error) ?? '')) return undefined
    throw error
  }
}
