import { MAX_SUMMARY_DOMAINS, writeSummary } from '../../lib/cluster/summary.js'
import { configurationHash } from '../../lib/suite/config-hash.js'
import { inSlices } from '../../lib/queue/slices.js'
import { packageVersion } from '../../lib/version.js'
import type { Seat } from '../cluster.js'
import type { Crew } from '../crew.js'
import type { Care } from '../keeper.js'
import type { Live } from '../../lib/suite/live.js'
import { askAll, onAll } from './questions.js'

/** The summary costs a look at every domain of the queue. */
const EVERY_MS = 10_000

/** Has this process say what it has, without a look at each message. */
export function answerForSummary(crew: Crew, care: Care): void {
  onAll(crew, 'queue.brief', async () => {
    const domains: [string, number][] = []
    await inSlices(care.index.domains(), ([domain, entries]) => domains.push([domain, entries.size]))
    domains.sort(([, one], [, other]) => other - one)
    return { messages: care.index.size, domains: domains.slice(0, MAX_SUMMARY_DOMAINS) }
  })
}

/** Keeps what other nodes may read of this one. In the one process of a node; returns what ends it. */
export function keepSummary(crew: Crew, live: Live, seat: Seat, suspended: () => number): () => void {
  const version = packageVersion()
  const startedMs = Math.round(Date.now() - process.uptime() * 1000)
  let text = ''
  let timer: NodeJS.Timeout | undefined

  async function renew(): Promise<void> {
    const { configuration } = await live.current()
    const [config, { answers }] = await Promise.all([configurationHash(configuration), askAll(crew, 'queue.brief', {})])
    const counts = new Map<string, number>()
    for (const [domain, count] of answers.flatMap(({ domains }) => domains)) {
      counts.set(domain, (counts.get(domain) ?? 0) + count)
    }
    text = writeSummary({
      version,
      pid: process.pid,
      startedMs,
      config,
      messages: answers.reduce((sum, { messages }) => sum + messages, 0),
      domains: [...counts].sort(([, one], [, other]) => other - one),
      suspended: suspended(),
    })
  }

  function again(): void {
    renew()
      // Others see the last one for longer.
      .catch(() => undefined)
      .finally(() => {
        timer = setTimeout(again, EVERY_MS)
        timer.unref()
      })
  }

  seat.summarize(() => text)
  again()
  return () => {
    clearTimeout(timer)
  }
}
