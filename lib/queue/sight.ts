import type { Entry } from './entry.js'
import type { HeaderAnswer } from './header-thread.js'
import type { QueueIndex } from './index.js'
import type { Suspension, SuspensionTable } from './suspensions.js'

/** The queue of one process, as commands of operators see it. */
export interface QueueSight {
  readonly index: Pick<QueueIndex, 'size' | 'get' | 'all' | 'forDomain' | 'domains'>
  /** Where its files are. */
  readonly directory: string
  /** False while there may be files that the index does not know, or not all of. */
  isComplete(): boolean
  /** In order; undefined for a file that is gone or unreadable. */
  readHeaders(files: readonly string[]): Promise<HeaderAnswer>
  isHeld(id: string): boolean
  suspensionOf(entry: Entry): Suspension | undefined
  suspensions(): SuspensionTable
  /** Whether mail for this domain (folded) is done on this machine. */
  isHome(domain: string): boolean
  /** An attempt now. False when an operator holds it. */
  send(entry: Entry): boolean
  /** Removes a message for good. False when an attempt is under way. */
  drop(entry: Entry): Promise<boolean>
}
