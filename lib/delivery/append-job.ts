import type { Dialect } from './mbox.js'
import type { Owner } from './open.js'
import type { StaleRule } from './stale-lock.js'
import type { MessageBody, Outcome } from './types.js'

/** One message for a drop file. Crosses the border between threads, so it is plain data. */
export interface AppendJob {
  /** The `From ` line and the delivery headers. */
  readonly head: string
  readonly body: MessageBody
}

/** How a drop file is written. */
export interface AppendTarget {
  readonly file: string
  /** The drop directory; hash directories missing below it are created. */
  readonly root: string | undefined
  /** Owner of a file that is created (D5); undefined = the service account. */
  readonly owner: Owner | undefined
  /** Permission bits of a file that is created. */
  readonly mode: number
  readonly dialect: Dialect
  readonly lock: StaleRule
  /** `[drop] fsync` (D3). */
  readonly fsync: boolean
  /** Largest size of the file in bytes (D7); undefined = no limit. */
  readonly limit: number | undefined
}

/** Messages for one drop file that are written under one lock with one sync. */
export interface AppendBatch {
  readonly target: AppendTarget
  readonly jobs: readonly AppendJob[]
}

/** Somebody else has the lock and nothing was done; or what became of each job, in order. */
export type BatchResult =
  | { readonly busy: true; readonly holder: string }
  | { readonly busy: false; readonly outcomes: readonly Outcome[]; readonly warnings: readonly string[] }
