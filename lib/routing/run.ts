import type { Address } from '../address.js'
import { placeOnce, Trace } from './provenance.js'
import type { Doubt, Tables, World } from './tables.js'
import type { Destination, Placed, Step } from './types.js'

/** Deepest chain of redirections (R1). */
export const MAX_DEPTH = 20

/** What one branch of the tree came to; `placed` when it led to at least one destination. */
export type Verdict = 'placed' | 'unknown' | 'loop' | 'bad'

/** The look-up of a user or forward file failed: the whole recipient is deferred, nothing is guessed (U1). */
export class Unavailable extends Error {
  override readonly name = 'Unavailable'
}

/** What became of one key of `visited`; `open` while its branch is being followed. */
interface Visit {
  readonly verdict: Verdict | 'open'
  readonly depth: number
  /** The branch, or one below it, ended at MAX_DEPTH: from a place higher up there is more to find. */
  readonly cut: boolean
}

/** The state of one routing decision. */
export interface Run {
  readonly tables: Tables
  readonly world: World
  readonly trace: Trace
  readonly placed: Map<string, Placed>
  /** Addresses met so far by stage (R1's visited set), and the users and forward files whose rules were followed. */
  readonly visited: Map<string, Visit>
  /** Branches that ended at MAX_DEPTH so far. */
  cuts: number
  /** Why "no such user" would be a guess, once a table answered from memory. */
  doubtful: string | undefined
  readonly doubt: Doubt
  /** Routes an address from the first stage (R7). */
  readonly fromStart: (here: Here) => Promise<Verdict>
}

/** Where in the tree we are. */
export interface Here {
  readonly address: Address
  /** The address whose rule led here; undefined for the address given at RCPT. */
  readonly source: Address | undefined
  readonly step: Step | undefined
  readonly depth: number
}

/** `first` is the ladder's first stage. */
export function startRun(tables: Tables, world: World, first: (run: Run, here: Here) => Promise<Verdict>): Run {
  const run: Run = {
    tables,
    world,
    trace: new Trace(),
    placed: new Map(),
    visited: new Map(),
    cuts: 0,
    doubtful: undefined,
    doubt: (why) => {
      run.doubtful = why
    },
    fromStart: (here) => first(run, here),
  }
  return run
}

/** The next place down: an address that a rule at `here` produced. */
export function below(here: Here, address: Address, step: Step): Here {
  return { address, source: here.address, step, depth: here.depth + 1 }
}

/** Nobody has the address; where a table that might was answering from memory that is not known. */
export function nobody(run: Run, verdict: 'unknown' | 'bad'): Verdict {
  if (run.doubtful !== undefined) throw new Unavailable(run.doubtful)
  return verdict
}

/** Any branch that led somewhere counts; else a loop is worth more to tell the sender than an unknown user. */
export function combine(verdicts: readonly Verdict[]): Verdict {
  for (const verdict of ['placed', 'loop', 'bad'] as const) if (verdicts.includes(verdict)) return verdict
  return 'unknown'
}

/** Places a destination found at `here`; the same one from this recipient again changes nothing (R3). */
export function place(run: Run, here: Here, destination: Destination, step: Step | undefined): Verdict {
  const redirected = here.source !== undefined
  const found = destination.kind === 'remote' && here.source !== undefined ? here.source : here.address
  placeOnce(run.placed, { destination, found, redirected, step })
  return 'placed'
}

/** Notes in the trace that something was not used, and why (R22). */
export function leaveOut(run: Run, parent: Step | undefined, input: string, why: string, at?: string): void {
  run.trace.add(parent, { step: 'left-out', input, rule: why, at: at ?? parent?.at, output: [] })
}

/**
 * Follows a branch once per stage and address. An address met again while its own branch is still open is a loop;
 * one whose branch is done is the same destination reached twice, unless the first way to it was too long to follow
 * all of the branch: a shorter way counts then, so that no address within 20 levels depends on the order of rules.
 * `again` says what meeting an open branch means where it is no loop.
 */
export async function once(
  run: Run,
  key: string,
  here: Here,
  follow: () => Promise<Verdict>,
  again?: () => Promise<Verdict>,
): Promise<Verdict> {
  const before = run.visited.get(key)
  if (before?.verdict === 'open') {
    if (again !== undefined) return again()
    leaveOut(run, here.step, here.address.text, 'goes round in a loop')
    return 'loop'
  }
  if (here.depth > MAX_DEPTH) {
    run.cuts++
    leaveOut(run, here.step, here.address.text, `more than ${MAX_DEPTH} redirections deep`)
    return 'loop'
  }
  if (before !== undefined) {
    if (!before.cut) return before.verdict
    if (before.depth <= here.depth) {
      run.cuts++
      return before.verdict
    }
  }
  const cutsBefore = run.cuts
  run.visited.set(key, { verdict: 'open', depth: here.depth, cut: false })
  const verdict = await follow()
  run.visited.set(key, { verdict, depth: here.depth, cut: run.cuts > cutsBefore })
  return verdict
}
