import { checkReport, type CheckReport } from '../conf/check.js'
import { loadAll } from '../suite/snapshot.js'
import { EXIT, painter, printJson, type Exit, type Terminal } from './terminal.js'

/** `dmail check`: exit 1 when there is any error. */
export async function checkCommand(
  { config, json }: { readonly config: string; readonly json: boolean },
  terminal: Terminal,
): Promise<Exit> {
  const { configuration, problems } = await loadAll(config)
  const report = checkReport(configuration, problems.slice(configuration.problems.length))
  if (json) printJson(terminal, report)
  else printReport(report, terminal)
  return report.errors.length > 0 ? EXIT.problems : EXIT.done
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
