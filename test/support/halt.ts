import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { tempDir } from './cleanup.js'
import type { HALT_VARIABLE } from './halt-preload.js'
import { preloading } from './preload.js'
import { isStopped, processRef } from './processes.js'
import { until } from './wait.js'

/** Stops a process of a Haraka in the middle of moving files, at the same place every time. */
export interface Halt {
  /** For the environment of Haraka. */
  readonly env: Readonly<Record<string, string>>
  /** Orders the process that renames files out of `directory` to stop behind the `count`-th. */
  behind(count: number, directory: string): void
  /** Resolves when it has stopped; what is returned lets it go on. */
  reached(): Promise<() => void>
}

export function makeHalt(): Halt {
  const file = path.join(tempDir('halt'), 'order')
  const variable: typeof HALT_VARIABLE = 'DMAIL_TEST_HALT'
  return {
    env: { ...preloading(path.join(__dirname, 'halt-preload.js')), [variable]: file },
    behind(count, directory) {
      rmSync(`${file}.pid`, { force: true })
      writeFileSync(file, `${count} ${directory}`)
    },
    async reached() {
      const otherwise = (): string => 'no process has stopped'
      const pid = await until(() => /^(\d+)\n/.exec(readFileSync(`${file}.pid`, 'utf8'))?.[1], { otherwise })
      const ref = processRef(Number(pid))
      if (ref === undefined) throw new Error(`process ${pid} has gone instead of stopping`)
      await until(() => isStopped(ref), { otherwise })
      return () => {
        process.kill(ref.pid, 'SIGCONT')
      }
    },
  }
}
