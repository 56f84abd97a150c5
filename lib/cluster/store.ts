import type { Rate } from '../conf/forms.js'
import type { ConnectionState } from './connection.js'

/** What a node says of itself with every heartbeat. */
export interface Beat {
  readonly name: string
  /** Names the Haraka directory: whoever starts in it again takes the place of whoever died there. */
  readonly owner: string
  /** Names the process, among those of the same owner. */
  readonly instance: string
  /** It has been written before: an instance that is another's now is that of a second Haraka, not of one that has died. */
  readonly again: boolean
  /** What others may want to read of it. */
  readonly summary: string
}

/** A node as it was when its heart beat last. */
export interface Seen extends Pick<Beat, 'name' | 'owner'> {
  /** Milliseconds since then, by the clock that all nodes share. */
  readonly ageMs: number
}

export interface Roll {
  readonly nodes: readonly Seen[]
  /** For each record how often it changed. */
  readonly versions: ReadonlyMap<string, number>
}

/** How a record is kept: each key has a text, and of two the greater one, byte by byte, wins. */
export type Texts = ReadonlyMap<string, string>

/**
 * What nodes share. All that it is given is short and made by us; all that comes out of it may have been written by anybody who
 * reaches Redis. Every method rejects, at once or after a bounded time, while the other side is away: RedisAway.
 */
export interface Store {
  state(): ConnectionState
  /** Called when it was reached or lost. */
  onChanged(listener: (state: ConnectionState) => void): void
  /** Called with each failure to reach it. */
  onFailed(listener: (why: string) => void): void
  /** Writes a heartbeat, unless another owner of this name, or a second one like it, was alive less than `deadMs` ago. Then `taken`. */
  beat(own: Beat, deadMs: number): Promise<Roll & { readonly taken: boolean }>
  roll(): Promise<Roll>
  /** Of each node what it said of itself last. */
  summaries(): Promise<ReadonlyMap<string, string>>
  /** Takes a node off the roll. */
  leave(own: Pick<Beat, 'name' | 'owner'>): Promise<void>
  /** Has what is sent to this name given to `listener`, from now on and after every outage. */
  listen(name: string, listener: (text: string) => void): Promise<void>
  /** Ends that. */
  deafen(name: string): Promise<void>
  /** Sends to a name; false: nobody listens there. */
  send(name: string, text: string): Promise<boolean>
  /** As lib/rate.ts, by the clock that all nodes share. */
  take(key: string, rate: Rate): Promise<number>
  count(key: string, rate: Rate): Promise<number>
  /**
   * As lib/routing/volume.ts: how many there are in the period with this one; 0: there may be no more. `unasked` were let in before
   * without a question, and are counted now.
   */
  volume(key: string, max: number, periodMs: number, unasked?: number): Promise<number>
  /** True for the first who claims a key within the time. */
  claim(key: string, forMs: number): Promise<boolean>
  free(key: string): Promise<void>
  /** Keeps of each key the greater text. */
  merge(record: string, texts: Texts): Promise<void>
  read(record: string): Promise<{ readonly version: number; readonly texts: Texts }>
  /** Forgets keys that still have these texts. */
  forget(record: string, texts: Texts): Promise<void>
  close(): void
}

/** So many nodes are told of. */
export const MAX_NODES = 1000
/** So many keys of a record are read; more cannot come from an operator. */
export const MAX_KEYS = 500_000

/** Which of two texts of one key wins: negative, 0 or positive. As Redis compares, by bytes. */
export function compareTexts(one: string, other: string): number {
  return one === other ? 0 : Buffer.compare(Buffer.from(one), Buffer.from(other))
}
