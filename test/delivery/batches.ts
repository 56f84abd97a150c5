import type { AppendJob, AppendTarget } from '../../lib/delivery/append-job.js'
import { appendBatches } from '../../lib/delivery/append-batch.js'
import type { MessageBody, Outcome } from '../../lib/delivery/types.js'
import { HEAD } from './drop.js'
import { RULE } from './locks.js'

/** A drop file as it is written in these tests. */
export function targetOf(file: string, changes: Partial<AppendTarget> = {}): AppendTarget {
  return {
    file,
    root: undefined,
    owner: undefined,
    mode: 0o600,
    dialect: 'mboxrd',
    lock: RULE,
    fsync: true,
    limit: undefined,
    ...changes,
  }
}

/** A message with the head of all. */
export function jobOf(body: string | MessageBody): AppendJob {
  return { head: HEAD, body: typeof body === 'string' ? Buffer.from(body) : body }
}

/** Appends messages to one file under one lock. */
export function append(
  target: AppendTarget,
  ...jobs: readonly AppendJob[]
): { outcomes: Outcome[]; warnings: string[] } {
  const [result] = appendBatches([{ target, jobs }])
  if (result === undefined || result.busy) throw new Error(`the lock is busy: ${result?.holder ?? ''}`)
  return { outcomes: [...result.outcomes], warnings: [...result.warnings] }
}

/** The message as SMTP carries it: dots doubled at the start of lines. */
export function stuffed(message: Buffer): Buffer {
  return Buffer.from(message.toString('latin1').replace(/(^|\n)\./g, '$1..'), 'latin1')
}
