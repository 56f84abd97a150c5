import type { Problem } from './problem.js'

/** Collects problems; see `problemLog`. */
export interface ProblemLog {
  readonly add: (problem: Problem) => void
  /** What was collected, with a line that counts what was left out. */
  readonly problems: () => Problem[]
}

const MAX_OF_A_KIND = 1000

/**
 * Keeps the first thousand errors and the first thousand warnings of one file: of a file that is wrong in every one of
 * its million lines nobody reads more.
 */
export function problemLog(file: string): ProblemLog {
  const kept: Problem[] = []
  const count = { error: 0, warning: 0 }
  return {
    add: (problem) => {
      if (count[problem.severity]++ < MAX_OF_A_KIND) kept.push(problem)
    },
    problems: () => {
      const rest = (['error', 'warning'] as const).flatMap((severity): Problem[] => {
        const more = count[severity] - MAX_OF_A_KIND
        if (more <= 0) return []
        return [{ severity, at: { file, line: 1 }, message: `${more} more ${severity}s are not shown`, hint: '' }]
      })
      return [...kept, ...rest]
    },
  }
}
