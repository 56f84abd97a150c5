import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fsyncSync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { open } from 'node:fs/promises'
import path from 'node:path'
import { errorCode } from './error.js'

/** Whose a file is and who may read it; `mode` without the type of the file. */
export interface Like {
  readonly mode: number
  readonly uid?: number
  readonly gid?: number
}

/** The name under which a file is made before it takes its place. */
export function unfinishedName(file: string): string {
  return path.join(path.dirname(file), `.${path.basename(file)}.new`)
}

/**
 * Writes a whole file in the place of what was there: a reader sees the old one or the new one, and it is on disk when this
 * returns. Only one process at a time may do this to a file. Throws what the system says; the old file is whole then.
 */
export function replaceFile(file: string, content: string | Buffer, like: Like): void {
  const unfinished = unfinishedName(file)
  // What a crash left; never opened, since a link may have been put there.
  rmSync(unfinished, { force: true })
  const fd = openSync(unfinished, 'wx', 0o600)
  try {
    makeLike(fd, like)
    // All of it, or an error: one write may end early on a full disk.
    writeFileSync(fd, content)
    fsyncSync(fd)
    renameSync(unfinished, file)
  } catch (error) {
    rmSync(unfinished, { force: true })
    throw error
  } finally {
    closeSync(fd)
  }
  syncDirectory(path.dirname(file))
}

/** The mask of this process takes nothing away; only root can give files away. */
export function makeLike(fd: number, { mode, uid, gid }: Like): void {
  fchmodSync(fd, mode & 0o777)
  if (uid !== undefined && gid !== undefined && process.getuid?.() === 0) fchownSync(fd, uid, gid)
}

/** Puts the entries of a directory on disk. */
export function syncDirectory(directory: string): void {
  const fd = openSync(directory, constants.O_RDONLY | constants.O_DIRECTORY)
  try {
    fsyncSync(fd)
  } catch (error) {
    if (!knowsNoSync(error)) throw error
  } finally {
    closeSync(fd)
  }
}

/** The same, while others have their turn. */
export async function directorySynced(directory: string): Promise<void> {
  const handle = await open(directory, constants.O_RDONLY | constants.O_DIRECTORY)
  try {
    await handle.sync()
  } catch (error) {
    if (!knowsNoSync(error)) throw error
  } finally {
    await handle.close()
  }
}

/** File systems that know no such thing for directories say so. */
function knowsNoSync(error: unknown): boolean {
  return ['EINVAL', 'ENOTSUP', 'EOPNOTSUPP'].includes(errorCode(error) ?? '')
}
