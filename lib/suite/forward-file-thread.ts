import { parentPort } from 'node:worker_threads'
import { readForwardFile } from './forward-file-reader.js'

/** A question to the thread; the answer has the same id. */
export interface ForwardFileQuestion {
  readonly id: number
  readonly file: string
  readonly ownerUid: number | undefined
}

parentPort?.on('message', ({ id, file, ownerUid }: ForwardFileQuestion) => {
  parentPort?.postMessage({ id, answer: readForwardFile(file, ownerUid) })
})
