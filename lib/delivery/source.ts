import { Readable } from 'node:stream'
import type { MessageSource } from './types.js'

/** Messages up to this size are held in memory while they are delivered; larger ones are streamed. */
export const BUFFERED_UP_TO = 1024 * 1024

/** A message that is in memory; any number of readers may read it at once. */
export function bufferSource(bytes: Buffer): MessageSource {
  return { size: bytes.length, open: () => Readable.from([bytes], { objectMode: false }) }
}

/** Reads a stream to its end into one buffer. */
export async function collect(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}
