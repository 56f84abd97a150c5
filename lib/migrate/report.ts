import { formatLine } from '../conf/lines.js'
import { formatAt, type Problem } from '../conf/problem.js'
import type { CheckLine } from '../conf/check.js'
import { findProgram } from '../delivery/robot-program.js'
import { routeReport } from '../routing/report.js'
import { labelOf } from '../suite/snapshot.js'
import { isThere } from './find-prefixes.js'
import { createJudge, routeAll } from './judge.js'
import type { Migration } from './migrate.js'
import { findDropFiles, MAX_PEOPLE, peopleOf } from './people.js'
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

const PLACES = new Set(['drop_path', 'alt_drop_path', 'vdomain', 'dsmtp_path'])

/** A drop directory that is not there makes its mail wait. */
function missingPlaces(paths: readonly MappedLine[], { conf }: Migration): Problem[] {
  return paths
    .filter(({ name, path, exists }) => PLACES.has(name) && path !== null && !exists)
    .map(({ at, name, path }) => {
      const [, file = at, line = '1'] = /^(.*):(\d+)$/.exec(at) ?? []
      return {
        severity: 'warning',
        at: { file: file === '' ? (conf.source.files[0]?.path ?? '') : file, line: Number(line) },
        message: `${name}: there is no directory ${path ?? ''}`,
        hint: 'make it, or say with --map where it is: mail for its users would wait',
      }
    })
}

/** A module for Windows, or one that was not copied: nobody would be found. */
async function missingModule({ loaded }: Migration): Promise<Problem[]> {
  const { conf } = loaded.configuration
  const setting = conf.setting('authent_process')
  if (conf.one('authent_method') !== 'external' || setting === undefined) return []
  const found = await findProgram(setting.value[0], [])
  if ('file' in found) return []
  const hint = 'use a module that runs here, of your own or a bundled one: see docs/users.md'
  const message = `the user module cannot run here: ${found.missing}`
  return [{ severity: 'error', at: setting.valueAt, message, hint }]
}

/** Differences that hold for everybody (README, "What is different"). */
function generalOf({ loaded, snapshot, lists, conf, files }: Migration, tried: number): string[] {
  const general: string[] = []
  const add = (holds: boolean, text: string): void => {
    if (holds) general.push(text)
  }
  const tables = snapshot?.tables
  add(
    tables !== undefined && tables.relayRules.length === 0 && !tables.legacyOpen,
    'No relay rule: DMail relayed for everybody then, this server relays for nobody. Name who may with forward_from_ip (A1).',
  )
  add(
    conf.edits.some(({ name }) => name === 'hash_spool'),
    'Drop files are found where they lie (hash_spool scan); new ones begin as [drop] new_hash says (D6).',
  )
  add(
    loaded.configuration.ini.robot.exitStatus === 'sysexits',
    'A robot that ends with an error returns the mail; [robot] exit_status=ignore restores the way of DMail (D9).',
  )
  add(tried >= MAX_PEOPLE, `Only the first ${MAX_PEOPLE} addresses were tried: give the others to --verify.`)
  const plugins = files.find(({ name }) => name === 'config/plugins')?.after.toString() ?? ''
  add(
    !/^\s*tls\s*$/m.test(plugins),
    'DMail had no TLS. For STARTTLS put the line tls into config/plugins before dmail, and a certificate into config/ (haraka -h tls).',
  )
  add(
    lists !== undefined && lists.lists.length > 0,
    'DList owned addresses: move the lists to a list manager and give each address an alias.',
  )
  add(lists?.missing !== undefined, `The lists of DList are not known: ${lists?.missing ?? ''}.`)
  return general
}
