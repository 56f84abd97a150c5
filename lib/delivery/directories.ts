import { constants } from 'node:fs'
import { mkdir, open, stat } from 'node:fs/promises'
import path from 'node:path'
import { errorCode } from './failure.js'

/**
 * Creates the hash directories that are missing between the drop root and `directory`, with the root's owner and mode, each
 * one's entry on disk before the next (D3). The root itself is the operator's: where it is missing, nothing is created,
 * since it may be a disk that is not mounted. A directory that is not below the root is left alone.
 *
 * Rejects with the error of the file system.
 */
export async function makeBelow(root: string, directory: string, fsync: boolean): Promise<void> {
  const below = path.relative(root, directory)
  if (below === '' || below.startsWith('..') || path.isAbsolute(below)) return
  if (await isDirectory(directory)) return
  const like = await stat(root)
  let parent = root
  for (const part of below.split(path.sep)) {
    const child = path.join(parent, part)
    if (await make(child, like)) {
      if (fsync) await syncDirectory(parent)
    }
    parent = child
  }
}

/** Puts the entries of a directory on disk. File systems that know no such thing say EINVAL or ENOTSUP. */
export async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, constants.O_RDONLY | constants.O_DIRECTORY)
  try {
    await handle.sync()
  } catch (error) {
    if (!['EINVAL', 'ENOTSUP', 'EOPNOTSUPP'].includes(errorCode(error) ?? '')) throw error
  } finally {
    await handle.close()
  }
}

async function make(directory: string, like: { uid: number; gid: number; mode: number }): Promise<boolean> {
  try {
    await mkdir(directory, 0o700)
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false
    throw error
  }
  const handle = await open(directory, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW)
  try {
    if (process.getuid?.() === 0) await handle.chown(like.uid, like.gid)
    await handle.chmod(like.mode & 0o7777)
  } finally {
    await handle.close()
  }
  return true
}

async function isDirectory(directory: string): Promise<boolean> {
  try {
    return (await stat(directory)).isDirectory()
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return false
    throw error
  }
}
