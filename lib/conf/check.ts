import { formatLine } from './lines.js'
import type { Configuration } from './load.js'
import { formatAt, type Problem } from './problem.js'
import type { Handled } from './settings.js'

/** One line of `dmail check`. */
export interface CheckLine {
  readonly at: string
  readonly message: string
  readonly hint: string
}

/** What `dmail check --json` prints. */
export interface CheckReport {
  readonly errors: readonly CheckLine[]
  readonly warnings: readonly CheckLine[]
  readonly settings: readonly {
    readonly name: string
    readonly value: string
    readonly at: string
    readonly handled: Handled
    readonly note: string
  }[]
  /** Tables in Redis that answered; absent where none is named. */
  readonly tables?: readonly TableCount[]
}

/** How many entries a table in Redis has. */
export interface TableCount {
  readonly table: string
  readonly entries: number
}

/** `extraProblems`: what was found in the files that the configuration names (alias files ...). */
export function checkReport(
  configuration: Configuration,
  extraProblems: readonly Problem[] = [],
  tables: readonly TableCount[] = [],
): CheckReport {
  const problems = [...configuration.problems, ...extraProblems]
  const lines = (severity: Problem['severity']): CheckLine[] =>
    problems
      .filter((problem) => problem.severity === severity)
      .map(({ at, message, hint }) => ({ at: formatAt(at), message, hint }))
  return {
    errors: lines('error'),
    warnings: lines('warning'),
    settings: configuration.conf.list().map(({ at, ...setting }) => ({ ...setting, at: formatLine(at) })),
    ...(tables.length === 0 ? {} : { tables }),
  }
}
