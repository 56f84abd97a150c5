import { randomBytes } from 'node:crypto'
import {
  closeSync,
  constants,
  fstatSync,
  linkSync,
  lstatSync,
  openSync,
  readSync,
  unlinkSync,
  writeSync,
  type BigIntStats,
} from 'node:fs'
import path from 'node:path'
import { asError, errorCode, isGone } from '../error.js'

/** A lock file as it was seen. */
export interface SeenLock {
  readonly dev: bigint
  readonly ino: bigint
  readonly mtimeNs: bigint
  /** Whose it is, as the file system says. */
  readonly uid: bigint
  /** False for a link, directory or device under the lock's name. */
  readonly regular: boolean
  /** What stands in it, at most 1 KiB; '' where it cannot be read. */
  readonly content: string
}

/** A lock just created, still open for writing. */
export interface OpenLock extends SeenLock {
  readonly fd: number
}

/** A lock of this server names process and host in lines of their own, and no two locks are alike. */
const MAX_CONTENT = 1024

/** Names of temporary files: no other thread or machine has the first part, this one counts. */
const OWN = { unique: `${process.pid}-${randomBytes(8).toString('hex')}`, count: 0 }

const NEW = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL

/** Errors of link() that mean "this file system has no hard links". */
const NO_LINKS: ReadonlySet<string | undefined> = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'])

/** Reads what stands under the lock's name; undefined when there is nothing. Follows no link and waits for no FIFO. */
export function inspectLock(lock: string): SeenLock | undefined {
  let fd: number
  try {
    const found = lstatSync(lock, { bigint: true, throwIfNoEntry: false })
    if (found === undefined) return undefined
    if (!found.isFile()) return seen(found, '')
    fd = openSync(lock, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch (error) {
    if (isGone(error)) return undefined
    // A lock of another user's may be closed to us, or have just become a link: held, with nothing known about it.
    const found = lstatSync(lock, { bigint: true, throwIfNoEntry: false })
    return found === undefined ? undefined : seen(found, '')
  }
  try {
    const buffer = Buffer.alloc(MAX_CONTENT)
    const length = readSync(fd, buffer, 0, MAX_CONTENT, 0)
    return seen(fstatSync(fd, { bigint: true }), buffer.toString('utf8', 0, length))
  } catch (error) {
    if (isGone(error)) return undefined
    throw error
  } finally {
    closeSync(fd)
  }
}

/** True when both are one lock, taken once: an inode number alone is soon used again. What its holder adds does not count. */
export function isSameLock(a: SeenLock, b: SeenLock): boolean {
  return a.dev === b.dev && a.ino === b.ino && (a.content.startsWith(b.content) || b.content.startsWith(a.content))
}

/**
 * Creates the lock file, or returns undefined when there is one already. It comes into being with its content, by link():
 * a process killed between creating and writing would leave a lock that names nobody, which holds up mail until it is
 * old. Where machines share the directory only link() is atomic, and its answer may get lost: so the link count of the
 * temporary file is what counts (D2). Where there are no hard links, O_EXCL. Throws the error of the file system for
 * anything else.
 *
 * `shared`: what is written into it is there for other machines at once, and when this one loses power.
 */
export function createLock(lock: string, content: string, link = linkSync, shared = false): OpenLock | undefined {
  const temporary = temporaryBeside(lock)
  const flags = shared ? NEW | constants.O_DSYNC : NEW
  const fd = openSync(temporary, flags, 0o644)
  let keep = false
  try {
    writeSync(fd, content)
    let problem: Error | undefined
    try {
      link(temporary, lock)
    } catch (error) {
      problem = asError(error)
    }
    const stat = fstatSync(fd, { bigint: true })
    const noLinks = NO_LINKS.has(errorCode(problem))
    if (stat.nlink === 2n || (problem !== undefined && !noLinks && isLinkedTwice(temporary))) {
      keep = true
      return { ...seen(stat, content), fd }
    }
    if (!noLinks) {
      if (problem === undefined || errorCode(problem) === 'EEXIST') return undefined
      throw problem
    }
  } finally {
    if (!keep) closeQuietly(fd)
    removeQuietly(temporary)
  }
  return createExclusively(lock, content, flags)
}

/** A network file system may answer from memory what it knew before link() failed; only an open asks anew. */
function isLinkedTwice(file: string): boolean {
  let fd: number | undefined
  try {
    fd = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW)
    return fstatSync(fd).nlink === 2
  } catch {
    return false
  } finally {
    if (fd !== undefined) closeQuietly(fd)
  }
}

/** Closes a lock or what was to become one. NFS may tell now that its content could not be kept: then its age counts. */
export function closeQuietly(fd: number): void {
  try {
    closeSync(fd)
  } catch {
    // It is closed all the same.
  }
}

/** What became of the lock is known by now; a temporary file that stays holds up nobody. */
function removeQuietly(temporary: string): void {
  try {
    unlinkSync(temporary)
  } catch {
    // An error here would hide that the lock is ours, and nobody would give it back.
  }
}

function createExclusively(lock: string, content: string, flags: number): OpenLock | undefined {
  let fd: number
  try {
    fd = openSync(lock, flags, 0o644)
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return undefined
    throw error
  }
  try {
    writeSync(fd, content)
    return { ...seen(fstatSync(fd, { bigint: true }), content), fd }
  } catch (error) {
    closeSync(fd)
    unlinkSync(lock)
    throw error
  }
}

/** A file made there now: the time by the clock of the machine that keeps the directory, and who we are to it. */
export function madeNow(lock: string): Pick<SeenLock, 'mtimeNs' | 'uid'> {
  const temporary = temporaryBeside(lock)
  const fd = openSync(temporary, 'wx', 0o644)
  try {
    return fstatSync(fd, { bigint: true })
  } finally {
    closeSync(fd)
    unlinkSync(temporary)
  }
}

/** A new name in the lock's directory. It begins with a dot, as no drop file does (U8). */
export function temporaryBeside(lock: string): string {
  return path.join(path.dirname(lock), `.lk-${OWN.unique}-${OWN.count++}`)
}

function seen(stat: BigIntStats, content: string): SeenLock {
  const { dev, ino, mtimeNs, uid } = stat
  return { dev, ino, mtimeNs, uid, regular: stat.isFile(), content }
}
