import { parseAddress, type Address } from '../address.js'
import { reply, type Reply } from '../reply.js'
import { identity } from '../routing/provenance.js'
import type { Destination, Route } from '../routing/types.js'

/** A message with more `Received:` headers than this goes round in a loop (R15). */
export const HOP_LIMIT = 30

/** A recipient and what was decided for it. */
export interface RoutedRecipient {
  /** The address as given at RCPT. */
  readonly original: string
  readonly route: Route
}

type DestinationOf<Kind extends Destination['kind']> = Extract<Destination, { kind: Kind }>

/** One copy that is written or run on this machine. */
export interface LocalCopy {
  readonly original: string
  /** Value of Delivered-To. */
  readonly found: string
  readonly destination: DestinationOf<'mailbox' | 'file' | 'robot'>
}

/** Copies that leave for other servers with the same headers. */
export interface RemoteGroup {
  /** Delivered-To of a forwarded copy (R15); undefined for mail that is only relayed. */
  readonly deliveredTo: string | undefined
  readonly recipients: readonly { readonly original: string; readonly address: Address }[]
}

/** What becomes of one message: the work that accepting it means. */
export interface Plan {
  /** Drop files and files: written before the 250. */
  readonly immediate: readonly LocalCopy[]
  /** Robots: they run from the queue after the 250 (D12). */
  readonly spooled: readonly LocalCopy[]
  readonly remote: readonly RemoteGroup[]
  /** Copies that go to nowhere, as wanted. */
  readonly discarded: number
  /** What failed for good before anything was done; when nothing else is left the message is refused. */
  readonly failing: readonly Failure[]
}

export interface Failure {
  readonly original: string
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
  const seen = new Set<string>()
  const passed = new Set(rules.deliveredTo.map(comparable))
  const immediate: LocalCopy[] = []
  const spooled: LocalCopy[] = []
  const failing: Failure[] = []
  let discarded = 0
  const groups = new Map<string, { original: string; address: Address }[]>()

  for (const { original, route } of recipients) {
    if (!route.accepted) failing.push(failure(original, route.reply))
    for (const { destination, found, redirected } of route.destinations) {
      if (destination.kind === 'discard') {
        discarded++
        continue
      }
      const repeatable = rules.allowDuplicates && destination.kind !== 'remote'
      const same = identity(destination)
      if (seen.has(same) && !repeatable) continue
      seen.add(same)
      const plainRelay = destination.kind === 'remote' && !redirected
      if (!plainRelay && passed.has(comparable(found.text))) {
        // R15: it has been here before.
        failing.push(failure(original, reply('loop', found.text)))
        continue
      }
      switch (destination.kind) {
        case 'mailbox':
        case 'file':
          immediate.push({ original, found: found.text, destination })
          break
        case 'robot':
          spooled.push({ original, found: found.text, destination })
          break
        case 'remote': {
          const key = redirected ? found.text : ''
          const group = groups.get(key) ?? []
          groups.set(key, group)
          group.push({ original, address: destination.address })
        }
      }
    }
  }
  const remote = [...groups].map(([key, group]) => ({ deliveredTo: key === '' ? undefined : key, recipients: group }))
  return { immediate, spooled, remote, discarded, failing }
}

function failure(original: string, { enhanced, text }: Reply): Failure {
  return { original, status: enhanced, text }
}

/** The form in which two Delivered-To values are compared. */
function comparable(value: string): string {
  const trimmed = value.trim()
  return parseAddress(trimmed)?.key ?? trimmed.toLowerCase()
}
