import cluster from 'node:cluster'
import { randomBytes } from 'node:crypto'
import type { HarakaOutbound } from './outbound-types.js'
import type { HarakaPlugin } from './types.js'

/**
 * Tells when this process takes up queue files that others left: those of one dead worker (server.js, 'outbound.load_pid_queue'),
 * or, in a Haraka of one process, all. `loaded` settles when each has a timer.
 */
export function watchTakeOvers(
  plugin: HarakaPlugin,
  taken: (whose: number | 'all', loaded: Promise<unknown>) => void,
): void {
  const outbound = plugin.haraka_require('outbound') as HarakaOutbound
  const { load_pid_queue: loadOf, init_queue: loadAll } = outbound
  outbound.load_pid_queue = (pid) => {
    const loaded = loadOf.call(outbound, pid)
    taken(Number(pid), loaded)
    return loaded
  }
  outbound.init_queue = (pid) => {
    const loaded = loadAll.call(outbound, pid)
    taken('all', loaded)
    return loaded
  }
}

const RUN = 'DMAIL_RUN'

/** 12 hexadecimal digits: the same in all processes of this start of Haraka. To be called before there are workers. */
export function thisRun(): string {
  const inherited = process.env[RUN]
  if (cluster.isWorker && inherited !== undefined && /^[0-9a-f]{12}$/.test(inherited)) return inherited
  const made = randomBytes(6).toString('hex')
  // A worker has its master's environment.
  process.env[RUN] = made
  return made
}
