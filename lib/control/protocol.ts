import type { Adopted } from '../adopt/shown.js'
import type { ClusterStatus, Nodes } from '../cluster/status.js'
import type { CheckLine } from '../conf/check.js'
import type { SettingInForce } from '../conf/in-force.js'
import type { RouteQuestion } from '../suite/question.js'
import type { TracedRoute } from '../routing/report.js'
import type { RasStatus } from '../etrn/ras-status.js'
import type { ActionResult, Coverage, DomainSummary, FlushResult, QueueDetail, QueueRow } from '../queue/shown.js'
import type { Suspension } from '../queue/suspensions.js'
import type { LogLine } from './log-taps.js'
import type { On } from './over-nodes.js'

/*
 * What is said over the control socket: a Unix stream socket in the Haraka directory. The client writes one request as a line
 * of JSON; the server answers with lines of JSON, of which the last is a result or an error, and closes.
 */

/** Lies in the Haraka directory, mode 0600. */
export const SOCKET_FILE = 'dmail.sock'

/** Beside it, in a cluster: for drespond, which runs as another account. It takes the commands `respond.*` and no others. */
export const RESPOND_SOCKET_FILE = 'dmail-respond.sock'

export interface Request<Name extends CommandName = CommandName> {
  readonly command: Name
  readonly args: Commands[Name]['args']
  /** In a cluster; absent = here, as it is for operators of this node. */
  readonly on?: On
}

export type Answer<Name extends CommandName = CommandName> =
  | { readonly item: Commands[Name]['item'] }
  | { readonly progress: Progress }
  | { readonly result: Commands[Name]['result'] }
  | { readonly error: ControlError }

/** So many messages of a long action are done. */
export interface Progress {
  readonly done: number
  readonly total: number
}

export interface ControlError {
  readonly message: string
  readonly hint: string
}

export interface Status extends Coverage {
  readonly version: string
  readonly pid: number
  readonly startedMs: number
  readonly queue: { readonly count: number; readonly bytes: number; readonly sending: number }
  /** Those with most mail first, at most 1000; `otherDomains` counts the rest. */
  readonly domains: readonly DomainSummary[]
  readonly otherDomains: number
  /** The operators' and dmail.conf's, with what waits because of each. */
  readonly suspensions: readonly (Suspension & {
    readonly count: number
    readonly bytes: number
    readonly oldestMs?: number
  })[]
  readonly held: number
  /** The last round of asking the provider for mail (ras_timer); absent where it is not configured. */
  readonly ras?: RasStatus
  /** Absent where there is none ([cluster] redis). */
  readonly cluster?: ClusterStatus
}

export interface ReloadResult extends Pick<Coverage, 'workers' | 'missing'> {
  /** False: the configuration before stays in force, and `error` says why. */
  readonly reloaded: boolean
  readonly error: string
  readonly summary: string
  /** The first 100 of each. */
  readonly errors: readonly CheckLine[]
  readonly warnings: readonly CheckLine[]
  readonly nodes?: Nodes
  /** Other nodes where the configuration before stays in force. */
  readonly notReloaded?: readonly { readonly node: string; readonly error: string }[]
}

type Filter = { readonly filter: readonly string[] }

/** Every command: what it is given, what comes in between, and what it answers. */
export interface Commands {
  'queue.list': { args: Filter; item: QueueRow; result: Coverage & { readonly count: number } }
  'queue.show': { args: { readonly id: string }; item: never; result: QueueDetail }
  'queue.send': { args: Filter; item: never; result: ActionResult }
  'queue.hold': { args: Filter; item: never; result: ActionResult }
  'queue.release': { args: Filter; item: never; result: ActionResult }
  'queue.drop': { args: Filter; item: never; result: ActionResult }
  /** Takes over the queue of a dead node; `dir` is absolute. */
  'queue.adopt': { args: { readonly dir: string; readonly force: boolean }; item: never; result: Adopted }
  suspend: {
    args: { readonly domain: string; readonly reason?: string; readonly untilMs?: number }
    item: never
    result: { readonly suspension: Suspension; readonly waiting: number; readonly nodes?: Nodes }
  }
  resume: {
    args: { readonly domain: string }
    item: never
    /** `still`: what suspends it nevertheless, a line of dmail.conf or a wider suspension. */
    result: { readonly resumed: boolean; readonly still?: Suspension; readonly nodes?: Nodes }
  }
  /** `domain.example`, or `@domain.example` for its sub-domains as well. */
  etrn: { args: { readonly node: string }; item: never; result: FlushResult }
  status: { args: Record<string, never>; item: never; result: Status }
  /** Forgets the answers of the user directory, in every process. */
  /** Has every process read the configuration anew. */
  reload: { args: Record<string, never>; item: never; result: ReloadResult }
  /** What is in force of a setting, or of all that are given a value. */
  config: {
    args: { readonly setting?: string }
    item: never
    result: { readonly settings: readonly SettingInForce[] }
  }
  route: { args: RouteQuestion; item: never; result: TracedRoute }
  /** Follows the log until so many lines have come, or the client goes away. */
  log: {
    args: { readonly level?: string; readonly words: readonly string[]; readonly lines?: number }
    item: LogLine
    result: { readonly count: number }
  }
  /** Sets the level of the log if one is given. */
  'log-level': {
    args: { readonly level?: string }
    item: never
    result: { readonly level: string } & Pick<Coverage, 'workers' | 'missing'>
  }
  /** Of drespond: whether no other node of a cluster answered this sender for this user lately; if so it is written down as answered. */
  'respond.claim': {
    args: { readonly user: string; readonly sender: string; readonly everyMs: number }
    item: never
    /** `alone`: nobody but this machine knows. */
    result: { readonly state: 'claimed' | 'answered' | 'alone' }
  }
  'respond.release': {
    args: { readonly user: string; readonly sender: string }
    item: never
    result: Record<string, never>
  }
  'clear-cache': {
    args: Record<string, never>
    item: never
    result: Pick<Coverage, 'workers' | 'missing'> & { readonly nodes?: Nodes }
  }
}

export type CommandName = keyof Commands
