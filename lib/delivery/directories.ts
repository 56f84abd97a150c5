import { closeSync, constants, fchmodSync, fchownSync, mkdirSync, openSync, statSync } from 'node:fs'
import path from 'node:path'
import { syncDirectory } from '../durable.js'
import { errorCode } from '../error.js'

/**
 * Creates the hash directories that are missing between the drop root and `directory`, with the root's owner and mode, each
 * one's entry on disk before the next (D3). The root itself is the operator's: where it is missing, nothing is created,
 * since it may be a disk that is not mounted. A directory that is not below the root is left alone.
 *
 * Throws the error of the file system.
 */
export function makeBelow(root: string, directory: string, fsync: boolean): void {
  const below = path.relative(root, directory)
  if (below === '' || below.startsWith('..') || path.isAbsolute(below)) return
  if (statSync(directory, { throwIfNoEntry: false })?.isDirectory() === true) return
  const like = statSync(root)
  let parent = root
  for (const part of below.split(path.sep)) {
    const child = path.join(parent, part)
    if (make(child, like) && fsync) syncDirectory(parent)
    parent = child
  }
}

function make(directory: string, like: { uid: number; gid: number; mode: number }): boolean {
  try {
    mkdirSync(directory, 0o700)
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false
    throw error
  }
  const fd = openSync(directory, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW)
  try {
    if (process.getuid?.() === 0) fchownSync(fd, like.uid, like.gid)
    fchmodSync(fd, like.mode & 0o7777)
  } finally {
    closeSync(fd)
  }
  return true
}
