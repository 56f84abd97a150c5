import { closeSync, constants, fstatSync, openSync } from 'node:fs'

/**
 * The size of a drop file that another machine may just have written to: NFS answers from memory for a while, and asks the
 * server at an open. 0 where there is none, or it cannot be read. Waits for the disk.
 */
export function fileSize(file: string): number {
  let fd: number | undefined
  try {
    fd = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY)
    return fstatSync(fd).size
  } catch {
    return 0
  } finally {
    if (fd !== undefined) closeSync(fd)
  }
}
