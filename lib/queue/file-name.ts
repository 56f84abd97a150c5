/** What the name of a queue file says (Haraka's outbound/qfile.js): `arrival_due_attempts_pid_unique_counter_host`. */
export interface QueueFileName {
  /** The same for as long as the message waits, whatever else of the name changes. */
  readonly id: string
  /** Milliseconds since 1970. */
  readonly arrivedMs: number
  readonly dueMs: number
  /** Failed attempts so far. */
  readonly attempts: number
}

const NAME = /^(\d{1,16})_(\d{1,16})_(\d{1,9})_\d+_([0-9A-Za-z]+)_\d+_[^_]+$/

/** undefined for anything else that may lie in a queue directory. */
export function readFileName(file: string): QueueFileName | undefined {
  const [, arrived, due, attempts, unique] = NAME.exec(file) ?? []
  if (arrived === undefined || due === undefined || attempts === undefined || unique === undefined) return undefined
  const arrivedMs = Number(arrived)
  return { id: `${arrivedMs.toString(36)}${unique}`, arrivedMs, dueMs: Number(due), attempts: Number(attempts) }
}
