import path from 'node:path'
import { startThread } from '../thread.js'
import type { AppendBatch, BatchResult } from './append-job.js'

/** A thread that writes drop files. */
export interface Lane {
  /** The results, in the order of the batches. Rejects when the thread died before it answered. */
  run(batches: readonly AppendBatch[]): Promise<readonly BatchResult[]>
  close(): Promise<void>
}

/**
 * Starts a thread for drop files. The system calls of a delivery are short, and cost several times as much when each
 * crosses to a thread pool and back; here whole deliveries cross, many at a time, and a disk that hangs holds up no
 * connection.
 */
export function startLane(): Lane {
  const { ask, close } = startThread<readonly AppendBatch[], readonly BatchResult[]>(
    path.join(__dirname, 'lane-thread.js'),
  )
  return { run: ask, close }
}
