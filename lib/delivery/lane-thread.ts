import { parentPort } from 'node:worker_threads'
import { appendBatches } from './append-batch.js'
import type { AppendBatch } from './append-job.js'

/* The body of a delivery thread: batches come in, their results go out in the same order. */
parentPort?.on('message', (batches: readonly AppendBatch[]) => {
  parentPort?.postMessage(appendBatches(batches))
})
