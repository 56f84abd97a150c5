import { EVENTS, recent, type Counts, type Event, type Minute, type Trouble } from './counters.js'

/** What one process says of itself. */
export interface Figures {
  /** Names the process for as long as it lives, and no other after it. */
  readonly process: string
  readonly counts: Counts
  readonly robots: Robots
}

export interface Robots {
  readonly running: number
  /** Those that have no place yet (`[robot] max`, `per_program`). */
  readonly waiting: number
  /** By program, those that run or wait. */
  readonly programs: readonly { readonly program: string; readonly running: number; readonly waiting: number }[]
}

/** All processes together. */
export interface Totals {
  readonly counts: Counts
  readonly robots: Robots
}

/** Sums the counters of processes, so that no sum goes back when one of them ends. */
export interface Tally {
  /** `whole`: every process that lives has answered. */
  add(answers: readonly Figures[], whole: boolean): Totals
}

const NOTHING: Counts = {
  events: Object.fromEntries(EVENTS.map((event) => [event, 0])) as Record<Event, number>,
  refusals: {},
  minutes: [],
}

export function createTally(now: () => number = Date.now): Tally {
  /** What each process said last. */
  const known = new Map<string, Counts>()
  let ended = NOTHING

  return {
    add(answers, whole) {
      for (const { process, counts } of answers) known.set(process, counts)
      if (whole) {
        const alive = new Set(answers.map(({ process }) => process))
        const gone = [...known.keys()].filter((process) => !alive.has(process))
        ended = sumCounts([ended, ...gone.flatMap((process) => known.get(process) ?? [])], now())
        for (const process of gone) known.delete(process)
      }
      return {
        counts: sumCounts([ended, ...known.values()], now()),
        robots: sumRobots(answers.map(({ robots }) => robots)),
      }
    },
  }
}

function sumCounts(parts: readonly Counts[], nowMs: number): Counts {
  const refusals: Record<string, number> = {}
  const minutes = new Map<number, Minute>()
  for (const part of parts) {
    for (const [reply, count] of Object.entries(part.refusals)) refusals[reply] = (refusals[reply] ?? 0) + count
    for (const { minute, delivered, failed, deferred } of part.minutes) {
      const sum = minutes.get(minute) ?? { minute, delivered: 0, failed: 0, deferred: 0 }
      minutes.set(minute, {
        minute,
        delivered: sum.delivered + delivered,
        failed: sum.failed + failed,
        deferred: sum.deferred + deferred,
      })
    }
  }
  const lookupTrouble = latest(parts.map((part) => part.lookupTrouble))
  const reloadTrouble = latest(parts.map((part) => part.reloadTrouble))
  return {
    events: Object.fromEntries(
      EVENTS.map((event) => [event, parts.reduce((sum, { events }) => sum + events[event], 0)]),
    ) as Record<Event, number>,
    refusals,
    minutes: recent([...minutes.values()], nowMs).sort((one, other) => one.minute - other.minute),
    ...(lookupTrouble === undefined ? {} : { lookupTrouble }),
    ...(reloadTrouble === undefined ? {} : { reloadTrouble }),
  }
}

function latest(troubles: readonly (Trouble | undefined)[]): Trouble | undefined {
  return troubles.reduce((last, one) => ((one?.atMs ?? 0) > (last?.atMs ?? 0) ? one : last), undefined)
}

function sumRobots(parts: readonly Robots[]): Robots {
  const programs = new Map<string, Robots['programs'][number]>()
  for (const { program, running, waiting } of parts.flatMap((part) => part.programs)) {
    const sum = programs.get(program)
    programs.set(program, {
      program,
      running: running + (sum?.running ?? 0),
      waiting: waiting + (sum?.waiting ?? 0),
    })
  }
  return {
    running: parts.reduce((sum, { running }) => sum + running, 0),
    waiting: parts.reduce((sum, { waiting }) => sum + waiting, 0),
    programs: [...programs.values()].sort((one, other) => (one.program < other.program ? -1 : 1)),
  }
}
