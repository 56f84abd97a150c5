/** What `dmail queue adopt` did. Plain data. */
export interface Adopted {
  /** The queue directory. */
  readonly directory: string
  /** Whose it was; '' where nothing says so. */
  readonly node: string
  /** Messages that are in this queue now. */
  readonly adopted: number
  /** How many of them are held. */
  readonly held: number
  /** Suspensions that are in force here now and were not before. */
  readonly suspensions: number
  /** What was not taken, by reason. */
  readonly left: readonly Left[]
  /** Files that were being written when the node died: nobody was told that this mail was taken. */
  readonly unfinished: number
  /** Why it did not come to its end; '' where it did. */
  readonly stopped: string
}

export interface Left {
  readonly why: string
  readonly count: number
  /** The first ten. */
  readonly files: readonly string[]
}

const MAX_NAMED = 10

/** Collects what is left, in the order in which the reasons came up. */
export function createLeft(): {
  readonly add: (why: string, file: string) => void
  readonly all: () => readonly Left[]
} {
  const reasons = new Map<string, { count: number; files: string[] }>()
  return {
    add(why, file) {
      const known = reasons.get(why) ?? { count: 0, files: [] }
      reasons.set(why, known)
      known.count++
      if (known.files.length < MAX_NAMED) known.files.push(file)
    },
    all: () => [...reasons].map(([why, { count, files }]) => ({ why, count, files })),
  }
}
