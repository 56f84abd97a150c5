import { parseSize } from '../conf/forms.js'
import type { UserRecord } from '../directory/types.js'
import type { Placed, Step } from './types.js'
import type { World } from './tables.js'

/**
 * Largest size of a user's drop file in bytes (D7): the `quota` field of the reply (bytes, or with k, m, g), else
 * `drop_max`. Undefined = no limit, as is a quota of 0 or one that cannot be read.
 */
export function limitOf(fields: UserRecord['fields'], dropMax: number | undefined): number | undefined {
  const quota = parseSize((fields.get('quota') ?? '').trim())
  return quota === undefined ? dropMax : quota === 0 ? undefined : quota
}

/** A mailbox that has no room, for the trace. */
export interface Full {
  readonly path: string
  readonly step: Step | undefined
}

/**
 * The full mailboxes among the destinations, when there is nothing else: the recipient is better refused now than its
 * mail deferred for days. `size` is what the client announced with SIZE (RFC 1870).
 */
export async function fullOnly(
  placed: readonly Placed[],
  world: World,
  size: number | undefined,
): Promise<readonly Full[] | undefined> {
  const full: Full[] = []
  for (const { destination, step } of placed) {
    if (destination.kind !== 'mailbox' || destination.limit === undefined) return undefined
    const now = await world.fileSize(destination.path)
    if (now < destination.limit && now + (size ?? 0) <= destination.limit) return undefined
    full.push({ path: destination.path, step })
  }
  return full.length === 0 ? undefined : full
}
