import type { DomainSummary } from '../../lib/queue/shown.js'
import type { Status } from '../../lib/control/protocol.js'
import { suspensionKey, type QueueTotals } from '../../lib/queue/summary.js'
import type { Suspension } from '../../lib/queue/suspensions.js'
import type { Crew } from '../crew.js'
import { askAll } from './questions.js'

/** As many domains as a status shows (protocol). */
const MAX_DOMAINS = 1000

export type QueueStatus = Omit<Status, 'version' | 'pid' | 'startedMs' | 'ras'>

/** The queues of all processes in numbers; `suspensions` are those in force. */
export async function queueStatus(crew: Crew, suspensions: readonly Suspension[]): Promise<QueueStatus> {
  const { answers, missing } = await askAll(crew, 'queue.totals', {})
  const counts = new Map<string, number>()
  for (const [domain, count] of answers.flatMap(({ domains }) => domains)) {
    counts.set(domain, (counts.get(domain) ?? 0) + count)
  }
  const shown = [...counts].sort(([, one], [, other]) => other - one).slice(0, MAX_DOMAINS)
  const summaries = await askAll(crew, 'queue.domains', { domains: shown.map(([domain]) => domain) })
  const sum = (of: (totals: QueueTotals) => number): number => answers.reduce((all, totals) => all + of(totals), 0)
  return {
    workers: answers.length,
    missing: Math.max(missing, summaries.missing),
    complete: missing === 0 && summaries.missing === 0 && answers.every(({ complete }) => complete),
    queue: {
      count: sum(({ count }) => count),
      bytes: sum(({ bytes }) => bytes),
      sending: sum(({ sending }) => sending),
    },
    held: sum(({ held }) => held),
    domains: mergeDomains(summaries.answers.flat()),
    // Where a process names only part of its domains, two may leave out the same.
    otherDomains: counts.size - shown.length + Math.max(0, ...answers.map(({ otherDomains }) => otherDomains)),
    suspensions: suspensions.map((suspension) => withCounts(suspension, answers)),
  }
}

function withCounts(suspension: Suspension, answers: readonly QueueTotals[]): Status['suspensions'][number] {
  const key = suspensionKey(suspension)
  const parts = answers.flatMap(({ suspended }) => suspended.filter((one) => one.key === key))
  return {
    ...suspension,
    count: parts.reduce((sum, { count }) => sum + count, 0),
    bytes: parts.reduce((sum, { bytes }) => sum + bytes, 0),
    ...(parts.length === 0 ? {} : { oldestMs: Math.min(...parts.map(({ oldestMs }) => oldestMs)) }),
  }
}

/** What several processes have for the same domain becomes one; those with most mail first. */
export function mergeDomains(parts: readonly DomainSummary[]): DomainSummary[] {
  const merged = new Map<string, DomainSummary>()
  for (const part of parts) {
    const other = merged.get(part.domain)
    merged.set(part.domain, other === undefined ? part : mergeTwo(other, part))
  }
  return [...merged.values()].sort((one, other) => other.count - one.count || (one.domain < other.domain ? -1 : 1))
}

function mergeTwo(one: DomainSummary, other: DomainSummary): DomainSummary {
  const nextMs = Math.min(one.nextMs ?? Infinity, other.nextMs ?? Infinity)
  return {
    domain: one.domain,
    count: one.count + other.count,
    bytes: one.bytes + other.bytes,
    oldestMs: Math.min(one.oldestMs, other.oldestMs),
    ...(nextMs === Infinity ? {} : { nextMs }),
    reason: one.reason === '' ? other.reason : one.reason,
    suspended: one.suspended || other.suspended,
    held: one.held + other.held,
  }
}
