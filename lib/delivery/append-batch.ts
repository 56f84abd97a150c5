import type { AppendBatch, BatchResult } from './append-job.js'
import { beginWork, finishWork, keepLock, syncWork, type Work } from './append-work.js'

/**
 * Appends messages to drop files, each: lock, open, repair, write, sync, unlock. All are written before the first is
 * synced, since a journaling file system then syncs them together. What is delivered is on disk (D3) when this returns;
 * of what is not, nothing is in its file (D4). Every system call waits, so this runs in a thread of its own. Never throws;
 * waits for no lock.
 */
export function appendBatches(batches: readonly AppendBatch[]): BatchResult[] {
  const begun: (Work | BatchResult)[] = []
  const keepLocks = batches.length > 1 ? lockKeeper(begun) : () => undefined
  for (const batch of batches) {
    begun.push(beginWork(batch))
    keepLocks()
  }
  for (const work of begun) {
    if (!('lock' in work)) continue
    syncWork(work)
    keepLocks()
  }
  return begun.map((work) => ('lock' in work ? finishWork(work) : work))
}

/** On a slow disk the locks of other files must not grow old while one is at work. */
const KEEP_MS = 100

function lockKeeper(begun: readonly (Work | BatchResult)[]): () => void {
  let kept = performance.now()
  return () => {
    if (performance.now() - kept <= KEEP_MS) return
    for (const work of begun) if ('lock' in work) keepLock(work)
    kept = performance.now()
  }
}
