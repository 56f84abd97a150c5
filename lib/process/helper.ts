import { fork } from 'node:child_process'
import { createAsking, type Asking, type Numbered } from '../asking.js'

/** A process that answers questions. Questions and answers are plain data. */
export interface Helper<Question, Answer> extends Pick<Asking<Question, Answer>, 'ask' | 'isAlive'> {
  readonly pid: number | undefined
}

/**
 * Starts a process whose script (full path of a compiled file) calls `serveParent`: for work that starts processes, which costs a
 * large process a multiple of what it costs a small one, and slows it down afterwards. It keeps this process alive only while
 * somebody waits for an answer, and ends with it, however that ends.
 */
export function startHelper<Question, Answer>(script: string): Helper<Question, Answer> {
  const child = fork(script, [], {
    serialization: 'advanced',
    execArgv: [],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const unref = (): void => {
    child.unref()
    child.channel?.unref()
  }
  const { ask, isAlive, answered, died } = createAsking<Question, Answer>({
    // Where this fails, there is an error event.
    send: (question) => child.send(question),
    // The process as well: a channel that has closed says nothing of how it ended.
    ref: () => {
      child.ref()
      child.channel?.ref()
    },
    unref,
  })
  child.on('message', (message) => {
    answered(message as Numbered<Answer>)
  })
  child.on('error', died)
  child.on('exit', () => {
    died(new Error('the helper process ended'))
  })
  unref()
  return { ask, isAlive, pid: child.pid }
}

/** In the helper: answers every question. What `answer` rejects with ends the helper, so it should not. The one who asks vouches for the type. */
export function serveParent<Answer>(answer: (question: never) => Promise<Answer>): void {
  // From a terminal they come to all processes at once. The parent decides when it needs this one no more.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined)
  process.once('disconnect', () => {
    process.exit()
  })
  process.on('message', (message) => {
    const { id, content } = message as Numbered<never>
    answer(content)
      .then((given) => {
        if (process.connected) process.send?.({ id, content: given })
      })
      .catch((error: unknown) => {
        throw error
      })
  })
}
