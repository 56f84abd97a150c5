import type { DomainSummary, QueueRow } from './shown.js'
import { compilePatternList } from '../conf/wildcard.js'
import type { Entry } from './entry.js'
import { stateOf } from './rows.js'
import type { QueueSight } from './sight.js'
import { inSlices } from './slices.js'
import type { Suspension } from './suspensions.js'

/** What waits because of one suspension. */
export interface SuspendedMail {
  /** `suspensionKey`. */
  readonly key: string
  readonly count: number
  readonly bytes: number
  readonly oldestMs: number
}

/** The queue of one process in numbers. */
export interface QueueTotals {
  readonly count: number
  readonly bytes: number
  readonly sending: number
  readonly held: number
  readonly states: Readonly<Record<QueueRow['state'], number>>
  readonly suspended: readonly SuspendedMail[]
  /** Those with most mail first, no more than `MOST_DOMAINS`. */
  readonly domains: readonly (readonly [domain: string, count: number])[]
  /** How many more there are. */
  readonly otherDomains: number
}

/** Anybody can have mail for any number of domains put into a queue. */
const MOST_DOMAINS = 20_000

/** Names a suspension in all processes. */
export function suspensionKey({ domain, at }: Suspension): string {
  return `${at ?? ''} ${domain}`
}

export async function queueTotals(sight: QueueSight): Promise<QueueTotals> {
  let [bytes, sending, held] = [0, 0, 0]
  const states = { waiting: 0, suspended: 0, held: 0, starting: 0, sending: 0 }
  const suspended = new Map<string, { key: string; count: number; bytes: number; oldestMs: number }>()
  await inSlices(sight.index.all(), (entry) => {
    bytes += entry.bytes
    if (entry.stage === 'sending') sending++
    const isHeld = sight.isHeld(entry.id)
    if (isHeld) held++
    const suspension = sight.suspensionOf(entry)
    states[stateOf(entry, isHeld, suspension)]++
    if (suspension === undefined) return
    const key = suspensionKey(suspension)
    const sum = suspended.get(key) ?? { key, count: 0, bytes: 0, oldestMs: Infinity }
    suspended.set(key, sum)
    sum.count++
    sum.bytes += entry.bytes
    sum.oldestMs = Math.min(sum.oldestMs, entry.arrivedMs)
  })
  const domains: [string, number][] = []
  await inSlices(sight.index.domains(), ([domain, entries]) => domains.push([domain, entries.size]))
  domains.sort(([, one], [, other]) => other - one)
  return {
    count: sight.index.size,
    bytes,
    sending,
    held,
    states,
    suspended: [...suspended.values()],
    domains: domains.slice(0, MOST_DOMAINS),
    otherDomains: Math.max(domains.length - MOST_DOMAINS, 0),
  }
}

/** The mail of these domains; none for a domain without any. */
export async function domainSummaries(sight: QueueSight, domains: readonly string[]): Promise<DomainSummary[]> {
  const sums = new Map<string, Sum>()
  await inSlices(entriesOf(sight, domains), ([domain, entry]) => {
    const sum = sums.get(domain) ?? { domain, count: 0, bytes: 0, oldestMs: Infinity, held: 0, lastMs: 0, reason: '' }
    sums.set(domain, sum)
    add(sum, entry, sight)
  })
  return [...sums.values()].map(({ domain, count, bytes, oldestMs, nextMs, reason, held }) => ({
    domain,
    count,
    bytes,
    oldestMs,
    ...(nextMs === undefined ? {} : { nextMs }),
    reason,
    suspended: !sight.isHome(domain) && sight.suspensions().find(domain, Date.now()) !== undefined,
    held,
  }))
}

interface Sum {
  readonly domain: string
  count: number
  bytes: number
  oldestMs: number
  nextMs?: number
  reason: string
  held: number
  /** When the message with the latest reason is due: the one that was tried last, for the interval is the same for all. */
  lastMs: number
}

function add(sum: Sum, entry: Entry, sight: QueueSight): void {
  const held = sight.isHeld(entry.id)
  sum.count++
  sum.bytes += entry.bytes
  sum.oldestMs = Math.min(sum.oldestMs, entry.arrivedMs)
  if (held) sum.held++
  if (entry.reason !== '' && entry.dueMs >= sum.lastMs)
    Object.assign(sum, { reason: entry.reason, lastMs: entry.dueMs })
  const next = held || entry.stage === 'sending' ? undefined : nextOf(entry, sight.suspensionOf(entry))
  if (next !== undefined && next < (sum.nextMs ?? Infinity)) sum.nextMs = next
}

function nextOf({ dueMs }: Entry, suspension: Suspension | undefined): number | undefined {
  return suspension === undefined ? dueMs : suspension.untilMs
}

function* entriesOf({ index }: QueueSight, domains: readonly string[]): Generator<readonly [string, Entry]> {
  for (const domain of domains) for (const entry of index.forDomain(domain, false)) yield [domain, entry]
}

/** How much mail a suspension of `domain` (`domain`, `*.domain`, `*`) is about. */
export async function countFor(sight: QueueSight, domain: string): Promise<number> {
  const matches = compilePatternList(domain)
  let count = 0
  await inSlices(sight.index.domains(), ([name, entries]) => {
    if (!matches(name) || sight.isHome(name)) return
    for (const { local } of entries) if (!local) count++
  })
  return count
}
