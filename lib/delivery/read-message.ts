import type { Readable } from 'node:stream'
import type { MessageSource } from './types.js'

/** A message ready to be written: whole, or a stream with its beginning already in memory. */
export type ReadMessage =
  { readonly whole: true; readonly bytes: Buffer } | { readonly whole: false; readonly pieces: AsyncIterable<Buffer> }

/** Messages up to this many bytes are taken into memory whole. */
export const WHOLE_LIMIT = 1024 * 1024

/**
 * Reads a message into memory up to `limit` bytes. A longer one becomes pieces: those read, then the rest of the stream
 * at the pace they are asked for. `size` is not relied upon.
 *
 * `close` must be called in the end, whatever happened; it lets go of the stream. Rejects, as the pieces do, with an
 * Error that says the message could not be read, its cause being the stream's error.
 */
export async function readMessage(
  message: MessageSource,
  limit = WHOLE_LIMIT,
): Promise<{ readonly read: ReadMessage; readonly close: () => void }> {
  const stream = message.open()
  // After close() the stream may still report an error nobody waits for.
  stream.on('error', () => undefined)
  const close = (): void => {
    stream.destroy()
  }
  try {
    const pieces = piecesOf(stream)
    const begin: Buffer[] = []
    let length = 0
    while (length <= limit) {
      const next = await pieces.next()
      if (next.done === true) return { read: { whole: true, bytes: Buffer.concat(begin, length) }, close }
      begin.push(next.value)
      length += next.value.length
    }
    return { read: { whole: false, pieces: joined(begin, pieces) }, close }
  } catch (error) {
    close()
    throw error
  }
}

async function* joined(begin: Buffer[], rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, undefined> {
  for (let piece = begin.shift(); piece !== undefined; piece = begin.shift()) yield piece
  yield* rest
}

async function* piecesOf(stream: Readable): AsyncGenerator<Buffer, void, undefined> {
  try {
    for await (const piece of stream as AsyncIterable<Buffer | string>) {
      yield typeof piece === 'string' ? Buffer.from(piece) : piece
    }
  } catch (error) {
    throw new Error('the message could not be read', { cause: error })
  }
}
