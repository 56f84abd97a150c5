import { changes } from '../migrate/write.js'
import { unifiedDiff } from '../migrate/diff.js'
import type { MigrateReport } from '../migrate/report.js'
import type { Compared, PlannedFile, Routed } from '../migrate/types.js'
import type { ReportedDestination } from '../routing/report.js'
import { painter, type Terminal } from './terminal.js'
import { counted, visible, visibleLines } from '../text/values.js'

/** How many lines of one kind a person is shown; --json has all. */
const SHOWN = 20

/** What would be written, as a unified diff; pages of documentation are left out. */
export function printDiffs(files: readonly PlannedFile[], { out }: Pick<Terminal, 'out'>): void {
  for (const file of files.filter((each) => changes(each) && !each.name.startsWith('docs/'))) {
    out.write(visibleLines(unifiedDiff(file.name, file.before?.toString(), file.after.toString())))
  }
}

export function printMigration(report: MigrateReport, terminal: Terminal): void {
  const { out } = terminal
  const paint = painter(terminal)
  const heading = (text: string): void => {
    out.write(`\n${paint('bold', text)}\n`)
  }
  const list = (title: string, lines: readonly string[]): void => {
    if (lines.length === 0) return
    heading(`${title}: ${lines.length}`)
    for (const line of lines.slice(0, SHOWN)) out.write(`  ${line}\n`)
    if (lines.length > SHOWN) out.write(paint('dim', `  ... and ${lines.length - SHOWN} more: see --json\n`))
  }
  heading(`files of ${visible(report.directory)}`)
  for (const { path, action, backup, changes: done } of report.files) {
    const how = action === 'unchanged' ? paint('dim', action) : paint(action === 'kept' ? 'yellow' : 'green', action)
    out.write(`  ${how} ${path}${backup === null ? '' : `, before: ${backup}`}\n`)
    if (action !== 'unchanged') for (const line of done) out.write(`      ${visible(line)}\n`)
  }
  heading(`settings: ${report.settings.length}`)
  for (const { name, value, at, handled, became, note } of report.settings) {
    const more = handled === 'suite' || handled === 'obsolete' ? '' : ` ${paint('dim', note)}`
    out.write(`  ${paint('dim', at)} ${visible(`${name} ${value}`)}: ${visible(became)}${more}\n`)
  }
  list(
    'prefixes of paths',
    report.prefixes.map(({ from, to, by }) => `${visible(from)} = ${visible(to)} (${BY[by]})`),
  )
  list(
    'paths',
    report.paths.map(
      ({ at, name, written, path, exists }) =>
        `${paint('dim', at)} ${name} ${visible(written)} -> ${path === null ? paint('red', 'not mapped') : visible(path)}` +
        (exists || path === null ? '' : paint('yellow', ', which is not there')),
    ),
  )
  list(
    'addresses of DList',
    report.lists.map(({ address, at, accepted, destinations }) =>
      visible(`${address} (${at}): ${accepted ? `goes to ${destinationsText(destinations)}` : 'refused now'}`),
    ),
  )
  list(
    'mail that goes elsewhere than before',
    report.elsewhere.map(({ address, why, at }) => visible(`${address}: ${why}${at === null ? '' : ` (${at})`}`)),
  )
  list('what is different for everybody', report.general)
  for (const kind of ['errors', 'warnings'] as const) {
    const lines = report[kind].map(({ at, message, hint }) => visible(`${at}: ${message} (${hint})`))
    list(paint(kind === 'errors' ? 'red' : 'yellow', kind), lines)
  }
  out.write(`\n${conclusion(report)}\n`)
}

const BY = { option: '--map', 'dmail.ini': 'dmail.ini', found: 'its files are there' } as const

function conclusion({ files, dryRun, errors }: MigrateReport): string {
  const written = files.filter(({ action }) => action === 'created' || action === 'changed').length
  const done = dryRun
    ? `nothing was written; ${counted(written, 'file')} would be`
    : written === 0
      ? 'nothing to change'
      : `${counted(written, 'file')} written`
  return `${done}; ${counted(errors.length, 'error')}${errors.length > 0 ? ' to mend before the server can start' : ''}`
}

/** A table of addresses and where their mail goes. */
export function printRouted(rows: readonly Routed[], terminal: Terminal): void {
  const paint = painter(terminal)
  const width = Math.min(40, Math.max(0, ...rows.map(({ address }) => address.length)))
  terminal.out.write('\n')
  for (const row of rows) {
    const code = paint(row.accepted ? 'green' : 'red', String(row.code))
    const goal = row.accepted ? destinationsText(row.destinations) : row.text
    terminal.out.write(`${visible(row.address).padEnd(width)}  ${code}  ${visible(goal)}\n`)
  }
  const refused = rows.filter(({ accepted }) => !accepted).length
  terminal.out.write(`${rows.length} addresses, ${refused} refused\n`)
}

/** The addresses whose way differs. */
export function printCompared(
  { compared, differences }: { readonly compared: number; readonly differences: readonly Compared[] },
  terminal: Terminal,
): void {
  const paint = painter(terminal)
  terminal.out.write('\n')
  for (const { address, before, after } of differences) {
    terminal.out.write(`${paint('bold', visible(address))}\n`)
    terminal.out.write(`  ${paint('red', '-')} ${visible(goalText(before))}\n`)
    terminal.out.write(`  ${paint('green', '+')} ${visible(goalText(after))}\n`)
  }
  const how = differences.length === 0 ? 'the same way' : `${differences.length} of them another way`
  terminal.out.write(`${compared} addresses compared: ${how}\n`)
}

function goalText({ accepted, code, text, destinations }: Routed): string {
  return accepted ? destinationsText(destinations) : `refused: ${code} ${text}`
}

function destinationsText(destinations: readonly ReportedDestination[]): string {
  return destinations.map(destinationText).join(', ')
}

function destinationText(destination: ReportedDestination): string {
  switch (destination.kind) {
    case 'mailbox':
    case 'file':
      return `${destination.kind} ${destination.path}`
    case 'robot':
      return `robot ${destination.argv.join(' ')}`
    case 'remote':
      return `remote ${destination.address}${destination.via === null ? '' : ` via ${destination.via}`}`
    case 'discard':
      return 'discard'
  }
}
