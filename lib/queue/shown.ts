import type { Nodes } from '../cluster/status.js'
import type { Suspension } from './suspensions.js'

/* What an operator is shown of the queue, and told of what was done to it. Plain data. */

/** What every answer says of the processes that gave it. */
export interface Coverage {
  /** Processes with a queue that answered. */
  readonly workers: number
  /** Those that did not answer in time: what they have is not in the answer. */
  readonly missing: number
  /** False while the queue of an earlier process is still being read. */
  readonly complete: boolean
}

/** A row of `dmail queue list`. Times are milliseconds since 1970. */
export interface QueueRow {
  readonly id: string
  /** The message's id in the log; messages that were split share it up to the final `.N`. */
  readonly uuid: string
  readonly domain: string
  readonly sender: string
  readonly recipients: readonly string[]
  /** Size of the queue file. */
  readonly bytes: number
  readonly arrivedMs: number
  /** Attempts that failed. */
  readonly attempts: number
  readonly state: 'waiting' | 'suspended' | 'held' | 'starting' | 'sending'
  /** When it is tried next; absent where nothing but a command or ETRN will do it. */
  readonly nextMs?: number
  /** Why the last attempt failed, in the words of whoever refused it; '' before the first. */
  readonly reason: string
  /** `remote` leaves by SMTP; the others are done on this machine. */
  readonly kind: 'remote' | 'mailbox' | 'file' | 'robot' | 'report'
  /** What local work is about: a path, or the words of a command. */
  readonly work?: string
  /** What keeps it, for suspended mail. */
  readonly suspension?: Suspension
}

/** `dmail queue show`. */
export interface QueueDetail extends QueueRow {
  readonly file: string
  readonly pid: number
  /** The header section, as it is in the queue; cut after 64 KiB. */
  readonly headers: string
}

export interface ActionResult extends Coverage {
  readonly done: number
  readonly skipped: number
  /** The first 100 of those skipped. */
  readonly examples: readonly { readonly id: string; readonly why: string }[]
}

export interface DomainSummary {
  readonly domain: string
  readonly count: number
  readonly bytes: number
  readonly oldestMs: number
  readonly nextMs?: number
  readonly reason: string
  readonly suspended: boolean
  readonly held: number
}

export interface FlushResult extends Coverage {
  /** Messages that are sent now. */
  readonly count: number
  /** An earlier flush of the domain is not at its end; nothing was begun. */
  readonly running: boolean
  /** In a cluster; `count` is that of all that answered. */
  readonly nodes?: Nodes
}
