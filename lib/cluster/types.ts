import type { Rate } from '../conf/forms.js'
import type { Handler, Part } from './node-asking.js'
import type { Texts } from './store.js'

export type { Handler } from './node-asking.js'

/** A node as the others see it. */
export interface NodeView {
  readonly node: string
  readonly alive: boolean
  /** Since its heart beat last. */
  readonly ageMs: number
}

/** A node on the roll as it is now. */
export interface NodeListed extends NodeView {
  /** Names its Haraka directory. */
  readonly owner: string
}

export interface Standing {
  readonly node: string
  /** `refused`: another node that lives has this name. */
  readonly state: 'joined' | 'away' | 'refused'
  readonly sinceMs: number
  /** Why it is not joined; '' where it is. */
  readonly why: string
}

/** Which of the other nodes answered. */
export interface Told {
  readonly answered: readonly string[]
  /** Those that live, as far as is known, and did not answer in time or failed. */
  readonly silent: readonly string[]
}

export interface Asked<T = unknown> extends Told {
  readonly answers: readonly { readonly node: string; readonly value: T }[]
}

export interface AskOptions {
  readonly timeMs?: number
  readonly part?: Part
}

/** What this node has of a record. */
export interface LocalRecord {
  all(): Texts
  /** Takes over what counts more than what is here; durable when it resolves. Rejects where it cannot, and is asked again. */
  take(texts: Texts): Promise<void>
  /** Whether a text is so old that nobody needs it. */
  isOld(text: string): boolean
}

/** One node among others. While those are out of reach every method says so at once, or after a bounded time. */
export interface Cluster {
  readonly node: string
  standing(): Standing
  /** Asks all other nodes that live. Never rejects. */
  ask(question: string, args?: unknown, options?: AskOptions): Promise<Asked>
  /** Asks one. Rejects with NodeSilent or NodeFailed. */
  askNode(node: string, question: string, args?: unknown, options?: AskOptions): Promise<unknown>
  onAsk(question: string, handler: Handler): void
  /** The nodes, this one too, and those that died lately. As they were last known while Redis is away. */
  nodes(): readonly NodeView[]
  /** The same, as Redis has it now. Rejects while Redis is away. */
  roll(): Promise<readonly NodeListed[]>
  /** What each node said of itself. Rejects while Redis is away. */
  summaries(): Promise<ReadonlyMap<string, string>>
  /** Rejects while Redis is away. */
  take(key: string, rate: Rate): Promise<number>
  count(key: string, rate: Rate): Promise<number>
  /** How many there are with this one, 0 where there may be no more; see Store.volume. */
  volume(key: string, max: number, periodMs: number, unasked?: number): Promise<number>
  claim(key: string, forMs: number): Promise<boolean>
  free(key: string): Promise<void>
  /** Keeps a record the same on all nodes. */
  record(name: string, local: LocalRecord): void
  /** Tells the others of changes that are in force here. Never rejects: what they are not told they find later. */
  tell(record: string, texts: Texts): Promise<Told>
  /** Resolves when it has joined, or is known not to for now; after `timeMs` in any case. */
  settled(timeMs: number): Promise<void>
  close(): void
}
