import { readdir, unlink } from 'node:fs/promises'
import path from 'node:path'
import { ownerOf } from '../../lib/queue/file-name.js'
import type { HarakaQueueModule } from './types.js'

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
      const owner = ownerOf(file.slice(UNFINISHED.length))
      if (owner !== undefined && owner !== process.pid && isRunning(owner)) continue
      // Another process may be at it too.
      await unlink(path.join(queue.queue_dir, file)).catch(() => undefined)
    }
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
