import type { QueueRow } from '../../lib/queue/shown.js'

/** A message that waits for its next try. */
export function queueRow(id: string, changes: Partial<QueueRow> = {}): QueueRow {
  return {
    id,
    uuid: `UUID-${id}.1`,
    domain: 'example.com',
    sender: 'bob@domain1.com',
    recipients: ['fred@example.com'],
    bytes: 4200,
    arrivedMs: Date.now() - 5.5 * 3_600_000,
    attempts: 0,
    state: 'waiting',
    nextMs: Date.now() - 1000,
    reason: '',
    kind: 'remote',
    ...changes,
  }
}
