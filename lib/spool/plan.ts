import { parseAddress, type Address } from '../address.js'
import type { News } from '../dsn/news.js'
import { sameParty, withoutSuccess, type Party } from '../dsn/party.js'
import { reply, type Reply } from '../reply.js'
import { identity, listOwner } from '../routing/provenance.js'
import type { Destination, Placed, Route } from '../routing/types.js'

/** A message with more `Received:` headers than this goes round in a loop (R15). */
export const HOP_LIMIT = 30

/** A recipient and what was decided for it. */
export interface RoutedRecipient {
  /** The address as given at RCPT. */
  readonly original: string
  readonly route: Route
  /** Whom reports about it concern: itself, or whom a queue file names. */
  readonly parties: readonly Party[]
}

type DestinationOf<Kind extends Destination['kind']> = Extract<Destination, { kind: Kind }>

/** One copy that is written or run on this machine. */
export interface LocalCopy {
  readonly original: string
  /** Value of Delivered-To. */
  readonly found: string
  readonly destination: DestinationOf<'mailbox' | 'file' | 'robot'>
}

/** A copy, and whom a report about it concerns: one copy may be that of several RCPTs. */
export interface PlannedCopy extends LocalCopy {
  readonly parties: readonly Party[]
}

/** Copies that leave for other servers with the same headers. */
export interface RemoteGroup {
  /** Delivered-To of a forwarded copy (R15); undefined for mail that is only relayed. */
  readonly deliveredTo: string | undefined
  readonly recipients: readonly RemoteRecipient[]
}

export interface RemoteRecipient {
  readonly address: Address
  readonly parties: readonly Party[]
}

/** What becomes of one message: the work that accepting it means. */
export interface Plan {
  /** Drop files and files: written before the 250. */
  readonly immediate: readonly PlannedCopy[]
  /** Robots: they run from the queue after the 250 (D12). */
  readonly spooled: readonly PlannedCopy[]
  readonly remote: readonly RemoteGroup[]
  /** Copies that go to nowhere, as wanted. */
  readonly discarded: number
  /** What failed for good before anything was done; when nothing else is left the message is refused. */
  readonly failing: readonly Failure[]
  /** What is known once the message is accepted: which recipients are lists (N5). */
  readonly lists: readonly News[]
}

export interface Failure {
  readonly parties: readonly Party[]
  /** RFC 3463. */
  readonly status: string
  /** For the sender. */
  readonly text: string
}

export interface PlanRules {
  /** allowdup: one copy per RCPT to the same drop file, robot or file (R3). */
  readonly allowDuplicates: boolean
  /** The message's own Delivered-To values (R15). */
  readonly deliveredTo: readonly string[]
}

/** Decides what carrying out the routes of one message takes. Pure. */
export function planMessage(recipients: readonly RoutedRecipient[], rules: PlanRules): Plan {
  /** Whom the copy to each destination concerns; a later RCPT that ends in the same copy joins. */
  const concerned = new Map<string, Party[]>()
  const passed = new Set(rules.deliveredTo.map(comparable))
  const immediate: PlannedCopy[] = []
  const spooled: PlannedCopy[] = []
  const failing: Failure[] = []
  const lists: News[] = []
  let discarded = 0
  const groups = new Map<string, RemoteRecipient[]>()

  for (const { original, route, parties: given } of recipients) {
    if (!route.accepted) failing.push(failure(given, route.reply))
    const kept = route.destinations.filter(({ destination }) => destination.kind !== 'discard')
    discarded += route.destinations.length - kept.length
    const isList = kept.length > 1
    if (isList) lists.push(...listNews(kept, given))
    for (const { destination, found, redirected } of kept) {
      const parties = isList ? given.map(withoutSuccess) : [...given]
      const repeatable = rules.allowDuplicates && destination.kind !== 'remote'
      const same = identity(destination)
      const before = concerned.get(same)
      if (before !== undefined && !repeatable) {
        before.push(...parties.filter((party) => !before.some((known) => sameParty(known, party))))
        continue
      }
      concerned.set(same, parties)
      const plainRelay = destination.kind === 'remote' && !redirected
      if (!plainRelay && passed.has(comparable(found.text))) {
        // R15: it has been here before.
        failing.push(failure(parties, reply('loop', original)))
        continue
      }
      switch (destination.kind) {
        case 'discard':
          break
        case 'mailbox':
        case 'file':
          immediate.push({ original, found: found.text, destination, parties })
          break
        case 'robot':
          spooled.push({ original, found: found.text, destination, parties })
          break
        case 'remote': {
          const key = redirected ? found.text : ''
          const group = groups.get(key) ?? []
          groups.set(key, group)
          group.push({ address: destination.address, parties })
        }
      }
    }
  }
  const remote = [...groups].map(([key, group]) => ({ deliveredTo: key === '' ? undefined : key, recipients: group }))
  return { immediate, spooled, remote, discarded, failing, lists }
}

/** N5: the operator's list is `expanded`; a user's own arrangement is nobody's business, the mail has reached the user. */
function listNews(placed: readonly Placed[], parties: readonly Party[]): News[] {
  const event = listOwner(placed) === 'operator' ? 'expanded' : 'delivered'
  return parties.map((party) => ({ party, event, status: '2.0.0', reason: '' }))
}

function failure(parties: readonly Party[], { enhanced, text }: Reply): Failure {
  return { parties, status: enhanced, text }
}

/** The form in which two Delivered-To values are compared. */
function comparable(value: string): string {
  const trimmed = value.trim()
  return parseAddress(trimmed)?.key ?? trimmed.toLowerCase()
}
