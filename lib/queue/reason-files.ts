import { constants, lchownSync, lstatSync, mkdirSync, statSync } from 'node:fs'
import { open, readdir, type FileHandle } from 'node:fs/promises'
import path from 'node:path'
import { errorCode } from '../error.js'
import { createRecordReader } from './reason-record.js'

/** Lies in the Haraka directory. */
export const REASON_DIRECTORY = 'dmail-reasons'

/** Whose a file of reasons is. A process may have several; its own come from its life or from a process it took over. */
export interface ReasonOwner {
  /** The same in all processes of one start of Haraka, and different in each start: pids come again. */
  readonly run: string
  readonly pid: number
}

export interface ReasonFile extends ReasonOwner {
  readonly number: number
}

const NAME = /^([0-9a-f]{12})\.(\d{1,10})\.(\d{1,9})$/

export function reasonFileName({ run, pid, number }: ReasonFile): string {
  return `${run}.${pid}.${number}`
}

/** undefined for anything else that may lie there. */
export function parseReasonFileName(name: string): ReasonFile | undefined {
  const [, run, pid, number] = NAME.exec(name) ?? []
  if (run === undefined) return undefined
  return { run, pid: Number(pid), number: Number(number) }
}

/** The names of files of reasons; none where there is no directory. */
export async function listReasonFiles(directory: string): Promise<string[]> {
  try {
    return (await readdir(directory)).filter((name) => parseReasonFileName(name) !== undefined)
  } catch (error) {
    if (isMissing(error)) return []
    throw error
  }
}

/**
 * Makes the directory if there is none. What root makes is given to the owner of `like`, whom Haraka will run as; also later, when
 * that one has changed hands.
 */
export function makeReasonDirectory(directory: string, like: string): void {
  try {
    mkdirSync(directory, 0o700)
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error
  }
  if (process.getuid?.() !== 0) return
  const made = lstatSync(directory)
  const { uid, gid } = statSync(like)
  if (made.isDirectory() && made.uid === 0 && uid !== 0) lchownSync(directory, uid, gid)
}

/** Opens a new file for appending; like its directory, what root makes may have to be read by another account. */
export async function openNewFile(file: string): Promise<FileHandle> {
  const handle = await open(file, 'ax', 0o600)
  if (process.getuid?.() === 0) {
    const { uid, gid } = statSync(path.dirname(file))
    await handle.chown(uid, gid)
  }
  return handle
}

/** Calls `found` for each record of a file, in order. Rejects when it cannot be read; what was found before counts. */
export async function readReasonFile(file: string, found: (id: string, reason: string) => void): Promise<void> {
  // O_NONBLOCK: a FIFO that somebody put there would stop the open.
  const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  try {
    if (!(await handle.stat()).isFile()) throw new Error(`${file} is not a regular file`)
    const push = createRecordReader(found)
    const chunk = Buffer.alloc(64 * 1024)
    for (;;) {
      const { bytesRead } = await handle.read(chunk, 0, chunk.length)
      if (bytesRead === 0) return
      push(chunk.subarray(0, bytesRead))
    }
  } finally {
    await handle.close()
  }
}

export function isMissing(error: unknown): boolean {
  return errorCode(error) === 'ENOENT'
}
