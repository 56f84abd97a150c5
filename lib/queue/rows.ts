import type { QueueRow } from './shown.js'
import { readItem, type SpooledItem } from '../spool/item.js'
import type { Entry } from './entry.js'
import type { Found } from './queries.js'
import type { QueueSight } from './sight.js'
import type { Suspension } from './suspensions.js'

/** One message as `dmail queue list` shows it. */
export function rowOf(
  sight: Pick<QueueSight, 'isHeld' | 'suspensionOf' | 'isHome'>,
  { entry, header }: Found,
): QueueRow {
  const { id, arrivedMs, attempts, reason } = entry
  const suspension = sight.suspensionOf(entry)
  const state = stateOf(entry, sight.isHeld(id), suspension)
  const nextMs = nextOf(entry, state, suspension)
  const domain = entry.domain ?? header?.domain ?? ''
  return {
    id,
    uuid: header?.uuid ?? '',
    domain,
    sender: header?.sender ?? '',
    recipients: header?.recipients ?? [],
    bytes: header?.bytes ?? entry.bytes,
    arrivedMs,
    attempts,
    state,
    ...(nextMs === undefined ? {} : { nextMs }),
    reason,
    ...workOf(readItem(header?.note), sight.isHome(domain)),
    ...(suspension === undefined || state !== 'suspended' ? {} : { suspension }),
  }
}

/** `suspension`: what keeps the mail of its domain from being tried. */
export function stateOf(
  { stage }: Pick<Entry, 'stage'>,
  held: boolean,
  suspension: Suspension | undefined,
): QueueRow['state'] {
  // What an operator decided while it was on its way holds for the next attempt.
  if (stage === 'sending') return stage
  if (held) return 'held'
  if (stage === 'starting') return stage
  return suspension === undefined ? 'waiting' : 'suspended'
}

function nextOf({ dueMs }: Entry, state: QueueRow['state'], suspension: Suspension | undefined): number | undefined {
  switch (state) {
    case 'waiting':
    case 'starting':
      return dueMs
    case 'suspended':
      return suspension?.untilMs
    case 'held':
    case 'sending':
      return undefined
  }
}

/** `home`: mail for a domain of ours that Haraka itself put into the queue, a report mostly. */
function workOf(item: SpooledItem | undefined, home: boolean): Pick<QueueRow, 'kind' | 'work'> {
  if (item === undefined) return { kind: home ? 'mailbox' : 'remote' }
  const { work } = item
  const { destination } = work.copy
  if (destination.kind === 'robot') return { kind: 'robot', work: destination.argv.map(asWord).join(' ') }
  return { kind: destination.kind, work: destination.path }
}

function asWord(argument: string): string {
  return /^[^\s"]+$/.test(argument) ? argument : JSON.stringify(argument)
}
