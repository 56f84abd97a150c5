import type { Destination } from '../routing/types.js'
import { deliverMailbox } from './mailbox.js'
import type { Dialect } from './mbox.js'
import type { ExitStatus } from './robot-outcome.js'
import { runInHost } from './robots.js'
import type { Slots } from './slots.js'
import type { Envelope, MessageSource, Outcome } from './types.js'

/** How local copies are made: settings that hold for all of them. Times in milliseconds. */
export interface DeliverySettings {
  readonly mbox: Dialect
  readonly fsync: boolean
  readonly lockWaitMs: number
  readonly lockStaleMs: number
  readonly lockId: string
  /** Whether other machines write the same files. */
  readonly shared: boolean
  readonly robot: {
    /** Where a bare program name is looked for (D11). */
    readonly path: readonly string[]
    readonly cwd: string
    readonly user: { readonly uid: number; readonly gid: number; readonly home: string } | undefined
    readonly timeoutMs: number
    readonly unixfrom: boolean
    readonly exitStatus: ExitStatus
    readonly slots: Slots
  }
  readonly warn: (text: string) => void
}

type LocalDestination = Extract<Destination, { kind: 'mailbox' | 'file' | 'robot' }>

/**
 * Makes one local copy. Never rejects. A robot first waits for a place (D10), which may take as long as the robots
 * before it: only the spool runs them, no client waits (D12).
 */
export async function deliverCopy(
  destination: LocalDestination,
  message: MessageSource,
  envelope: Envelope,
  settings: DeliverySettings,
): Promise<Outcome> {
  const { mbox, fsync, lockWaitMs, lockStaleMs, lockId, shared, robot, warn } = settings
  if (destination.kind !== 'robot') {
    const options = { lockWaitMs, lockStaleMs, lockId, shared, fsync, warn }
    return deliverMailbox({ ...destination, mbox }, message, envelope, options)
  }
  const { slots, user, ...rest } = robot
  const { argv } = destination
  const release = await slots.take(argv[0])
  try {
    const account = user === undefined ? {} : { user }
    return await runInHost({ argv, deliveredTo: true, ...rest, ...account }, message, envelope, warn)
  } finally {
    release()
  }
}
