import { isOwnFile } from '../../lib/adopt/marks.js'
import type { HarakaQueueModule } from './outbound-types.js'

/** Haraka has a line in its log for each file in its queue that is none of its own, in each process. Those of the suite are known. */
export function passOverOwnFiles(queue: HarakaQueueModule): void {
  const readParts = queue.read_parts.bind(queue)
  queue.read_parts = (file) => !isOwnFile(file) && readParts(file)
}
