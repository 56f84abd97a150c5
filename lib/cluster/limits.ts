import type { Rate } from '../conf/forms.js'
import type { RateLimit } from '../rate.js'
import type { Volume } from '../routing/volume.js'
import type { Cluster } from './types.js'
import { shortKey } from './names.js'
import type { Unasked } from './unasked.js'

/*
 * Limits that count on all nodes. Each node counts for itself as well: while the others are out of reach its own count is the limit, at
 * once, and nobody who stays within it is refused.
 */

type Shared = Pick<Cluster, 'take' | 'count' | 'volume'>

/** As RateLimit.take. Never rejects. `name` says what is counted. */
export async function takeEverywhere(
  shared: Shared | undefined,
  local: RateLimit,
  name: string,
  key: string,
  rate: Rate,
): Promise<number> {
  // What this node counted others count too: where that is enough they need not be asked.
  if (shared === undefined || rate.count === Infinity || local.count(key, rate) >= rate.count) {
    return local.take(key, rate)
  }
  let waitMs: number
  try {
    waitMs = await shared.take(limitKey(name, key), rate)
  } catch {
    return local.take(key, rate)
  }
  if (waitMs <= 0) local.take(key, rate)
  return waitMs
}

/** As Volume.take. With `unasked` not every one is worth a question. Never rejects. */
export async function volumeEverywhere(
  shared: Shared | undefined,
  local: Volume,
  name: string,
  key: string,
  max: number,
  periodMs: number,
  unasked?: Unasked,
): Promise<boolean> {
  if (shared === undefined || unasked?.take(key, max) === true) return local.take(key, max, periodMs)
  let count: number
  try {
    count = await shared.volume(limitKey(name, key), max, periodMs, unasked?.ask(key))
  } catch {
    unasked?.forget(key)
    return local.take(key, max, periodMs)
  }
  unasked?.hear(key, count)
  if (count > 0) local.take(key, max, periodMs)
  return count > 0
}

/** How often it happened on any node; 0 while they are out of reach. Never rejects. */
export async function countElsewhere(
  shared: Shared | undefined,
  name: string,
  key: string,
  rate: Rate,
): Promise<number> {
  if (shared === undefined || rate.count === Infinity) return 0
  try {
    return await shared.count(limitKey(name, key), rate)
  } catch {
    return 0
  }
}

/** Tells the others that it happened here. */
export function noteElsewhere(shared: Shared | undefined, name: string, key: string, rate: Rate): void {
  if (shared === undefined || rate.count === Infinity) return
  // Counted here it is, whoever hears of it.
  shared.take(limitKey(name, key), rate).catch(() => undefined)
}

/** Strangers choose keys. */
function limitKey(name: string, key: string): string {
  return `${name}:${shortKey(key)}`
}
