import type { DomainSummary, QueueDetail, QueueRow } from '../../lib/queue/shown.js'
import type { LogWanted, Taken } from '../../lib/control/log-taps.js'
import type { Acted, Action } from '../../lib/queue/actions.js'
import type { OperatorState } from '../../lib/queue/operator-state.js'
import type { Incoming } from '../../lib/adopt/run.js'
import type { Figures } from '../../lib/page/tally.js'
import type { QueueTotals } from '../../lib/queue/summary.js'
import type { Reloaded } from '../../lib/suite/live.js'
import type { Crew } from '../crew.js'

/** So many entries of a query were looked at, and whether there are more. */
export interface Looked {
  readonly looked: number
  readonly more: boolean
}

/** What the one process asks all that have queues. undefined: that process does not know the query (any more). */
export interface Questions {
  'queue.match': {
    args: { readonly query: string; readonly words: readonly string[]; readonly nowMs: number }
    answer: { readonly count: number; readonly complete: boolean }
  }
  'queue.rows': {
    args: { readonly query: string }
    answer: (Looked & { readonly rows: readonly QueueRow[] }) | undefined
  }
  'queue.act': { args: { readonly query: string; readonly action: Action }; answer: (Looked & Acted) | undefined }
  'queue.forget': { args: { readonly query: string }; answer: undefined }
  'queue.show': { args: { readonly id: string }; answer: QueueDetail | undefined }
  /** Which of these messages are here. */
  'queue.known': {
    args: { readonly ids: readonly string[] }
    answer: { readonly ids: readonly string[]; readonly complete: boolean }
  }
  /** Takes files of a directory into its queue. */
  'queue.enter': { args: { readonly from: string; readonly files: readonly Incoming[] }; answer: number }
  'queue.released': { args: { readonly ids: readonly string[] }; answer: undefined }
  'queue.totals': { args: Record<string, never>; answer: QueueTotals & { readonly complete: boolean } }
  'queue.domains': { args: { readonly domains: readonly string[] }; answer: readonly DomainSummary[] }
  /** For the summary of a node: without a look at each message. */
  'queue.brief': {
    args: Record<string, never>
    answer: { readonly messages: number; readonly domains: readonly (readonly [domain: string, count: number])[] }
  }
  'queue.count': { args: { readonly domain: string }; answer: number }
  'users.clear': { args: Record<string, never>; answer: undefined }
  /** Reads the configuration anew. */
  reload: { args: Record<string, never>; answer: Reloaded }
  'log.take': { args: { readonly id: string; readonly wanted: LogWanted }; answer: Taken }
  'log.end': { args: { readonly id: string }; answer: undefined }
  /** Sets the level if one is given; what it is then. */
  'log.level': { args: { readonly level?: string }; answer: string }
  /** What each counted. */
  figures: { args: Record<string, never>; answer: Figures }
  /** Puts in force what operators decided. */
  operator: { args: OperatorState; answer: undefined }
}

export type Question = keyof Questions

/** In each process with a queue. */
export function onAll<Name extends Question>(
  crew: Crew,
  name: Name,
  answer: (args: Questions[Name]['args']) => Questions[Name]['answer'] | Promise<Questions[Name]['answer']>,
): void {
  crew.onAll(name, (args) => answer(args as Questions[Name]['args']))
}

/** In the one process. */
export async function askAll<Name extends Question>(
  crew: Crew,
  name: Name,
  args: Questions[Name]['args'],
): Promise<{ readonly answers: readonly Questions[Name]['answer'][]; readonly missing: number }> {
  const { answers, missing } = await crew.askAll(name, args)
  return { answers: answers as readonly Questions[Name]['answer'][], missing }
}
