import { setImmediate as immediately } from 'node:timers/promises'
import type { Haraka } from '../support/haraka.js'
import { isStopped, processRef } from '../support/processes.js'
import { until } from '../support/wait.js'
import { isBeingWritten } from './wreck.js'

const TRIES = 20

/**
 * Stops the workers of a Haraka at a moment when half a letter is in a file. `send` has a large one sent there, and gives what tells
 * whether it has been acknowledged: one that was written too quickly is followed by another.
 */
export async function stopInMidWrite(haraka: Haraka, file: string, send: () => () => boolean): Promise<void> {
  for (let tries = 0; tries < TRIES; tries++) {
    const isOver = send()
    while (!isOver() && !isBeingWritten(file)) await immediately()
    if (isOver()) continue
    haraka.kill('SIGSTOP', 'workers')
    const refs = haraka.workers().map(processRef)
    await until(() => refs.every((ref) => ref !== undefined && isStopped(ref)), { otherwise: () => 'it does not stop' })
    if (isBeingWritten(file)) return
    haraka.kill('SIGCONT', 'workers')
  }
  throw new Error('no large letter was met in the middle')
}
