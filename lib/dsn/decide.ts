import type { Notify, NotifyOn } from './params.js'

/** What became of a message for one recipient, as far as this server knows. */
export type DsnEvent =
  /** Given up, or refused for good. */
  | 'failed'
  /** The first deferral (N4). */
  | 'delayed'
  /** In a mailbox or file, or taken by a robot. */
  | 'delivered'
  /** Sent on to several recipients by the operator's own list (N5). */
  | 'expanded'
  /** Taken by a next hop that does not know DSN: nobody after it will report (RFC 3461 5.2.2). */
  | 'relayed'
  /** Taken by a next hop that knows DSN and got the parameters. */
  | 'handed on'
  /** Thrown away as the operator wants. */
  | 'discarded'

/** `double bounce`: a failure of what was itself a report, of which the operator hears, once (N6). */
export type DsnDecision = 'report' | 'nothing' | 'double bounce'

export interface DsnCase {
  readonly event: DsnEvent
  /** undefined: the sender did not say (N3). */
  readonly notify: Notify | undefined
  /** The null sender is never answered (RFC 5321 4.5.5). */
  readonly nullSender: boolean
}

const WANTED: Record<DsnEvent, NotifyOn | undefined> = {
  failed: 'failure',
  delayed: 'delay',
  delivered: 'success',
  expanded: 'success',
  relayed: 'success',
  'handed on': undefined,
  discarded: undefined,
}

/** N3: without NOTIFY a failure is reported, nothing else. */
const UNASKED: readonly NotifyOn[] = ['failure']

/**
 * Whether an event is reported (manual: DSNs; RFC 3461 5.2; N3 to N6). NEVER means no report whatever happens, to the operator
 * neither.
 */
export function decideReport({ event, notify, nullSender }: DsnCase): DsnDecision {
  const wanted = WANTED[event]
  if (wanted === undefined || notify === 'never') return 'nothing'
  if (nullSender) return wanted === 'failure' ? 'double bounce' : 'nothing'
  return (notify ?? UNASKED).includes(wanted) ? 'report' : 'nothing'
}
