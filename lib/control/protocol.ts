import type { NodeSummary } from '../cluster/summary.js'
import type { CheckLine } from '../conf/check.js'
import type { SettingInForce } from '../conf/in-force.js'
import type { RouteQuestion } from '../suite/question.js'
import type { TracedRoute } from '../routing/report.js'
import type { Suspension } from '../queue/suspensions.js'
import type { LogLine } from './log-taps.js'

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

/** What every answer says of the processes that gave it. */
export interface Coverage {
  /** Processes with a queue that answered. */
  readonly workers: number
  /** Those that did not answer in time: what they have is not in the answer. */
  readonly missing: number
  /** False while the queue of an earlier process is still being read. */
  readonly complete: boolean
}

/** Which of the other nodes of a cluster answered. */
export interface Nodes {
  readonly answered: readonly string[]
  /** Those that live, as far as is known, and did not answer in time. */
  readonly silent: readonly string[]
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

/** A row of `dmail queue list`. Times are milliseconds since 1970. */
export interface QueueRow {
  readonly id: string
  /** The message's id in the log; messages that were split share it up to the final `.N`. */
  readonly uuid: string
  readonly domain: string
  readonly sender: string
  readonly recipients: readonly string[]
  /** Size of the queue file. */
  readonly bytes: number
  readonly arrivedMs: number
  /** Attempts that failed. */
  readonly attempts: number
  readonly state: 'waiting' | 'suspended' | 'held' | 'starting' | 'sending'
  /** When it is tried next; absent where nothing but a command or ETRN will do it. */
  readonly nextMs?: number
  /** Why the last attempt failed, in the words of whoever refused it; '' before the first. */
  readonly reason: string
  /** `remote` leaves by SMTP; the others are done on this machine. */
  readonly kind: 'remote' | 'mailbox' | 'file' | 'robot' | 'report'
  /** What local work is about: a path, or the words of a command. */
  readonly work?: string
  /** What keeps it, for suspended mail. */
  readonly suspension?: Suspension
}

/** `dmail queue show`. */
export interface QueueDetail extends QueueRow {
  readonly file: string
  readonly pid: number
  /** The header section, as it is in the queue; cut after 64 KiB. */
  readonly headers: string
}

export interface ActionResult extends Coverage {
  readonly done: number
  readonly skipped: number
  /** The first 100 of those skipped. */
  readonly examples: readonly { readonly id: string; readonly why: string }[]
}

export interface DomainSummary {
  readonly domain: string
  readonly count: number
  readonly bytes: number
  readonly oldestMs: number
  readonly nextMs?: number
  readonly reason: string
  readonly suspended: boolean
  readonly held: number
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

export interface RasStatus {
  readonly host: string
  readonly everyMinutes: number
  readonly nextMs: number
  readonly last?: {
    readonly atMs: number
    readonly ok: boolean
    /** One line per domain: the provider's reply, or what went wrong. */
    readonly replies: readonly { readonly domain: string; readonly ok: boolean; readonly text: string }[]
  }
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

export interface FlushResult extends Coverage {
  /** Messages that are sent now. */
  readonly count: number
  /** An earlier flush of the domain is not at its end; nothing was begun. */
  readonly running: boolean
  /** In a cluster; `count` is that of all that answered. */
  readonly nodes?: Nodes
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
