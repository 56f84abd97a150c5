import type { FlushResult } from '../lib/control/protocol.js'
import type { Flush } from '../lib/queue/keeper.js'
import type { Crew } from './crew.js'
import type { Care } from './keeper.js'

const FLUSH = 'queue.flush'

interface What {
  readonly domain: string
  readonly below: boolean
}

/** Every process sends what waits in its own queue for the domain (folded), with `below` for its sub-domains too. */
export async function flushEverywhere(crew: Crew, what: What): Promise<FlushResult> {
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

/** In each process with a queue. */
export function answerFlush(crew: Crew, care: Care): void {
  crew.onAll(FLUSH, (args) => {
    const { domain, below } = args as What
    return care.flush(domain, below)
  })
}
