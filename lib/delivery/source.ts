import { createReadStream, createWriteStream } from 'node:fs'
import { unlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { randomUUID } from 'node:crypto'
import { pipeline, Readable } from 'node:stream'
import { pipeline as piped } from 'node:stream/promises'
import { removeDotStuffing } from './dot-stuffing.js'
import type { MessageBody, MessageFile, MessageSource } from './types.js'

/** Messages up to this size are held in memory while they are delivered; larger ones lie in a file meanwhile. */
export const IN_MEMORY_UP_TO = 1024 * 1024

/** A message in memory. */
export function memorySource(bytes: Uint8Array): MessageSource {
  return { size: bytes.byteLength, body: bytes, open: () => Readable.from([Buffer.from(bytes)], { objectMode: false }) }
}

/** A message in a file. `size` may count what stands before it. */
export function fileSource(file: MessageFile, size: number): MessageSource {
  return {
    size,
    body: file,
    open: () => {
      const stream = createReadStream(file.path, { start: file.start })
      if (!file.dotStuffed) return stream
      // Unlike pipe, this closes the file also when nobody reads on; an error comes out of the result.
      return pipeline(stream, removeDotStuffing(), () => undefined)
    },
  }
}

/** A message that came over from another thread. */
export function bodySource(body: MessageBody, size: number): MessageSource {
  return body instanceof Uint8Array ? memorySource(body) : fileSource(body, size)
}

/** Writes a stream into a new temporary file that only this account can read; `remove` takes it away. */
export async function spill(
  stream: Readable,
): Promise<{ readonly file: MessageFile; readonly remove: () => Promise<void> }> {
  const name = path.join(tmpdir(), `dmail-${randomUUID()}`)
  const remove = (): Promise<void> => unlink(name)
  try {
    await piped(stream, createWriteStream(name, { flags: 'wx', mode: 0o600 }))
    return { file: { path: name, start: 0, dotStuffed: false }, remove }
  } catch (error) {
    await remove().catch(() => undefined)
    throw error
  }
}
