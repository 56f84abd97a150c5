import type { HarakaOutbound } from './outbound-types.js'

/**
 * Haraka's outbound, for its queue files to be whole ones. Haraka gives a file its name when the stream it wrote it with
 * closes (outbound/index.js, process_delivery), also when it closes because a write failed; at the same time it removes
 * the file. Where the name wins, a part of the message stays in the queue, as if it were all of it; it may even count as
 * accepted. So what waits for the stream's end is taken away when the stream fails; Haraka's own answer to the failure
 * stays.
 */
export function wholeFilesOnly(outbound: HarakaOutbound): HarakaOutbound {
  const buildTodo: HarakaOutbound['build_todo'] = (todo, stream, writeMore) => {
    // Nothing else is attached to the stream yet.
    const naming = stream.rawListeners('close')
    stream.once('error', () => {
      for (const listener of naming) stream.off('close', listener as () => void)
    })
    outbound.build_todo(todo, stream, writeMore)
  }
  return Object.create(outbound, { build_todo: { value: buildTodo } }) as HarakaOutbound
}
