import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import type { Job } from './fixtures/worker.js'

export interface Worker {
  readonly process: ChildProcess
  ask(job: Job): Promise<unknown>
}

/** Runs a test with other processes beside it; they are gone when it returns. */
export async function withWorkers(count: number, use: (workers: readonly Worker[]) => Promise<void>): Promise<void> {
  const workers = Array.from({ length: count }, startWorker)
  try {
    await use(workers)
  } finally {
    await Promise.all(workers.map((worker) => kill(worker.process)))
  }
}

/** Ends a process without warning, as a crash does. */
export async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill('SIGKILL')
  await exited
}

function startWorker(): Worker {
  const child = fork(path.join(__dirname, 'fixtures', 'worker.js'), { execArgv: [] })
  return {
    process: child,
    async ask(job) {
      const done = new AbortController()
      const answered = once(child, 'message', { signal: done.signal })
      const ended = once(child, 'exit', { signal: done.signal })
      child.send(job)
      try {
        const [answer] = (await Promise.race([answered, ended])) as [unknown]
        return answer
      } finally {
        const ignore = (): void => undefined
        answered.catch(ignore)
        ended.catch(ignore)
        done.abort()
      }
    },
  }
}
