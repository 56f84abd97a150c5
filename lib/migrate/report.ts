import { formatLine } from '../conf/lines.js'
import { formatAt, type Problem } from '../conf/problem.js'
import type { CheckLine } from '../conf/check.js'
import { routeReport } from '../routing/report.js'
import { labelOf } from '../suite/loaded.js'
import { isThere } from './find-prefixes.js'
import { createJudge, routeAll } from './judge.js'
import type { Migration } from './migrate.js'
import { generalOf, missingModule, missingPlaces } from './notes.js'
import { findDropFiles, peopleOf } from './people.js'
import type {
  Elsewhere,
  LineEdit,
  MappedLine,
  Prefix,
  ReportedFile,
  ReportedList,
  ReportedSetting,
  Routed,
} from './types.js'
import { changes } from './write.js'
import { writtenPaths } from './written-paths.js'

/** What `dmail migrate --json` prints. */
export interface MigrateReport {
  readonly directory: string
  readonly from: string
  readonly dryRun: boolean
  readonly files: readonly ReportedFile[]
  readonly settings: readonly ReportedSetting[]
  readonly prefixes: readonly Prefix[]
  readonly paths: readonly MappedLine[]
  readonly lists: readonly ReportedList[]
  readonly elsewhere: readonly Elsewhere[]
  /** What is different for everybody. */
  readonly general: readonly string[]
  readonly errors: readonly CheckLine[]
  readonly warnings: readonly CheckLine[]
  /** With --verify. */
  readonly verify?: readonly Routed[]
}

export interface ReportOptions {
  readonly directory: string
  readonly from: string
  readonly dryRun: boolean
  readonly backups: ReadonlyMap<string, string>
}

/** Looks at the result of a migration, planned or carried out. Asks the user directory about every address. */
export async function reportMigration(migration: Migration, options: ReportOptions): Promise<MigrateReport> {
  const { conf, loaded, problems } = migration
  const { directory, from, dryRun, backups } = options
  const { elsewhere, tried } = await judgeAll(migration)
  const paths = await mappedLines(migration)
  const all = [...problems, ...loaded.problems, ...(await missingModule(migration)), ...missingPlaces(paths, migration)]
  const lines = (severity: Problem['severity']): CheckLine[] =>
    all
      .filter((problem) => problem.severity === severity)
      .map(({ at, message, hint }) => ({ at: formatAt(at), message, hint }))
  const report: MigrateReport = {
    directory,
    from,
    dryRun,
    files: migration.files.map((file) => ({
      path: file.name,
      action: file.kept ? 'kept' : !changes(file) ? 'unchanged' : file.before === undefined ? 'created' : 'changed',
      backup: backups.get(file.name) ?? null,
      changes: file.changes,
    })),
    settings: settingsOf(migration),
    prefixes: conf.prefixes,
    paths,
    lists: await listsOf(migration),
    elsewhere,
    general: generalOf(migration, tried),
    errors: lines('error'),
    warnings: lines('warning'),
  }
  return JSON.parse(migration.stage.settle(JSON.stringify(report))) as MigrateReport
}

async function judgeAll(migration: Migration): Promise<{ elsewhere: readonly Elsewhere[]; tried: number }> {
  const { snapshot, conf, loaded, stage } = migration
  if (snapshot === undefined) return { elsewhere: [], tried: 0 }
  const drops = await findDropFiles(snapshot.tables)
  const people = await peopleOf(loaded, snapshot.tables, drops, stage.dir)
  const hashed = conf.edits.some(({ name }) => name === 'hash_spool')
  const judge = createJudge({ snapshot, drops, hashed })
  await routeAll(snapshot, people, (person, decided) => judge.look(person, decided))
  return { elsewhere: judge.found(), tried: people.length }
}

async function listsOf({ lists, snapshot }: Migration): Promise<ReportedList[]> {
  const reported: ReportedList[] = []
  if (lists === undefined) return reported
  if (snapshot === undefined) {
    return lists.lists.map(({ at, ...one }) => ({ ...one, at: formatAt(at), accepted: false, destinations: [] }))
  }
  await routeAll(snapshot, lists.lists, ({ address, list, at }, decided) => {
    const { accepted, destinations } = routeReport(address, decided)
    reported.push({ address, list, at: formatAt(at), accepted, destinations })
  })
  return reported
}

function settingsOf({ conf, side, loaded, stage }: Migration): ReportedSetting[] {
  const edited = new Map<string, LineEdit>()
  for (const edit of conf.edits) {
    const name = conf.names.get(edit.file)
    if (name !== undefined) edited.set(`${labelOf(`${stage.dir}/${name}`, stage.dir)}:${edit.line}`, edit)
  }
  return loaded.configuration.conf.list().map(({ name, value, at, handled, note }) => {
    const line = formatLine(at)
    const edit = edited.get(line)
    const carried = side.became.get(`${name} ${line}`)
    const usual = { suite: 'as it was', haraka: 'not carried over', obsolete: 'not needed', unsupported: 'ignored' }
    const became = edit === undefined ? (carried ?? usual[handled]) : `was ${edit.was}: ${edit.why}`
    return { name, value, at: line, handled, became, note }
  })
}

async function mappedLines({ conf }: Migration): Promise<MappedLine[]> {
  const lines: MappedLine[] = []
  for (const file of conf.source.files) {
    for (const { written, target, line } of file.includes) {
      const exists = target !== undefined && (await isThere(target))
      lines.push({ at: `${file.path}:${line}`, name: '#include', written, path: target ?? null, exists })
    }
    for (const { line, written } of writtenPaths(file)) {
      const edit = conf.edits.find((each) => each.file === file.path && each.line === line.at.line)
      const mapped = conf.mapPath(written)
      const moved = edit === undefined ? undefined : movedTo(edit, written, line.value)
      const found = moved ?? (mapped.ok ? mapped.path : null)
      const exists = found !== null && (await isThere(found))
      lines.push({ at: formatLine(line.at), name: line.name, written, path: found, exists })
    }
  }
  return lines
}

/** Where an edited line's path is now: what stands in the place of the old one. */
function movedTo({ now }: LineEdit, written: string, value: string): string | undefined {
  const before = value.slice(0, value.lastIndexOf(written))
  const at = now.lastIndexOf(before)
  const rest = at < 0 ? '' : now.slice(at + before.length)
  return rest.startsWith('/') ? rest : undefined
}
