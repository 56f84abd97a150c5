/** A place in a configuration file; `line` and `column` count from 1. Line 0: `file` names the place as a whole, as with a key in Redis. */
export interface At {
  readonly file: string
  readonly line: number
  readonly column?: number
}

/** `dmail.conf:12`, `dmail.conf:12:9` or `redis:aliases[sales]`. */
export function formatAt(at: At): string {
  if (at.line === 0) return at.file
  return at.column === undefined ? `${at.file}:${at.line}` : `${at.file}:${at.line}:${at.column}`
}

/**
 * Something wrong in a configuration file. An error's line is ignored and a reload that has one keeps the old
 * configuration (C7); a warning changes nothing. `hint` says what to do.
 */
export interface Problem {
  readonly severity: 'error' | 'warning'
  readonly at: At
  readonly message: string
  readonly hint: string
}

/** `dmail.conf:12:9: message (hint)`, the form used in the log. */
export function formatProblem(problem: Problem): string {
  return `${formatAt(problem.at)}: ${problem.message}${problem.hint === '' ? '' : ` (${problem.hint})`}`
}
