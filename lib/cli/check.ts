import { checkReport, type CheckReport } from '../conf/check.js'
import type { Problem } from '../conf/problem.js'
import { loadAll, type Loaded } from '../suite/loaded.js'
import { makeSnapshot, notRunning, openUsers } from '../suite/snapshot.js'
import { checkTargets } from '../suite/targets.js'
import { EXIT, painter, printJson, type Exit, type Terminal } from './terminal.js'

export interface CheckOptions {
  readonly config: string
  readonly json: boolean
  /** False: do not ask the user directory whether the targets of rules exist. */
  readonly lookups: boolean
}

/** `dmail check`: exit 1 when there is any error. */
export async function checkCommand(options: CheckOptions, terminal: Terminal): Promise<Exit> {
  const loaded = await loadAll(options.config)
  const { configuration, problems } = loaded
  const targets = options.lookups && loaded.fatal.length === 0 ? await tryTargets(loaded, options.config) : []
  const report = checkReport(configuration, [...problems.slice(configuration.problems.length), ...targets])
  if (options.json) printJson(terminal, report)
  else printReport(report, terminal)
  return report.errors.length > 0 ? EXIT.problems : EXIT.done
}

async function tryTargets(loaded: Loaded, harakaDir: string): Promise<Problem[]> {
  // What a module complains of shows in the answer it does not give.
  const users = openUsers(loaded, harakaDir, () => undefined)
  try {
    const { tables, world } = await makeSnapshot(
      loaded,
      users,
      harakaDir,
      notRunning(() => undefined),
    )
    return await checkTargets(loaded, tables, world)
  } finally {
    users.close()
  }
}

function printReport({ errors, warnings, settings }: CheckReport, terminal: Terminal): void {
  const paint = painter(terminal)
  const { out } = terminal
  const width = Math.max(0, ...settings.map(({ name }) => name.length))
  for (const { name, value, at, handled, note } of settings) {
    const how = handled === 'suite' ? paint('green', handled) : paint('yellow', handled)
    out.write(`${name.padEnd(width)}  ${value}\n${' '.repeat(width)}  ${paint('dim', at)} ${how}: ${note}\n`)
  }
  if (settings.length > 0) out.write('\n')
  for (const { at, message, hint } of errors) {
    out.write(`${paint('red', 'error')} ${paint('bold', at)} ${message}${hint === '' ? '' : `\n      ${hint}`}\n`)
  }
  for (const { at, message, hint } of warnings) {
    out.write(`${paint('yellow', 'warning')} ${paint('bold', at)} ${message}${hint === '' ? '' : `\n      ${hint}`}\n`)
  }
  out.write(`${settings.length} settings, ${errors.length} errors, ${warnings.length} warnings\n`)
}
