import path from 'node:path'
import type { MapPath } from './paths.js'
import { formatAt, type At, type Problem } from './problem.js'
import { decodeText, readRegularFile } from './read-file.js'
import { scanText, type ScannedLine } from './scan-lines.js'

const MAX_FILE_BYTES = 64 * 1024 * 1024
/** C3. */
const MAX_INCLUDE_LEVELS = 16
/** Sixteen levels of files that each include two would be 65,536 files. */
const MAX_FILES = 1024

/** One line that sets something; `value` has no blanks at its ends and is '' where there is none. */
export type SettingLine = Extract<ScannedLine, { kind: 'setting' }>

export interface SettingLines {
  /** The lines in file order, an included file's lines in the place of its #include. */
  readonly lines: readonly SettingLine[]
  readonly problems: readonly Problem[]
  /** Absolute paths of every file read or missed, for a watcher. */
  readonly files: readonly string[]
  /** False where the main file itself could not be read. */
  readonly readable: boolean
}

interface Walk {
  readonly configDir: string
  readonly mapPath: MapPath
  readonly lines: SettingLine[]
  readonly problems: Problem[]
  readonly files: Set<string>
  opened: number
}

/**
 * Reads a dmail.conf and what it includes (C3). Errors are problems with the place they stand at; nothing throws.
 * `configDir` is what file names in messages are relative to.
 */
export async function readSettingLines(file: string, configDir: string, mapPath: MapPath): Promise<SettingLines> {
  const walk: Walk = { configDir, mapPath, lines: [], problems: [], files: new Set(), opened: 0 }
  const readable = await readInto(walk, file, [], { file: fileLabel(file, configDir), line: 1 })
  return { lines: walk.lines, problems: walk.problems, files: [...walk.files], readable }
}

/** How messages call a file: its path inside the configuration directory, or the whole path outside. */
export function fileLabel(file: string, configDir: string): string {
  const relative = path.relative(configDir, file)
  return relative.startsWith('..') || path.isAbsolute(relative) ? file : relative
}

async function readInto(walk: Walk, file: string, chain: readonly string[], from: At): Promise<boolean> {
  const error = (message: string, hint: string): false => {
    walk.problems.push({ severity: 'error', at: from, message, hint })
    return false
  }
  if (chain.includes(file)) {
    const names = [...chain.slice(chain.indexOf(file)), file].map((name) => fileLabel(name, walk.configDir))
    return error(`#include goes in a circle: ${names.join(' -> ')}`, 'remove one of these lines')
  }
  if (chain.length > MAX_INCLUDE_LEVELS) {
    return error(`#include goes deeper than ${MAX_INCLUDE_LEVELS} levels`, 'include the file from a higher one')
  }
  if (walk.opened >= MAX_FILES) return error(`more than ${MAX_FILES} files are included`, 'join some of them')
  walk.opened++
  walk.files.add(file)
  const content = await readRegularFile(file, MAX_FILE_BYTES)
  if (!content.ok) return error(content.message, content.hint)

  const label = fileLabel(file, walk.configDir)
  for (const line of scanText(decodeText(content.data), label)) {
    if (line.kind === 'setting') walk.lines.push(line)
    else if (line.kind === 'problem') walk.problems.push(line.problem)
    else await include(walk, line, file, [...chain, file])
  }
  return true
}

async function include(
  walk: Walk,
  line: Extract<ScannedLine, { kind: 'include' }>,
  includer: string,
  chain: readonly string[],
): Promise<void> {
  const turned = line.path.replace(/\\/g, '/')
  // C3: relative to the including file; a full path, of either system, is mapped like any other (C10).
  if (!/^\/|^[A-Za-z]:/.test(turned)) {
    await readInto(walk, path.resolve(path.dirname(includer), turned), chain, line.at)
    return
  }
  const mapped = walk.mapPath(line.path)
  if (mapped.ok) await readInto(walk, mapped.path, chain, line.at)
  else walk.problems.push({ severity: 'error', at: line.at, message: mapped.message, hint: mapped.hint })
}

/** `dmail.conf:12`: a place without its column. */
export function formatLine(at: At): string {
  return formatAt({ file: at.file, line: at.line })
}
