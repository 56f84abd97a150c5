import cluster from 'node:cluster'
import { existsSync } from 'node:fs'
import path from 'node:path'
import type { Entry } from '../lib/queue/entry.js'
import type { QueueIndex } from '../lib/queue/index.js'
import { makeReasonDirectory, REASON_DIRECTORY } from '../lib/queue/reason-files.js'
import { createReasonLog } from '../lib/queue/reason-log.js'
import { describeError } from './haraka/hook.js'
import { thisRun } from './haraka/take-over.js'
import type { HarakaPlugin } from './haraka/types.js'

export interface Reasons {
  /** The attempt at this message has failed. */
  note(entry: Entry): void
  /** This process takes up the queue files of a dead one; `loaded` settles when each is known. */
  takeOver(whose: number | 'all', loaded: Promise<unknown>): void
  close(): void
}

const SWEEP_MS = 3_600_000

/** Keeps why attempts failed in files beside the queue, and reads what earlier processes kept. Once in a process. */
export function keepReasons(
  plugin: HarakaPlugin,
  index: QueueIndex,
  { harakaDir, queueDirectory }: { readonly harakaDir: string; readonly queueDirectory: string },
): Reasons {
  const directory = path.join(harakaDir, REASON_DIRECTORY)
  const warn = (text: string): void => {
    plugin.logwarn(`dmail: ${text}`)
  }
  // Haraka drops root's rights later (`user` in smtp.ini), and could not make it then.
  if (process.getuid?.() === 0 && existsSync(queueDirectory)) {
    try {
      makeReasonDirectory(directory, queueDirectory)
    } catch (error) {
      warn(`${directory} cannot be made: ${describeError(error)}`)
    }
  }
  const log = createReasonLog({
    directory,
    like: queueDirectory,
    owner: { run: thisRun(), pid: process.pid },
    index,
    warn,
  })
  let sweeper: NodeJS.Timeout | undefined
  if (cluster.isPrimary) {
    sweeper = setInterval(() => {
      log.sweep().catch((error: unknown) => {
        warn(`${directory} was not swept: ${describeError(error)}`)
      })
    }, SWEEP_MS)
    sweeper.unref()
  }
  return {
    note(entry) {
      log.note(entry)
    },
    takeOver(whose, loaded) {
      log.takeOver(whose, loaded).catch((error: unknown) => {
        warn(describeError(error))
      })
    },
    close() {
      clearInterval(sweeper)
      log.close()
    },
  }
}
