import { callServer } from '../../lib/control/client.js'
import type { QueueRow } from '../../lib/queue/shown.js'
import type { Haraka } from '../support/haraka.js'
import { eventually } from '../support/wait.js'

/** What waits in the queue, as the server tells it; undefined while it takes no questions. */
async function rowsOf(haraka: Haraka): Promise<readonly QueueRow[] | undefined> {
  const rows: QueueRow[] = []
  const item = (row: QueueRow): unknown => rows.push(row)
  return callServer(haraka.dir, 'queue.list', { filter: [] }, { item }).then(
    () => rows,
    () => undefined,
  )
}

/**
 * Resolves when every message in the queue waits, and is as `isSet` says. The name of a queue file tells too early: the process sets the
 * time of the next attempt after it, by the clock, which a test must not move in between.
 */
export async function allWait(haraka: Haraka, isSet: (row: QueueRow) => boolean): Promise<void> {
  await eventually(
    async () => {
      const files = haraka.queueFiles().filter((name) => /^\d+_/.test(name))
      const rows = await rowsOf(haraka)
      if (rows === undefined || rows.length < files.length) return false
      return rows.every((row) => row.state !== 'starting' && row.state !== 'sending' && isSet(row))
    },
    () => `queue: ${haraka.queueFiles().join(' ')}\n${haraka.log.slice(-3000)}`,
  )
}
