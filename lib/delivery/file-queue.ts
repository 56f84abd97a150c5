import { isDeepStrictEqual } from 'node:util'
import type { AppendJob, AppendTarget } from './append-job.js'
import type { Outcome } from './types.js'

/** Most messages, and bytes held in memory, that one thread is given at a time. */
const MAX_JOBS = 200
const MAX_BYTES = 8 * 1024 * 1024

export interface AppendRequest {
  readonly target: AppendTarget
  readonly job: AppendJob
  /** How long to wait for the lock of another program, in milliseconds. */
  readonly lockWaitMs: number
  readonly warn: (text: string) => void
}

export interface Pending extends AppendRequest {
  readonly deadline: number
  readonly resolve: (outcome: Outcome) => void
}

/** The messages waiting for one drop file, in the order they came. */
export interface FileQueue {
  readonly file: string
  readonly waiting: Pending[]
  /** In the line for a thread, with one, or until a timer ends. */
  state: 'idle' | 'ready' | 'running' | 'resting'
  /** When it last was idle or rested. */
  since: number
}

/** What one thread can still be given. */
export interface Room {
  jobs: number
  bytes: number
}

export function threadRoom(): Room {
  return { jobs: MAX_JOBS, bytes: MAX_BYTES }
}

/** How a batch is written: all of it alike. */
export function targetOf(batch: readonly Pending[]): AppendTarget {
  const [first] = batch
  if (first === undefined) throw new Error('a batch without a message')
  return first.target
}

/**
 * The next messages of a file that fit, with at least one where `begin` says so. They are written alike: the settings may
 * have changed between two of them.
 */
export function takeBatch({ waiting }: FileQueue, room: Room, begin: boolean): Pending[] {
  let count = 0
  for (const { job, target } of waiting) {
    const bytes = job.body instanceof Uint8Array ? job.body.byteLength : MAX_BYTES
    const fits = room.jobs >= 1 && room.bytes >= bytes
    if (!fits && !(begin && count === 0)) break
    if (count > 0 && !isSameTarget(target, waiting[0]?.target)) break
    room.jobs--
    room.bytes -= bytes
    count++
  }
  return waiting.splice(0, count)
}

function isSameTarget(a: AppendTarget, b: AppendTarget | undefined): boolean {
  return a === b || isDeepStrictEqual(a, b)
}
