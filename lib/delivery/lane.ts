import path from 'node:path'
import { Worker } from 'node:worker_threads'
import type { AppendBatch, BatchResult } from './append-job.js'

/** A thread that writes drop files. */
export interface Lane {
  /** The results, in the order of the batches. Rejects when the thread died before it answered. One call at a time. */
  run(batches: readonly AppendBatch[]): Promise<readonly BatchResult[]>
  close(): Promise<void>
}

/**
 * Starts a thread for drop files. The system calls of a delivery are short, and cost several times as much when each
 * crosses to a thread pool and back; here whole deliveries cross, many at a time, and a disk that hangs holds up no
 * connection. An idle thread does not keep the process alive.
 */
export function startLane(): Lane {
  const worker = new Worker(path.join(__dirname, 'lane-thread.js'))
  let waiting: { resolve(results: readonly BatchResult[]): void; reject(error: Error): void } | undefined
  let dead: Error | undefined
  const fail = (error: Error): void => {
    dead = error
    waiting?.reject(error)
  }
  worker.on('message', (results: readonly BatchResult[]) => {
    worker.unref()
    waiting?.resolve(results)
  })
  worker.on('error', fail)
  worker.on('exit', () => {
    fail(dead ?? new Error('the delivery thread ended'))
  })
  // Listening counts as a reason to live, so this comes last.
  worker.unref()
  return {
    run(batches) {
      if (dead !== undefined) return Promise.reject(dead)
      worker.ref()
      return new Promise((resolve, reject) => {
        waiting = { resolve, reject }
        worker.postMessage(batches)
      })
    },
    async close() {
      await worker.terminate()
    },
  }
}
