import { isUtf8 } from 'node:buffer'
import path from 'node:path'
import type { At, Problem } from '../conf/problem.js'
import type { Snapshot } from '../suite/snapshot-types.js'
import { loadAll, type Loaded } from '../suite/loaded.js'
import { makeSnapshot, notRunning, openUsers } from '../suite/snapshot.js'
import { tablesFor } from '../suite/redis.js'
import { isThere } from './find-prefixes.js'
import { harakaFiles, type HarakaSide } from './haraka-files.js'
import { readLists, type FoundLists } from './lists.js'
import { iniWithPrefixes, planConf, readBytes, type ConfPlan, type PlanInput } from './plan.js'
import { makeStage, type Stage } from './stage.js'
import type { PlannedFile } from './types.js'
import { changes, findPlaces, makeDirectory, makeFolder, ownerOf, writeFiles } from './write.js'

export interface MigrateInput extends PlanInput {
  readonly listen: string | undefined
  readonly isRoot: boolean
}

/** Everything that is known when all is planned and nothing is written. */
export interface Migration {
  readonly conf: ConfPlan
  readonly side: HarakaSide
  readonly files: readonly PlannedFile[]
  readonly loaded: Loaded
  /** Undefined where no mail could be routed with the result; `loaded.fatal` says why. */
  readonly snapshot: Snapshot | undefined
  readonly stage: Stage
  readonly lists: FoundLists | undefined
  /** Of the plan; those of the configuration are in `loaded`. */
  readonly problems: readonly Problem[]
  close: () => Promise<void>
}

/** Plans a migration and loads what would come of it. Throws a MigrateError. */
export async function planMigration(input: MigrateInput, warn: (text: string) => void): Promise<Migration> {
  const { directory } = input
  const conf = await planConf(input)
  const stage = await makeStage(directory)
  try {
    await stage.put([
      ...conf.files.map((file) => ({ name: file.name, content: file.kept ? (file.before ?? file.after) : file.after })),
      { name: 'config/dmail.ini', content: await iniWithPrefixes(directory, conf.prefixes) },
    ])
    const first = await loadAll(stage.dir)
    const { side, files } = await planSide(input, conf, first)
    await stage.put(files.map(({ name, after }) => ({ name, content: after })))
    const loaded = await loadAll(stage.dir)
    const { snapshot, close } = await openSnapshot(loaded, stage.dir, warn)
    return {
      conf,
      side,
      files: [...conf.files, ...files],
      loaded,
      snapshot,
      stage,
      lists: await findLists(conf, loaded),
      problems: [
        ...conflicts(conf),
        ...(await installed(directory)),
        ...side.warnings.map(({ file, ...rest }) => warning({ file, line: 1 }, rest)),
      ],
      close: async () => {
        close()
        await stage.remove()
      },
    }
  } catch (error) {
    await stage.remove()
    throw error
  }
}

/** A snapshot for questions, of a directory as it is. Close it. */
export async function openSnapshot(
  loaded: Loaded,
  harakaDir: string,
  warn: (text: string) => void,
): Promise<{ readonly snapshot: Snapshot | undefined; close: () => void }> {
  if (loaded.fatal.length > 0) return { snapshot: undefined, close: () => undefined }
  const users = openUsers(loaded, harakaDir, (level, text) => {
    if (level === 'error' || level === 'warn') warn(text)
  })
  const redis = await tablesFor(loaded, harakaDir, () => undefined)
  const close = (): void => {
    users.close()
    redis?.close()
  }
  try {
    return { snapshot: await makeSnapshot(loaded, users, harakaDir, notRunning(warn, redis)), close }
  } catch (error) {
    close()
    throw error
  }
}

async function planSide(
  { directory, listen, isRoot, sample }: MigrateInput,
  { prefixes, edits }: ConfPlan,
  { configuration }: Loaded,
): Promise<{ side: HarakaSide; files: PlannedFile[] }> {
  const known = new Map<string, Buffer | undefined>()
  for (const name of HARAKA_FILES) known.set(name, await readBytes(path.join(directory, name)))
  const hashed = edits.findLast(({ name }) => name === 'hash_spool')?.was.match(/[12]/)?.[0]
  const side = harakaFiles(
    configuration.conf,
    { prefixes, listen, isRoot, hashed: hashed === '1' || hashed === '2' ? hashed : undefined },
    {
      read: (name) => textOf(known.get(name)),
      sample: (name) => sample.get(name) ?? '',
    },
  )
  const files = side.drafts.map(({ name, text, changes }): PlannedFile => {
    const before = known.get(name)
    const after = before !== undefined && textOf(before) === text ? before : Buffer.from(text, encodingOf(before))
    return { name, before, after, mode: 0o644, changes, kept: false }
  })
  return { side, files }
}

const HARAKA_FILES = [
  ...[
    'dmail.ini',
    'smtp.ini',
    'connection.ini',
    'log.ini',
    'results.ini',
    'plugins',
    'me',
    'limit.ini',
    'outbound.ini',
  ].map((name) => `config/${name}`),
  ...['package.json', 'docs/plugins/dmail.md'],
]

/** Bytes that are not UTF-8 stay what they are. */
function encodingOf(data: Buffer | undefined): 'utf8' | 'latin1' {
  return data === undefined || isUtf8(data) ? 'utf8' : 'latin1'
}

function textOf(data: Buffer | undefined): string | undefined {
  return data?.toString(encodingOf(data))
}

function conflicts({ conflicts: names }: ConfPlan): Problem[] {
  return names.map((name) => ({
    severity: 'error',
    at: { file: name.replace(/^config\//, ''), line: 1 },
    message: 'it is not what "dmail migrate" wrote, and differs from the legacy file: it is left as it is',
    hint: 'give --replace to have it written anew, with a backup',
  }))
}

async function installed(directory: string): Promise<Problem[]> {
  if (await isThere(path.join(directory, 'node_modules/haraka-plugin-dmail'))) return []
  const message = 'haraka-plugin-dmail is not installed in this directory'
  return [warning({ file: 'package.json', line: 1 }, { message, hint: 'run "npm install haraka-plugin-dmail" there' })]
}

function warning(at: At, { message, hint }: { readonly message: string; readonly hint: string }): Problem {
  return { severity: 'warning', at, message, hint }
}

async function findLists({ source, mapPath }: ConfPlan, { configuration }: Loaded): Promise<FoundLists | undefined> {
  const lines = source.files.flatMap(({ settings }) => settings)
  const directory = lines.findLast(({ name }) => name === 'dlist_path')?.value.replace(/^"(.*)"$/, '$1')
  const mapped = directory === undefined ? undefined : mapPath(directory)
  if (mapped?.ok !== true) return undefined
  const domain = lines.findLast(({ name }) => name === 'dlist_domain')?.value
  const [main] = configuration.conf.all('host_domain')
  return readLists(mapped.path, domain ?? main?.value ?? '')
}

/** Folders that Haraka expects. */
const FOLDERS = ['config', 'plugins', 'queue']

/** Writes what was planned. Returns the names of the backups by file. Throws a WriteRefused before anything is written. */
export async function carryOut(
  directory: string,
  files: readonly PlannedFile[],
  now: Date,
): Promise<Map<string, string>> {
  await makeDirectory(directory)
  const names = files.filter(changes).map(({ name }) => name)
  const places = await findPlaces(directory, names)
  const owner = await ownerOf(directory)
  for (const folder of FOLDERS) await makeFolder(path.join(directory, folder), owner)
  return writeFiles(directory, files, places, now)
}
