import { randomBytes } from 'node:crypto'
import { constants, type BigIntStats } from 'node:fs'
import { link as linkFile, lstat, open, unlink, type FileHandle } from 'node:fs/promises'
import path from 'node:path'
import { asError, errorCode } from './failure.js'

/** A lock file as it was seen. */
export interface SeenLock {
  readonly dev: bigint
  readonly ino: bigint
  readonly mtimeNs: bigint
  /** False for a link, directory or device under the lock's name. */
  readonly regular: boolean
  /** What stands in it, at most 1 KiB; '' where it cannot be read. */
  readonly content: string
}

/** A lock of this server names process and host in lines of their own, and no two locks are alike. */
const MAX_CONTENT = 1024

/** Errors of link() that mean "this file system has no hard links". */
const NO_LINKS: ReadonlySet<string | undefined> = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'])

/** Reads what stands under the lock's name; undefined when there is nothing. Follows no link and waits for no FIFO. */
export async function inspectLock(lock: string): Promise<SeenLock | undefined> {
  let handle: FileHandle
  try {
    const found = await lstat(lock, { bigint: true })
    if (!found.isFile()) return seen(found, '')
    handle = await open(lock, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined
    // A lock of another user's may be closed to us, or have just become a link: held, with nothing known about it.
    const found = await lstat(lock, { bigint: true }).catch(() => undefined)
    return found === undefined ? undefined : seen(found, '')
  }
  try {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(MAX_CONTENT), 0, MAX_CONTENT, 0)
    return seen(await handle.stat({ bigint: true }), buffer.toString('utf8', 0, bytesRead))
  } finally {
    await handle.close()
  }
}

/** True when both are one lock, taken once: an inode number alone is soon used again. */
export function isSameLock(a: SeenLock, b: SeenLock): boolean {
  return a.dev === b.dev && a.ino === b.ino && a.content === b.content
}

/**
 * Creates the lock file, or resolves to undefined when there is one already. On NFS only link() is atomic, and its answer
 * may get lost: so the link count of the temporary file is what counts (D2). Where there are no hard links, O_EXCL.
 * Rejects with the error of the file system for anything else.
 */
export async function createLock(lock: string, content: string, link = linkFile): Promise<SeenLock | undefined> {
  const temporary = temporaryBeside(lock)
  const handle = await open(temporary, 'wx', 0o644)
  try {
    await handle.writeFile(content)
    let problem: Error | undefined
    try {
      await link(temporary, lock)
    } catch (error) {
      problem = asError(error)
    }
    const stat = await handle.stat({ bigint: true })
    if (stat.nlink === 2n) return seen(stat, content)
    if (!NO_LINKS.has(errorCode(problem))) {
      if (problem === undefined || errorCode(problem) === 'EEXIST') return undefined
      throw problem
    }
  } finally {
    await handle.close()
    await unlink(temporary)
  }
  return createExclusively(lock, content)
}

async function createExclusively(lock: string, content: string): Promise<SeenLock | undefined> {
  let handle: FileHandle
  try {
    handle = await open(lock, 'wx', 0o644)
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return undefined
    throw error
  }
  try {
    await handle.writeFile(content)
    return seen(await handle.stat({ bigint: true }), content)
  } catch (error) {
    await unlink(lock)
    throw error
  } finally {
    await handle.close()
  }
}

/** Makes our own lock young again, by the file server's clock; does nothing when it is not ours any more. */
export async function touchLock(lock: string, own: SeenLock): Promise<void> {
  const handle = await open(lock, constants.O_RDWR | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  try {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(MAX_CONTENT), 0, MAX_CONTENT, 0)
    // Writing the same bytes again sets the time a server's own clock shows; utimes would set ours.
    if (buffer.toString('utf8', 0, bytesRead) === own.content) await handle.write(own.content, 0)
  } finally {
    await handle.close()
  }
}

/** The time, in milliseconds, by the clock of the machine that keeps the directory. */
export async function clockOf(lock: string): Promise<number> {
  const temporary = temporaryBeside(lock)
  const handle = await open(temporary, 'wx', 0o644)
  try {
    return (await handle.stat()).mtimeMs
  } finally {
    await handle.close()
    await unlink(temporary)
  }
}

/** A new name in the lock's directory. It begins with a dot, as no drop file does (U8). */
export function temporaryBeside(lock: string): string {
  return path.join(path.dirname(lock), `.lk-${process.pid}-${randomBytes(8).toString('hex')}`)
}

function seen(stat: BigIntStats, content: string): SeenLock {
  return { dev: stat.dev, ino: stat.ino, mtimeNs: stat.mtimeNs, regular: stat.isFile(), content }
}
