import { parentPort, Worker } from 'node:worker_threads'

/** A thread that answers questions. Questions and answers are plain data. */
export interface Thread<Question, Answer> {
  /** Any number may be under way. Rejects when the thread died before it answered. */
  readonly ask: (question: Question) => Promise<Answer>
  /** False once it has died: it answers no more. */
  readonly isAlive: () => boolean
  readonly close: () => Promise<void>
}

interface Numbered<Content> {
  readonly id: number
  readonly content: Content
}

/**
 * Starts a thread whose script (full path of a compiled file) calls `serve`. It keeps the process alive only while
 * somebody waits for an answer.
 */
export function startThread<Question, Answer>(script: string): Thread<Question, Answer> {
  const worker = new Worker(script)
  const waiting = new Map<number, { resolve: (answer: Answer) => void; reject: (error: Error) => void }>()
  let next = 0
  let dead: Error | undefined
  const fail = (error: Error): void => {
    dead ??= error
    for (const { reject } of waiting.values()) reject(dead)
    waiting.clear()
  }
  worker.on('message', ({ id, content }: Numbered<Answer>) => {
    const asked = waiting.get(id)
    waiting.delete(id)
    if (waiting.size === 0) worker.unref()
    asked?.resolve(content)
  })
  worker.on('error', fail)
  worker.on('exit', () => {
    fail(new Error('the thread ended'))
  })
  // Listening counts as a reason to live, so this comes last.
  worker.unref()
  return {
    ask(content) {
      if (dead !== undefined) return Promise.reject(dead)
      if (waiting.size === 0) worker.ref()
      return new Promise((resolve, reject) => {
        const id = next++
        waiting.set(id, { resolve, reject })
        worker.postMessage({ id, content })
      })
    },
    isAlive: () => dead === undefined,
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
