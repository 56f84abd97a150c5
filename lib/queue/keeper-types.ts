import type { Decision } from './attempt.js'
import type { Entry, EntryHeader } from './entry.js'
import type { QueueIndex } from './index.js'

/** What the keeper has done for it. */
export interface KeeperPorts {
  /** Sets the timer of a file; there is none for it. */
  park(file: string, forMs: number): void
  /** Takes a file's timer away: it does not fire any more. False when there is none. */
  unpark(file: string): boolean
  /** Begins an attempt. Resolves to false when the file is not there any more. */
  start(file: string): Promise<boolean>
  remove(file: string): Promise<void>
  /** The headers of waiting files, in order; undefined for one that cannot be read. */
  readHeaders(files: readonly string[]): Promise<readonly (EntryHeader | undefined)[]>
  decide(entry: Entry): Decision
  /** Whether an operator holds it. */
  isHeld(id: string): boolean
  problem(text: string): void
}

export interface Flush {
  /** Messages that are sent now. */
  readonly count: number
  /** An earlier flush of that domain is not at its end: nothing was done. */
  readonly running: boolean
  /** False while the queue of an earlier process is being read: what is found for the domain then is sent too. */
  readonly complete: boolean
}

/** Decides when each queue file of this process is tried. */
export interface Keeper {
  readonly index: QueueIndex
  /** Everything that waits is known with its domain. */
  readonly isComplete: () => boolean

  /** Haraka set a timer. */
  waits(file: string, dueMs: number): void
  /** A timer has fired. */
  due(file: string): void
  /** A file is in line for an attempt. Its header may not be known yet. */
  queued(file: string, header: EntryHeader | undefined): void
  learn(file: string, header: EntryHeader | undefined): void
  /** An attempt begins; the answer says whether it is made. */
  begins(file: string, header: EntryHeader): Decision
  /** An attempt has failed. */
  failed(file: string, reason: string): void
  /** The file was removed. */
  gone(file: string): void

  /** ETRN: sends what waits for a domain, suspended or not, but for what an operator holds. */
  flush(domain: string, below: boolean): Flush
  /** An attempt now. False when an operator holds it. */
  send(entry: Entry): boolean
  /** Removes a message for good. False when an attempt is under way. */
  drop(entry: Entry): Promise<boolean>
  /** Suspensions or holds have changed: what may go now goes. Takes its time, mail has precedence. */
  reconsider(): Promise<void>
}
