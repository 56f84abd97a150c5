import path from 'node:path'
import { Worker } from 'node:worker_threads'
import type { ForwardFileText } from '../routing/tables.js'
import { readForwardFile } from './forward-file-reader.js'
import type { ForwardFileQuestion } from './forward-file-thread.js'

type Ask = (file: string, ownerUid: number | undefined) => Promise<ForwardFileText>

interface Answer {
  readonly id: number
  readonly answer: ForwardFileText
}

/**
 * Reads forward files. One beside a drop file on this machine's own disk is read at once: some microseconds, where a
 * trip through a thread costs a hundred. One on a file system that may be another machine's, a home above all, is read in a
 * thread of its own, so that a server that hangs holds up nothing else.
 */
export function forwardFileReader(
  isOwnDisk: (file: string) => boolean,
): (file: string, ownerUid: number | undefined) => Promise<ForwardFileText> | ForwardFileText {
  return (file, ownerUid) => (isOwnDisk(file) ? readForwardFile(file, ownerUid) : askThread(file, ownerUid))
}

let thread: Ask | undefined

const askThread: Ask = (file, ownerUid) => {
  thread ??= startThread()
  return thread(file, ownerUid)
}

/** The thread keeps the process alive only while somebody waits for it. */
function startThread(): Ask {
  const worker = new Worker(path.join(__dirname, 'forward-file-thread.js'))
  const waiting = new Map<number, (answer: ForwardFileText) => void>()
  let next = 0
  const fail = (detail: string): void => {
    thread = undefined
    for (const resolve of waiting.values()) resolve({ kind: 'unavailable', detail })
    waiting.clear()
  }
  worker.on('message', ({ id, answer }: Answer) => {
    waiting.get(id)?.(answer)
    waiting.delete(id)
    if (waiting.size === 0) worker.unref()
  })
  worker.on('error', (error) => {
    fail(error.message)
  })
  worker.on('exit', () => {
    fail('the thread that reads forward files ended')
  })
  worker.unref()
  return (file, ownerUid) =>
    new Promise((resolve) => {
      const question: ForwardFileQuestion = { id: next++, file, ownerUid }
      waiting.set(question.id, resolve)
      worker.ref()
      worker.postMessage(question)
    })
}
