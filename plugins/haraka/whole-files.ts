import fs from 'node:fs'
import type { Writable } from 'node:stream'
import type { HarakaOutbound } from './outbound-types.js'

/**
 * Haraka's outbound, for its queue files to be whole ones, and on the disk.
 *
 * Haraka gives a file its name when the stream it wrote it with closes (outbound/index.js, process_delivery), also when it closes
 * because a write failed; at the same time it removes the file. Where the name wins, a part of the message stays in the queue, as if
 * it were all of it; it may even count as accepted. So what waits for the stream's end is taken away when the stream fails; Haraka's
 * own answer to the failure stays.
 *
 * The stream of 3.1 (outbound/fsync_writestream.js) syncs the file where it is closed by a call of `close` only, and a message that
 * has come to its end closes it without one: nothing was synced before its sender was told that it is kept.
 */
export function wholeFilesOnly(outbound: HarakaOutbound): HarakaOutbound {
  const buildTodo: HarakaOutbound['build_todo'] = (todo, stream, writeMore) => {
    // Nothing else is attached to the stream yet.
    const naming = stream.rawListeners('close')
    stream.once('error', () => {
      for (const listener of naming) stream.off('close', listener as () => void)
    })
    syncAtEnd(stream)
    outbound.build_todo(todo, stream, writeMore)
  }
  return Object.create(outbound, { build_todo: { value: buildTodo } }) as HarakaOutbound
}

/** As the stream of 3.3 does, which has a `_destroy` of its own for it. */
function syncAtEnd(stream: Writable & { fd?: number | null }): void {
  if (Object.hasOwn(Object.getPrototypeOf(stream) as object, '_destroy')) return
  const destroy = stream._destroy.bind(stream)
  stream._destroy = (error, done) => {
    if (error !== null || typeof stream.fd !== 'number') {
      destroy(error, done)
      return
    }
    fs.fsync(stream.fd, (failed) => {
      destroy(failed, done)
    })
  }
}
