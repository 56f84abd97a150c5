import type { FlushResult } from '../lib/queue/shown.js'
import type { Flush } from '../lib/queue/keeper.js'
import { readDomain } from '../lib/conf/value-mail.js'
import { isRecord } from '../lib/record.js'
import type { Seat } from './cluster.js'
import type { Crew } from './crew.js'
import type { Care } from './keeper.js'

const FLUSH = 'queue.flush'

/**
 * A process that takes the place of one that ended is told of the flushes of so many milliseconds: the queue it takes over may
 * have been in the middle of one.
 */
const RECENT_MS = 60_000
const MAX_RECENT = 1000

interface What {
  readonly domain: string
  readonly below: boolean
}

/** The last flushes, the latest at the end; in the one process. */
const recent = new Map<string, What & { readonly untilMs: number }>()

/** Every process sends what waits in its own queue for the domain (folded), with `below` for its sub-domains too. */
export async function flushEverywhere(crew: Crew, what: What): Promise<FlushResult> {
  remember(what)
  const { answers, missing } = await crew.askAll(FLUSH, what)
  const flushes = answers as readonly Flush[]
  return {
    count: flushes.reduce((sum, { count }) => sum + count, 0),
    running: flushes.some(({ running }) => running),
    complete: missing === 0 && flushes.every(({ complete }) => complete),
    workers: flushes.length,
    missing,
  }
}

/** Every node of a cluster does so; this one's own mail is sent whoever else answers. */
export async function flushAllNodes(crew: Crew, seat: Seat, what: What): Promise<FlushResult> {
  const [own, { answers, answered, silent }] = await Promise.all([
    flushEverywhere(crew, what),
    seat.ask(FLUSH, { domain: what.domain, below: what.below }),
  ])
  if (seat.cluster() === undefined) return own
  const all = [own, ...answers.map(({ value }) => readFlush(value))]
  const sum = (of: (one: FlushResult) => number): number => all.reduce((total, one) => total + of(one), 0)
  return {
    count: sum(({ count }) => count),
    running: all.some(({ running }) => running),
    complete: silent.length === 0 && all.every(({ complete }) => complete),
    workers: sum(({ workers }) => workers),
    missing: sum(({ missing }) => missing),
    nodes: { answered, silent },
  }
}

/** What another node answered; nothing for certain where it is none of ours. */
function readFlush(value: unknown): FlushResult {
  const { count, running, complete, workers, missing } = isRecord(value) ? value : {}
  const number = (of: unknown): number => (Number.isSafeInteger(of) ? Math.max(0, of as number) : 0)
  return {
    count: number(count),
    running: running === true,
    complete: complete === true,
    workers: number(workers),
    missing: number(missing),
  }
}

/** In each process. */
export function answerFlush(crew: Crew, care: Care, seat: Seat): void {
  seat.onAsk(FLUSH, async (args) => {
    const { domain, below } = isRecord(args) ? args : {}
    if (typeof domain !== 'string' || readDomain(domain) !== domain) throw new Error('it names no domain')
    return await flushEverywhere(crew, { domain, below: below === true })
  })
  crew.onAll(FLUSH, (args) => {
    const { domain, below } = args as What
    return care.flush(domain, below)
  })
  crew.onJoin((ask) => {
    forgetOld()
    // One that does not answer is as one that was not asked: its mail waits for the next flush.
    for (const { domain, below } of recent.values()) ask(FLUSH, { domain, below }).catch(() => undefined)
  })
}

function remember({ domain, below }: What): void {
  const key = `${String(below)} ${domain}`
  recent.delete(key)
  recent.set(key, { domain, below, untilMs: Date.now() + RECENT_MS })
  forgetOld()
}

function forgetOld(): void {
  for (const [key, { untilMs }] of recent) {
    if (recent.size <= MAX_RECENT && untilMs > Date.now()) return
    recent.delete(key)
  }
}
