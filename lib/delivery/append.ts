import { unlink, type FileHandle } from 'node:fs/promises'
import path from 'node:path'
import { syncDirectory } from './directories.js'
import { deferredBy, deferredBySetup, errorText, type Failure } from './failure.js'
import { openDropFile, type OpenFile, type OpenOptions } from './open.js'
import type { Outcome } from './types.js'

export interface AppendRequest extends OpenOptions {
  /** What stands before the message: the `From ` line and the delivery headers. */
  readonly head: Buffer
  /** The message in mbox form, whole or piece by piece. */
  readonly body: Buffer | AsyncIterable<Buffer>
  /** `[drop] fsync` (D3). */
  readonly fsync: boolean
}

/**
 * Appends one message to a drop file whose lock is held: all of it is on disk when this says delivered (D3), nothing of
 * it is in the file otherwise (D4). Never rejects.
 */
export async function appendTo(file: string, request: AppendRequest): Promise<Outcome> {
  let opened: OpenFile | undefined
  try {
    const result = await openDropFile(file, request)
    if ('refused' in result) return deferredBySetup(`${file} cannot be a drop file: ${result.refused}`)
    opened = result
    await writeMessage(opened, request)
    if (request.fsync) await settle(file, opened)
    return { state: 'delivered' }
  } catch (error) {
    const failure = deferredBy(error, `cannot append to ${file}`)
    return opened === undefined ? failure : await rollBack(file, opened, failure)
  } finally {
    // Whatever close() has to report, fdatasync has reported before.
    await opened?.handle.close().catch(() => undefined)
  }
}

async function writeMessage(opened: OpenFile, request: AppendRequest): Promise<void> {
  const { handle } = opened
  const begin = [await missingSeparator(opened), request.head]
  if (Buffer.isBuffer(request.body)) {
    await writeAll(handle, [...begin, request.body])
    return
  }
  await writeAll(handle, begin)
  for await (const piece of request.body) await writeAll(handle, [piece])
}

/**
 * What the file lacks to end in an empty line. Another program, or a crash, may have left less; without this the next
 * `From ` line would be taken for text of the message before.
 */
async function missingSeparator({ handle, length }: OpenFile): Promise<Buffer> {
  if (length === 0) return Buffer.alloc(0)
  const size = Math.min(length, 2)
  const { bytesRead, buffer } = await handle.read(Buffer.alloc(size), 0, size, length - size)
  const end = buffer.toString('latin1', 0, bytesRead)
  if (end === '\n\n' || (end === '\n' && length === 1)) return Buffer.alloc(0)
  return Buffer.from(end.endsWith('\n') ? '\n' : '\n\n')
}

/** Writes all of the buffers, in one system call where the file system takes them so. */
async function writeAll(handle: FileHandle, buffers: readonly Buffer[]): Promise<void> {
  let left = buffers.filter((buffer) => buffer.length > 0)
  while (left.length > 0) {
    const { bytesWritten } = await handle.writev(left)
    if (bytesWritten === 0) throw new Error('the file takes no more bytes')
    left = withoutFirst(left, bytesWritten)
  }
}

function withoutFirst(buffers: readonly Buffer[], count: number): Buffer[] {
  let skip = count
  return buffers.flatMap((buffer) => {
    const gone = Math.min(skip, buffer.length)
    skip -= gone
    return gone === buffer.length ? [] : [buffer.subarray(gone)]
  })
}

/** D3: the bytes, and a new file's entry. */
async function settle(file: string, { handle, created }: OpenFile): Promise<void> {
  await handle.datasync()
  if (created) await syncDirectory(path.dirname(file))
}

/** D4: cut back before the lock goes. A file that was created goes altogether, so that the next try begins as this one. */
async function rollBack(file: string, { handle, length, created }: OpenFile, failure: Failure): Promise<Failure> {
  try {
    await handle.truncate(length)
    if (created) await unlink(file)
    return failure
  } catch (error) {
    const left = `and what was written could not be cut off at byte ${length}: ${errorText(error)}`
    return { ...failure, detail: `${failure.detail}, ${left}` }
  }
}
