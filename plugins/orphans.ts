import { readdir } from 'node:fs/promises'
import { processExists } from '../lib/process/exists.js'
import { ownersOf } from '../lib/queue/file-name.js'
import type { HarakaServer } from './haraka/types.js'

const FIRST_LOOK_MS = 3_000
const LOOK_AGAIN_MS = 2_000
/** A process that is none of ours may have such files for long. */
const LOOK_MUCH_LATER_MS = 60_000

export interface OrphanWatch {
  close(): void
}

/**
 * In the master. A queue file belongs to the worker whose pid is in its name. Haraka has the files of a worker that crashed taken
 * over by the one that replaces it, and leaves them until the whole server starts again when that one crashes before it has
 * them all, or when workers are replaced by a graceful restart. So after a worker went away the master looks whose files there
 * are, and gives those that nobody takes up to a worker that lives. What another worker is taking over becomes fewer from look to
 * look, and is left to it; so are the files of any process that lives, which may be of another Haraka on this directory.
 */
export function watchOrphans(
  { cluster }: HarakaServer,
  directory: string,
  log: { lognotice(text: string): void; logerror(text: string): void },
): OrphanWatch {
  let timer: NodeJS.Timeout | undefined
  /** Pids of no worker, and the number of their files at the last look. */
  let before: ReadonlyMap<number, number> = new Map()

  function lookIn(ms: number): void {
    clearTimeout(timer)
    timer = setTimeout(() => {
      look().catch((error: unknown) => {
        log.logerror(`dmail: ${directory} was not looked through for files of workers that are gone: ${String(error)}`)
      })
    }, ms)
    timer.unref()
  }

  async function look(): Promise<void> {
    const workers = Object.values(cluster?.workers ?? {}).filter((worker) => worker !== undefined)
    const owners = ownersOf(await readdir(directory))
    for (const { process } of workers) owners.delete(process.pid ?? 0)
    const heir = workers.findLast((worker) => worker.isConnected())
    const dead = [...owners].filter(([pid]) => !processExists(pid))
    for (const [pid, count] of dead) {
      if (before.get(pid) !== count || heir === undefined) continue
      log.lognotice(`dmail: worker ${heir.id} takes over ${count} queue files of process ${pid}, which is gone`)
      heir.send({ event: 'outbound.load_pid_queue', data: pid }, () => undefined)
    }
    before = owners
    // One that is on its way out still works on its files.
    if (dead.length > 0 || workers.some((worker) => !worker.isConnected())) lookIn(LOOK_AGAIN_MS)
    else if (owners.size > 0) lookIn(LOOK_MUCH_LATER_MS)
  }

  const gone = (): void => {
    before = new Map()
    lookIn(FIRST_LOOK_MS)
  }
  // Not 'exit': a graceful restart takes the listeners of that away.
  if (cluster?.isMaster === true) cluster.on('disconnect', gone)
  return {
    close() {
      clearTimeout(timer)
    },
  }
}
