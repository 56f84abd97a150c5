import { stat } from 'node:fs/promises'
import path from 'node:path'
import type { SettingLine } from '../conf/lines.js'
import { parseValue } from '../conf/parse-value.js'
import type { MapPath } from '../conf/paths.js'
import { findProgram } from '../process/find.js'
import { findCase, isThere } from './find-prefixes.js'
import type { Source, SourceFile } from './source.js'
import type { LineEdit } from './types.js'
import { isWindowsPath, writtenPaths, type WrittenPath } from './written-paths.js'

/** The bundled module, from a Haraka directory. */
const FILE_MODULE = 'node_modules/haraka-plugin-dmail/dist/authent/file.js'

/** Where the copies of included files go, below config/. */
export const INCLUDES = 'dmail.conf.d'

type Readable = Extract<Source, { ok: true }>

/** The name of each legacy file's copy, relative to the Haraka directory. */
export function copyNames({ files }: Readable): Map<string, string> {
  const names = new Map<string, string>()
  const taken = new Set<string>()
  for (const [index, file] of files.entries()) {
    const { name, ext } = path.parse(file.path)
    let copy = `${INCLUDES}/${name}${ext}`
    for (let number = 2; taken.has(copy.toLowerCase()); number++) copy = `${INCLUDES}/${name}-${number}${ext}`
    taken.add(copy.toLowerCase())
    names.set(file.path, `config/${index === 0 ? 'dmail.conf' : copy}`)
  }
  return names
}

/** The lines that cannot stay as they are: `#include`s of copied files, paths that only held where DMail ran, and what D6 asks for. */
export async function editConf(
  source: Readable,
  names: ReadonlyMap<string, string>,
  mapPath: MapPath,
): Promise<LineEdit[]> {
  const edits: LineEdit[] = []
  for (const file of source.files) {
    edits.push(...includeEdits(file, names))
    const paths = writtenPaths(file)
    for (const each of paths) edits.push(...(await pathEdit(file, each, source, mapPath)))
    for (const line of file.settings) {
      if (line.name === 'hash_spool') edits.push(...hashEdit(file, line))
      if (line.name === 'authent_process') edits.push(...(await moduleEdit(file, line, source, mapPath)))
    }
  }
  return lastPerLine(edits)
}

/** A line that two of them change is changed by the later one: it saw the same value. */
function lastPerLine(edits: readonly LineEdit[]): LineEdit[] {
  const last = new Map(edits.map((edit) => [`${edit.line} ${edit.file}`, edit]))
  return [...last.values()].sort((a, b) => a.line - b.line)
}

function includeEdits(file: SourceFile, names: ReadonlyMap<string, string>): LineEdit[] {
  const own = names.get(file.path) ?? ''
  return file.includes.flatMap(({ line, written, target }) => {
    const copy = target === undefined ? undefined : names.get(target)
    if (copy === undefined) return []
    const relative = path.posix.relative(path.posix.dirname(own), copy)
    if (relative === written) return []
    const now = `#include ${relative}`
    return [{ file: file.path, line, name: '#include', was: `#include ${written}`, now, why: 'the file is copied' }]
  })
}

/** Relative paths began at DMail's own directory; Windows knows no case. */
async function pathEdit(
  file: SourceFile,
  { line, written, isPlace }: WrittenPath,
  source: Readable,
  mapPath: MapPath,
): Promise<LineEdit[]> {
  if (!isPlace) return []
  const turned = written.replace(/\\/g, '/')
  if (!isWindowsPath(written) && !turned.startsWith('/')) {
    const home = homeOf(source, mapPath)
    const places = [...new Set([...(home === undefined ? [] : [home]), path.dirname(file.path)])]
    for (const place of places) {
      const found = await findCase(place, turned.split('/'))
      if (found !== undefined)
        return [changed(file, line, written, found, 'a relative path began at another directory')]
    }
    const [first = path.dirname(file.path)] = places
    return [changed(file, line, written, path.join(first, turned), 'a relative path began at another directory')]
  }
  const mapped = mapPath(written)
  if (!mapped.ok || (await isThere(mapped.path))) return []
  const { root } = path.parse(mapped.path)
  const found = await findCase(root, mapped.path.slice(root.length).split('/'))
  return found === undefined ? [] : [changed(file, line, written, found, 'upper and lower case count here')]
}

/** dsmtp_path, where it is given in full. */
function homeOf({ files }: Readable, mapPath: MapPath): string | undefined {
  const line = files.flatMap(({ settings }) => settings).findLast(({ name }) => name === 'dsmtp_path')
  const written = line === undefined ? undefined : line.value.replace(/^"(.*)"$/, '$1')
  if (written === undefined || !(isWindowsPath(written) || /^[/\\]/.test(written))) return undefined
  const mapped = mapPath(written)
  return mapped.ok ? mapped.path : undefined
}

function changed(file: SourceFile, line: SettingLine, written: string, to: string, why: string): LineEdit {
  const at = line.value.lastIndexOf(written)
  return edit(file, line, `${line.value.slice(0, at)}${to}${line.value.slice(at + written.length)}`, why)
}

function edit(file: SourceFile, line: SettingLine, value: string, why: string): LineEdit {
  const text = (file.text.split('\n')[line.at.line - 1] ?? '').replace(/\r$/, '')
  const start = (line.valueAt.column ?? 1) - 1
  const now = `${text.slice(0, start)}${value}${text.slice(start + line.value.length)}`
  return { file: file.path, line: line.at.line, name: line.name, was: text.trim(), now, why }
}

/** D6. */
function hashEdit(file: SourceFile, line: SettingLine): LineEdit[] {
  if (!/^"?[12]"?$/.test(line.value)) return []
  return [edit(file, line, 'scan', "DMail's hash function is not known: drop files are found where they lie")]
}

/** NWAuth itself runs on few machines of today; the bundled module reads its files. */
async function moduleEdit(
  file: SourceFile,
  line: SettingLine,
  source: Readable,
  mapPath: MapPath,
): Promise<LineEdit[]> {
  const command = parseValue('command', line.value, { name: line.name, mapPath })
  const [program = '', ...args] = command.ok ? command.value : []
  if (!/^(?:.*[/\\])?nwauth(?:\.exe)?$/i.test(program)) return []
  if ('file' in (await findProgram(program, [])) && !/\.exe$/i.test(program)) return []
  const home = path.isAbsolute(program) ? path.dirname(program) : homeOf(source, mapPath)
  const option = args.findIndex((arg) => arg.toLowerCase() === '-path')
  const given = option < 0 ? home : args[option + 1]
  if (given === undefined) return []
  const directory = path.resolve(home ?? path.dirname(file.path), given)
  const users = (await findCase(directory, ['nwauth.txt'])) ?? path.join(directory, 'nwauth.txt')
  // Additions lie in a file of their own; with them the module is told the directory.
  const added = await findCase(directory, ['nwauth.add'])
  const target = added === undefined || (await stat(added)).size === 0 ? users : path.dirname(users)
  const rest = option < 0 ? args : args.toSpliced(option, 2)
  const words = [FILE_MODULE, '-path', target, ...rest].map((word) => (/\s/.test(word) ? `"${word}"` : word))
  return [edit(file, line, words.join(' '), 'NWAuth does not run here; the bundled module reads its files')]
}
