import type { NodeSummary } from './summary.js'

/** Which of the other nodes of a cluster answered. */
export interface Nodes {
  readonly answered: readonly string[]
  /** Those that live, as far as is known, and did not answer in time. */
  readonly silent: readonly string[]
  /** These three only where a command was given for all nodes (`--all`): this node, those that are dead, and why it is alone. */
  readonly own?: string
  readonly dead?: readonly string[]
  readonly alone?: string
}

/** This Haraka as one node of several. */
export interface ClusterStatus {
  readonly node: string
  /** `away`: Redis is out of reach; `refused`: another node that lives has this name. */
  readonly state: 'joined' | 'away' | 'refused'
  readonly sinceMs: number
  /** Why it is not joined; '' where it is. */
  readonly why: string
  /** All nodes, this one too, and those that died lately. As they were last known while Redis is away. */
  readonly nodes: readonly NodeStatus[]
}

export interface NodeStatus {
  readonly node: string
  readonly alive: boolean
  /** Since its heart beat last. */
  readonly ageMs: number
  /** What it said of itself some seconds ago; absent where nothing could be read. */
  readonly summary?: NodeSummary
}
