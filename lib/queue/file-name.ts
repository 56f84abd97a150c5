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

const NAME = /^(\d{1,16})_(\d{1,16})_(\d{1,9})_(\d{1,9})_([0-9A-Za-z]+)_\d+_[^_]+$/

/** undefined for anything else that may lie in a queue directory. */
export function readFileName(file: string): QueueFileName | undefined {
  const [, arrived, due, attempts, , unique] = NAME.exec(file) ?? []
  if (arrived === undefined || due === undefined || attempts === undefined || unique === undefined) return undefined
  const arrivedMs = Number(arrived)
  return { id: `${arrivedMs.toString(36)}${unique}`, arrivedMs, dueMs: Number(due), attempts: Number(attempts) }
}

/** The process whose file it is; undefined for anything that is no queue file. */
export function ownerOf(file: string): number | undefined {
  const [, , , , pid] = NAME.exec(file) ?? []
  return pid === undefined ? undefined : Number(pid)
}

/** How many queue files each process has, by pid. */
export function ownersOf(files: readonly string[]): Map<number, number> {
  const counts = new Map<number, number>()
  for (const file of files) {
    const pid = ownerOf(file)
    if (pid !== undefined) counts.set(pid, (counts.get(pid) ?? 0) + 1)
  }
  return counts
}
