import { realpath } from 'node:fs/promises'
import path from 'node:path'
import { parseIni } from '../conf/ini.js'
import { iniTemplate } from '../conf/ini-template.js'
import { pathMapper, type MapPath } from '../conf/paths.js'
import { decodeText, readRegularFile } from '../conf/read-file.js'
import { fileLabel } from '../conf/lines.js'
import { copyNames, editConf } from './conf-edit.js'
import { iniText, setIniKey } from './ini-edit.js'
import { findPrefixes } from './find-prefixes.js'
import { formatRecord, ownership, parseRecord, RECORD, sumOf } from './record.js'
import { readSource, withLines, type Source } from './source.js'
import type { LineEdit, PlannedFile, Prefix } from './types.js'
import { isWindowsPath, windowsPathsIn, writtenPaths } from './written-paths.js'

const MAX_BYTES = 64 * 1024 * 1024
const MAX_ROUNDS = 20

export interface PlanInput {
  readonly from: string
  readonly directory: string
  /** --map. */
  readonly maps: ReadonlyMap<string, string>
  readonly replace: boolean
  /** The files of `dmail init`. */
  readonly sample: ReadonlyMap<string, string>
}

export type Readable = Extract<Source, { ok: true }>

/** What is known before the result is looked at: the legacy files, where their paths are, and their copies. */
export interface ConfPlan {
  readonly source: Readable
  readonly prefixes: readonly Prefix[]
  readonly mapPath: MapPath
  /** The name of each legacy file's copy. */
  readonly names: ReadonlyMap<string, string>
  readonly edits: readonly LineEdit[]
  /** dmail.conf, what it includes, and the record of both. */
  readonly files: readonly PlannedFile[]
  /** Names of those that the operator changed and DMail's has changed, too. */
  readonly conflicts: readonly string[]
}

/** Cannot be done at all; `hint` says what to do. */
export class MigrateError extends Error {
  override readonly name = 'MigrateError'

  constructor(
    message: string,
    readonly hint: string,
    readonly wrongUse = false,
  ) {
    super(message)
  }
}

/** Reads the legacy files, finds where their paths are on this machine, and plans the copies. */
export async function planConf(input: PlanInput): Promise<ConfPlan> {
  const { from, directory } = input
  const ini = await readText(path.join(directory, 'config/dmail.ini'))
  const known = parseIni(ini ?? '', 'dmail.ini', directory).ini.paths
  const { source, prefixes, mapPath } = await findPaths(from, directory, [
    ...[...known].filter(([each]) => !hasKey(input.maps, each)).map(([each, to]) => prefix(each, to, 'dmail.ini')),
    ...[...input.maps].map(([each, to]) => prefix(each, to, 'option')),
  ])
  const names = copyNames(source)
  await refuseItself(source, names, directory)
  const edits = await editConf(source, names, mapPath)
  return { source, prefixes, mapPath, names, edits, ...(await planCopies(input, source, names, edits)) }
}

function hasKey(maps: ReadonlyMap<string, string>, key: string): boolean {
  return [...maps.keys()].some((each) => each.toLowerCase() === key.toLowerCase())
}

function prefix(from: string, to: string, by: Prefix['by']): Prefix {
  return { from, to, by }
}

/** Finds prefixes until no more come up: a file that could be included now may name others. */
async function findPaths(
  from: string,
  directory: string,
  given: readonly Prefix[],
): Promise<{ source: Readable; prefixes: readonly Prefix[]; mapPath: MapPath }> {
  let prefixes = given
  for (let round = 0; ; round++) {
    const mapPath = pathMapper(new Map(prefixes.map((each) => [each.from, each.to])), directory)
    const source = await readSource(from, mapPath)
    if (!source.ok) throw new MigrateError(source.message, source.hint)
    const covered = (written: string): boolean => !isWindowsPath(written) || mapPath(written).ok
    const written = [
      ...source.files.flatMap((file) => [
        ...file.includes.map((line) => line.written),
        ...writtenPaths(file).map((each) => each.written),
      ]),
      ...(await aliasTexts(source, mapPath)).flatMap(windowsPathsIn),
    ]
    const found = await findPrefixes(written, path.resolve(from), covered)
    if (found.length === 0 || round >= MAX_ROUNDS) return { source, prefixes, mapPath }
    prefixes = [...prefixes, ...found]
  }
}

/** The texts of the alias files: their robots and files have paths as well. */
async function aliasTexts({ files }: Readable, mapPath: MapPath): Promise<string[]> {
  const texts: string[] = []
  for (const { line, written } of files.flatMap(writtenPaths)) {
    if (line.name !== 'alias_file' && line.name !== 'alias_file_domain') continue
    const mapped = mapPath(written)
    const text = mapped.ok ? await readText(mapped.path) : undefined
    if (text !== undefined) texts.push(text)
  }
  return texts
}

/** A legacy file is never written, by whatever name it is reached. */
async function refuseItself({ files }: Readable, names: ReadonlyMap<string, string>, directory: string): Promise<void> {
  const targets = new Set<string>()
  for (const name of names.values()) targets.add(await realpath(path.join(directory, name)).catch(() => ''))
  for (const file of files) {
    if (!targets.has(await realpath(file.path))) continue
    const message = `${file.path} is the file that would be written`
    throw new MigrateError(message, 'keep the legacy file elsewhere, and name it there', true)
  }
}

async function planCopies(
  { directory, replace, sample }: PlanInput,
  source: Readable,
  names: ReadonlyMap<string, string>,
  edits: readonly LineEdit[],
): Promise<Pick<ConfPlan, 'files' | 'conflicts'>> {
  const recordBefore = await readBytes(path.join(directory, RECORD))
  const recorded = parseRecord(recordBefore?.toString() ?? '')
  const sums = new Map(recorded)
  const files: PlannedFile[] = []
  const conflicts: string[] = []
  for (const file of source.files) {
    const name = names.get(file.path) ?? ''
    const own = edits.filter((edit) => edit.file === file.path)
    const after = withLines(file, new Map(own.map(({ line, now }) => [line, now])))
    const before = await readBytes(path.join(directory, name))
    const whose = ownership({ before, after, recorded: recorded.get(name), sample: sample.get(name), replace })
    if (whose === 'write' || whose === 'same') sums.set(name, sumOf(after))
    if (whose === 'conflict') conflicts.push(name)
    const lines = own.map(({ line, was, now, why }) => `line ${line}: ${was} -> ${now} (${why})`)
    const changes =
      whose === 'kept' || whose === 'conflict'
        ? ['it was changed by hand and stays as it is']
        : [`the copy of ${fileLabel(file.path, path.dirname(path.dirname(file.path)))}`, ...lines]
    // Others may not write it, nor read it where they could not before.
    const mode = (file.mode & 0o044) | 0o600
    files.push({ name, before, after, mode, changes, kept: whose === 'kept' || whose === 'conflict' })
  }
  const record = { name: RECORD, before: recordBefore, after: Buffer.from(formatRecord(sums)), mode: 0o644 }
  files.push({ ...record, changes: ['the sums of the files above'], kept: false })
  return { files, conflicts }
}

/** dmail.ini with the prefixes, which is all that the configuration needs to be read. */
export async function iniWithPrefixes(directory: string, prefixes: readonly Prefix[]): Promise<string> {
  let text = (await readText(path.join(directory, 'config/dmail.ini'))) ?? iniTemplate()
  for (const { from, to } of prefixes) {
    text = setIniKey(text, { section: 'paths', key: from, value: iniText(to), replace: true }).text
  }
  return text
}

export async function readBytes(file: string): Promise<Buffer | undefined> {
  const content = await readRegularFile(file, MAX_BYTES)
  if (content.ok) return content.data
  if (content.missing) return undefined
  throw new MigrateError(content.message, content.hint)
}

export async function readText(file: string): Promise<string | undefined> {
  const data = await readRegularFile(file, MAX_BYTES)
  return data.ok ? decodeText(data.data) : undefined
}
