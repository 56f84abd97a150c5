import { readdir, stat, unlink } from 'node:fs/promises'
import path from 'node:path'
import { processExists } from '../../lib/process/exists.js'
import { ownerOf } from '../../lib/queue/file-name.js'
import type { HarakaQueueModule } from './outbound-types.js'

/** Haraka's outbound/qfile.js: the name of a queue file begins so until all of it is written. */
const UNFINISHED = '__tmp__.'

/**
 * Whenever a process takes over the queue of a dead one, Haraka removes every unfinished file, those that living processes are
 * writing at that moment included: their mail is refused then, or returned to its sender. Here only those of the dead go.
 */
export function spareTheLiving(queue: HarakaQueueModule): void {
  queue.delete_dot_files = async () => {
    const files = await readdir(queue.queue_dir)
    for (const file of files) {
      if (!file.startsWith(UNFINISHED)) continue
      const whole = path.join(queue.queue_dir, file)
      if (await isBeingWritten(ownerOf(file.slice(UNFINISHED.length)), whole)) continue
      // Another process may be at it too.
      await unlink(whole).catch(() => undefined)
    }
  }
}

async function isBeingWritten(owner: number | undefined, file: string): Promise<boolean> {
  if (owner === undefined) return false
  if (owner !== process.pid) return processExists(owner)
  // In a container the process before this one often had the same number.
  const startedMs = Date.now() - process.uptime() * 1000
  return await stat(file).then(
    ({ mtimeMs }) => mtimeMs >= startedMs,
    () => false,
  )
}
