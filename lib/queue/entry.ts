import type { QueueFileName } from './file-name.js'

/**
 * Where a queue file is: `waiting` for its time; `starting`, its time has come and it waits for a free place; `sending`, an
 * attempt is under way.
 */
export type Stage = 'waiting' | 'starting' | 'sending'

/** Why an entry waits: for its next try, for ETRN, or for an operator. */
export type Wait = 'retry' | 'suspended' | 'held'

/** One queue file of this process. There may be hundreds of thousands, so there is nothing here that the file tells as well. */
export interface Entry extends QueueFileName {
  /** Its present name. */
  file: string
  attempts: number
  dueMs: number
  stage: Stage
  wait: Wait
  /** Folded; undefined until the file's header was read. */
  domain: string | undefined
  /** Whether it is work of this machine (a drop file, a robot): suspensions are no matter then. */
  local: boolean
  /** Size of the queue file. */
  bytes: number
  /** Why the last attempt failed, in the words of whoever refused it; '' where there was none. */
  reason: string
  /** ETRN or an operator wants an attempt that begins from now on, suspended or not. */
  asked: boolean
  /** That attempt is asked for or under way. */
  flushing: boolean
}

/** What the index needs of a file's header. */
export interface EntryHeader {
  readonly domain: string
  readonly local: boolean
  readonly bytes: number
}
