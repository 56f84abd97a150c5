import type { Commands, ControlError, Status } from '../control/protocol.js'
import type { QueueDetail, QueueRow } from '../queue/shown.js'
import type { Problem } from '../conf/problem.js'
import type { RouteQuestion } from '../suite/question.js'
import type { TracedRoute } from '../routing/report.js'
import type { Entrance } from './door.js'
import type { MetricsData } from './metrics.js'
import type { Totals } from './tally.js'

/*
 * Whoever answers a request of the page has no queue of all, no token and no say: it asks the one process, by these questions.
 * Plain data both ways.
 */

/** Commands that the page gives. */
export type ActionName = 'queue.send' | 'queue.hold' | 'queue.release' | 'queue.drop' | 'suspend' | 'resume' | 'etrn'

export type Order = {
  readonly [Name in ActionName]: {
    readonly command: Name
    readonly args: Commands[Name]['args']
    /** The node of a cluster that carries it out; absent = this one, as for any operator. */
    readonly node?: string
  }
}[ActionName]

/** A node of the cluster, to choose. */
export interface NodeChoice {
  readonly node: string
  readonly alive: boolean
  /** It is this one. */
  readonly own: boolean
}

/** What somebody did on the page. */
export interface Deed {
  readonly atMs: number
  readonly what: string
  readonly state: 'under way' | 'done' | 'refused'
  readonly text: string
}

export interface Overview {
  readonly status: Status
  readonly totals: Totals
}

/** The oldest messages that match. */
export interface Listing {
  readonly rows: readonly QueueRow[]
  /** Messages that match, or may match where `looked` is less. */
  readonly total: number
  readonly looked: number
  /** Whether the heads of queue files had to be read to know what matches. */
  readonly byHeader: boolean
  readonly missing: number
}

/** An answer, or why there is none, in words for the operator. */
export type Answered<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: ControlError }

export interface Desk {
  enter(token: string, from: string): Promise<Entrance>
  knows(token: string, from: string): Promise<boolean>
  /** undefined: the session is none, or is over. */
  formToken(session: string): Promise<string | undefined>
  overview(): Promise<Answered<Overview>>
  /** By their names; none where there is no cluster. */
  nodes(): Promise<readonly NodeChoice[]>
  /** Here and below: of the node of this name; '' = of this one. */
  list(filter: readonly string[], node: string): Promise<Answered<Listing>>
  show(id: string, node: string): Promise<Answered<QueueDetail>>
  trace(question: RouteQuestion, node: string): Promise<Answered<TracedRoute>>
  /** Resolves when it is done, or is going to take longer; `deeds` tell how it went. */
  act(order: Order): Promise<void>
  /** The latest, newest first. */
  deeds(): Promise<readonly Deed[]>
  metrics(): Promise<MetricsData>
}

/** What the process itself can answer: its configuration is the one that mail is taken by. */
export interface Here {
  /** Whether a client may open the page at all. */
  allows(ip: string): boolean
  problems(): readonly Problem[]
  /** Rejects while there is no configuration. */
  trace(question: RouteQuestion): Promise<TracedRoute>
}
