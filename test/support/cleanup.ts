import { mkdtempSync, rmSync } from 'node:fs'
import { constants, tmpdir } from 'node:os'
import path from 'node:path'

const tasks = new Set<() => void>()
let watching = false

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * Runs `task` when this process ends, however it ends short of SIGKILL. Tasks are synchronous and run in reverse order
 * of registration, so that processes die before their directories go. Returns a function that takes the task back.
 */
export function atExit(task: () => void): () => void {
  watch()
  tasks.add(task)
  return () => tasks.delete(task)
}

/** A fresh directory under os.tmpdir(), removed at exit. DMAIL_TEST_KEEP=1 keeps it, to look at after a failure. */
export function tempDir(name: string): string {
  const dir = mkdtempSync(path.join(tmpdir(), `dmail-${name}-`))
  atExit(() => {
    if (process.env['DMAIL_TEST_KEEP'] === undefined) rmSync(dir, { recursive: true, force: true })
  })
  return dir
}

function watch(): void {
  if (watching) return
  watching = true
  process.once('exit', runTasks)
  for (const signal of SIGNALS) {
    // Not once(): the signal comes twice where a whole process group gets it and the test runner passes it on, and without
    // a listener the second one would end this process in the middle of its tasks.
    process.on(signal, () => {
      runTasks()
      // The test runner has a handler of its own, which still has results to print.
      if (process.listenerCount(signal) === 1) process.exit(128 + constants.signals[signal])
    })
  }
}

function runTasks(): void {
  for (const task of [...tasks].reverse()) {
    tasks.delete(task)
    try {
      task()
    } catch (error) {
      process.stderr.write(`clean-up failed: ${String(error)}\n`)
    }
  }
}
