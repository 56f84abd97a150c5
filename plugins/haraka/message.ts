import { PassThrough } from 'node:stream'
import { bufferSource, BUFFERED_UP_TO, collect } from '../../lib/delivery/source.js'
import { removeDotStuffing } from '../../lib/delivery/dot-stuffing.js'
import type { MessageSource } from '../../lib/delivery/types.js'
import type { HarakaHmail, HarakaMessageStream, HarakaTransaction } from './types.js'

/** A message with how many readers it can have at once. */
export interface SharedMessage {
  readonly source: MessageSource
  readonly parallel: number
}

/** Drop files written at the same time for one message. */
const PARALLEL = 16

/** The message of a transaction. Haraka's stream has one reader at a time, so a small message is read once. */
export async function messageOf({
  message_stream: stream,
  data_bytes: size,
}: HarakaTransaction): Promise<SharedMessage> {
  const source = { size, open: () => openStream(stream) }
  if (size > BUFFERED_UP_TO) return { source, parallel: 1 }
  return { source: bufferSource(await collect(source.open())), parallel: PARALLEL }
}

function openStream(stream: HarakaMessageStream): PassThrough {
  const pass = new PassThrough()
  // Haraka reports a failed read on its own stream only.
  const fail = (error: Error): void => {
    pass.destroy(error)
  }
  stream.on('error', fail)
  pass.once('close', () => stream.off('error', fail))
  stream.pipe(pass)
  return pass
}

/** The message of a queue file, whose lines are still dot-stuffed. */
export function queuedMessageOf(hmail: HarakaHmail): MessageSource {
  return {
    size: hmail.file_size,
    open: () => {
      const stream = hmail.data_stream()
      const plain = removeDotStuffing()
      stream.once('error', (error) => plain.destroy(error))
      return stream.pipe(plain)
    },
  }
}
