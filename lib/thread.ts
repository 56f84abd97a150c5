import { parentPort, Worker } from 'node:worker_threads'
import { createAsking, type Asking, type Numbered } from './asking.js'

/** A thread that answers questions. Questions and answers are plain data. */
export interface Thread<Question, Answer> extends Pick<Asking<Question, Answer>, 'ask' | 'isAlive'> {
  readonly close: () => Promise<void>
}

/**
 * Starts a thread whose script (full path of a compiled file) calls `serve`. It keeps the process alive only while
 * somebody waits for an answer.
 */
export function startThread<Question, Answer>(script: string): Thread<Question, Answer> {
  const worker = new Worker(script)
  const { ask, isAlive, answered, died } = createAsking<Question, Answer>({
    send: (question) => {
      worker.postMessage(question)
    },
    ref: () => {
      worker.ref()
    },
    unref: () => {
      worker.unref()
    },
  })
  worker.on('message', answered)
  worker.on('error', died)
  worker.on('exit', () => {
    died(new Error('the thread ended'))
  })
  // Listening counts as a reason to live, so this comes last.
  worker.unref()
  return {
    ask,
    isAlive,
    async close() {
      await worker.terminate()
    },
  }
}

/** In the thread: answers every question. What `answer` throws ends the thread, so it should not. The one who asks vouches for the type. */
export function serve<Answer>(answer: (question: never) => Answer | Promise<Answer>): void {
  parentPort?.on('message', ({ id, content }: Numbered<never>) => {
    const reply = (given: Answer): void => parentPort?.postMessage({ id, content: given })
    const given = answer(content)
    if (given instanceof Promise) {
      given.then(reply).catch((error: unknown) => {
        throw error
      })
    } else {
      reply(given)
    }
  })
}
