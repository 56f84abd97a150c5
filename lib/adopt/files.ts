import { constants, type Stats } from 'node:fs'
import { open, unlink, type FileHandle } from 'node:fs/promises'
import { errorCode } from '../error.js'

/* One queue file of a dead node, of which nobody knows who made it, or what the disk makes of it. */

/** The account that files are given to; undefined where they cannot be, or need not. */
export type Account = Pick<Stats, 'uid' | 'gid'> | undefined

export const GONE = 'has gone meanwhile'
export const NO_FILE = 'is no regular file'
/** What else has that name may be anything of this machine: whoever runs as root gives it away, or shows it. */
export const LINKED = 'has another name too (a hard link)'
export const NOT_OURS = 'cannot be read by the account that Haraka runs as'
const CHUNK = 256 * 1024
/** No link is followed, no FIFO waited for. */
const READ = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK

/** What is open is looked at: the name may have changed hands since. */
export async function giveTo(file: string, { uid, gid }: NonNullable<Account>): Promise<void> {
  const handle = await open(file, READ)
  try {
    const { nlink } = await handle.stat()
    if (nlink === 1) await handle.chown(uid, gid)
  } finally {
    await handle.close()
  }
}

/** undefined: it is there, and on disk. Else why it cannot be copied; what of it is there is to be removed. */
export async function copy(source: string, target: string, account: Account): Promise<string | undefined> {
  const input = await open(source, READ).catch(faultOf)
  if (typeof input === 'string') return input
  try {
    const seen = await input.stat()
    if (!seen.isFile()) return NO_FILE
    if (seen.nlink > 1) return LINKED
    await removed(target)
    const output = await open(target, 'wx', 0o600)
    try {
      const chunk = Buffer.alloc(Math.min(CHUNK, Math.max(seen.size, 1)))
      for (;;) {
        const bytesRead = await read(input, chunk)
        if (typeof bytesRead === 'string') return bytesRead
        if (bytesRead === 0) break
        // All of it, or an error.
        await output.writeFile(chunk.subarray(0, bytesRead))
      }
      await output.chmod(seen.mode & 0o777)
      if (account !== undefined) await output.chown(account.uid, account.gid)
      await output.sync()
      if ((await output.stat()).size !== seen.size) return 'changes while it is read'
    } finally {
      await output.close()
    }
    return undefined
  } finally {
    await input.close()
  }
}

async function read(input: FileHandle, chunk: Buffer): Promise<number | string> {
  try {
    return (await input.read(chunk, 0, chunk.length)).bytesRead
  } catch (error) {
    return faultOf(error)
  }
}

/** Why one file cannot be taken: a disk that is damaged in one place keeps nothing else there. What this machine lacks is thrown. */
export function faultOf(error: unknown): string {
  const code = errorCode(error)
  if (code === 'ENOENT') return GONE
  if (code === 'EACCES' || code === 'EPERM') return NOT_OURS
  if (code === undefined || ['EMFILE', 'ENFILE', 'ENOMEM'].includes(code)) throw error
  return `cannot be read (${code})`
}

/** Where it is there. */
export async function removed(file: string): Promise<void> {
  await unlink(file).catch(none)
}

export function none(error: unknown): undefined {
  if (errorCode(error) !== 'ENOENT') throw error
  return undefined
}
