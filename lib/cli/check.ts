import { checkReport, type CheckReport } from '../conf/check.js'
import { checkTables, type CheckedTables } from '../redis-tables/check.js'
import { loadAll, type Loaded } from '../suite/loaded.js'
import { makeSnapshot, notRunning, openUsers } from '../suite/snapshot.js'
import { tablesFor } from '../suite/redis.js'
import { otherNames } from '../suite/tables.js'
import { checkTargets } from '../suite/targets.js'
import { EXIT, painter, printJson, type Exit, type Terminal } from './terminal.js'

export interface CheckOptions {
  readonly config: string
  readonly json: boolean
  /** False: do not ask the user directory whether the targets of rules exist, nor tables in Redis what they hold. */
  readonly lookups: boolean
}

/** `dmail check`: exit 1 when there is any error. */
export async function checkCommand(options: CheckOptions, terminal: Terminal): Promise<Exit> {
  const loaded = await loadAll(options.config)
  const { configuration, problems } = loaded
  const asked = options.lookups && loaded.fatal.length === 0 ? await lookUp(loaded, options.config) : NOT_ASKED
  const report = checkReport(
    configuration,
    [...problems.slice(configuration.problems.length), ...asked.problems],
    asked.counts,
  )
  if (options.json) printJson(terminal, report)
  else printReport(report, terminal)
  return report.errors.length > 0 ? EXIT.problems : EXIT.done
}

const NOT_ASKED: CheckedTables = { problems: [], counts: [] }

/** What the user directory and the tables in Redis say. */
async function lookUp(loaded: Loaded, harakaDir: string): Promise<CheckedTables> {
  // What a module complains of shows in the answer it does not give.
  const users = openUsers(loaded, harakaDir, () => undefined)
  const redis = await tablesFor(loaded, harakaDir, () => undefined)
  try {
    const { tables, world } = await makeSnapshot(
      loaded,
      users,
      harakaDir,
      notRunning(() => undefined, redis),
    )
    const { problems, counts } =
      redis === undefined ? NOT_ASKED : await checkTables(loaded.configuration, otherNames(loaded.domains), redis)
    return { problems: [...problems, ...(await checkTargets(loaded, tables, world))], counts }
  } finally {
    users.close()
    redis?.close()
  }
}

function printReport({ errors, warnings, settings, tables = [] }: CheckReport, terminal: Terminal): void {
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
  for (const { table, entries } of tables) out.write(`${table}: ${entries} entries\n`)
  out.write(`${settings.length} settings, ${errors.length} errors, ${warnings.length} warnings\n`)
}
