import { PassThrough } from 'node:stream'
import { fileSource, memorySource, spill } from '../../lib/delivery/source.js'
import type { MessageSource } from '../../lib/delivery/types.js'
import { tappedMessage } from './tap.js'
import type { HarakaHmail } from './outbound-types.js'
import type { HarakaMessageStream, HarakaTransaction } from './types.js'

export interface TakenMessage {
  readonly source: MessageSource
  /** Lets go of what holds the message. */
  close(): Promise<void>
}

const NOTHING = (): Promise<void> => Promise.resolve()

/** The message of a transaction: small ones are in memory already, others go through a temporary file. */
export async function messageOf(transaction: HarakaTransaction): Promise<TakenMessage> {
  const tapped = tappedMessage(transaction)
  if (tapped !== undefined) return { source: memorySource(tapped), close: NOTHING }
  const { message_stream: stream, data_bytes: size } = transaction
  const pass = new PassThrough()
  const stop = failWith(stream, pass)
  stream.pipe(pass)
  const { file, remove } = await spill(pass).finally(stop)
  return { source: fileSource(file, size), close: remove }
}

/** Haraka reports a failed read on its own stream only. */
function failWith(stream: HarakaMessageStream, reader: { destroy(error: Error): unknown }): () => void {
  const fail = (error: Error): void => {
    reader.destroy(error)
  }
  stream.on('error', fail)
  return () => {
    stream.off('error', fail)
  }
}

/** The message of a queue file, whose lines are still dot-stuffed. */
export function queuedMessageOf({ path, data_start: start, file_size: size }: HarakaHmail): MessageSource {
  return fileSource({ path, start, dotStuffed: true }, size)
}
