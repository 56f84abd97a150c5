import { constants } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { isUtf8 } from 'node:buffer'
import { errorCode, errorText } from '../error.js'

export type FileContent =
  | { readonly ok: true; readonly data: Buffer }
  | { readonly ok: false; readonly missing: boolean; readonly message: string; readonly hint: string }

/**
 * Reads a regular file of at most `maxBytes`. Anything else (a directory, a FIFO that would block, a device without
 * end, a file that grows past the limit while it is read) is an answer, not an exception. With `own` the file itself must bear
 * the name: whoever may make links there could otherwise have any file read that the reader may read.
 */
export async function readRegularFile(
  file: string,
  maxBytes: number,
  { own = false }: { readonly own?: boolean } = {},
): Promise<FileContent> {
  let handle: FileHandle | undefined
  try {
    // O_NONBLOCK: opening a FIFO without a writer would otherwise wait for ever.
    handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK | (own ? constants.O_NOFOLLOW : 0))
    const stat = await handle.stat()
    if (stat.isDirectory()) return failed(`"${file}" is a directory`, 'name a file')
    if (!stat.isFile()) return failed(`"${file}" is not a regular file`, 'name a regular file')
    if (own && stat.nlink > 1) return failed(`"${file}" has ${stat.nlink} hard links`, 'put a copy in its place')
    if (stat.size > maxBytes) return tooLarge(file, maxBytes)
    return await readWhole(handle, stat.size, file, maxBytes)
  } catch (error) {
    return describe(file, error)
  } finally {
    await handle?.close()
  }
}

async function readWhole(handle: FileHandle, size: number, file: string, maxBytes: number): Promise<FileContent> {
  // One byte more than it had: a file that grew meanwhile is seen to have grown.
  let buffer = Buffer.allocUnsafeSlow(size + 1)
  let length = 0
  for (;;) {
    const { bytesRead } = await handle.read(buffer, length, buffer.length - length, length)
    length += bytesRead
    if (bytesRead === 0) return { ok: true, data: buffer.subarray(0, length) }
    if (length > maxBytes) return tooLarge(file, maxBytes)
    if (length === buffer.length) buffer = Buffer.concat([buffer], Math.min(buffer.length * 2, maxBytes + 1))
  }
}

function describe(file: string, error: unknown): FileContent {
  const code = errorCode(error) ?? ''
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return { ...failed(`"${file}" does not exist`, 'create it or correct the path'), missing: true }
  }
  if (code === 'ELOOP') return failed(`"${file}" is a symbolic link`, 'put the file itself in its place')
  if (code === 'EACCES' || code === 'EPERM') {
    return failed(`"${file}" may not be read`, 'give the account Haraka runs as the right to read it')
  }
  return failed(`"${file}" cannot be read: ${errorText(error)}`, 'check the path')
}

function tooLarge(file: string, maxBytes: number): FileContent {
  const limit = maxBytes < 1024 * 1024 ? `${maxBytes / 1024} KiB` : `${maxBytes / 1024 / 1024} MiB`
  return failed(`"${file}" is larger than ${limit}`, 'is it the right file?')
}

function failed(message: string, hint: string): FileContent & { ok: false } {
  return { ok: false, missing: false, message, hint }
}

/** Text of a configuration file: UTF-8, and Latin-1 where it is not (C2); a byte order mark is dropped. */
export function decodeText(data: Buffer): string {
  const text = isUtf8(data) ? data.toString('utf8') : data.toString('latin1')
  return text.startsWith('\ufeff') ? text.slice(1) : text
}
