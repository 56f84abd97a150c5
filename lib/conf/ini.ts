import path from 'node:path'
import { unsafe } from 'ini'
import { INI_KEYS, type DmailIni, type IniKey } from './ini-keys.js'
import { isBad, readIniValue, type Bad, type IniValue } from './ini-value.js'
import { pathMapper, type MapPath } from './paths.js'
import type { At, Problem } from './problem.js'

export interface ParsedIni {
  readonly ini: DmailIni
  /** The mapping of section [paths] (C10). */
  readonly mapPath: MapPath
  /** The lines in force, by `section.key`, and those of [paths] by `paths.PREFIX`. */
  readonly given: ReadonlyMap<string, { readonly text: string; readonly at: At }>
  readonly problems: readonly Problem[]
}

interface IniLine {
  readonly section: string
  readonly key: string
  /** As written, for [paths]. */
  readonly rawKey: string
  /** Undefined where the line has no `=`. */
  readonly value: string | undefined
  readonly at: At
  readonly valueAt: At
}

type Report = (severity: Problem['severity'], at: At, message: string, hint: string) => void

const PATHS = 'paths'
const BY_NAME: ReadonlyMap<string, IniKey> = new Map(INI_KEYS.map((row) => [`${row.section} ${row.key}`, row]))
const SECTIONS: ReadonlySet<string> = new Set([PATHS, ...INI_KEYS.map((row) => row.section)])

/**
 * Reads the text of a dmail.ini. Every key has a default, which stays in force where a line is bad. Relative paths are
 * taken from `base` (the Haraka directory). `file` names the file in messages.
 */
export function parseIni(text: string, file: string, base: string): ParsedIni {
  const problems: Problem[] = []
  const report: Report = (severity, at, message, hint) => problems.push({ severity, at, message, hint })
  const lines = splitIni(text, file, report)
  // [paths] first, wherever it stands: the paths of the other sections are mapped by it.
  const prefixes = readPrefixes(lines, report)
  const mapPath = pathMapper(prefixes, base)
  const values = new Map(INI_KEYS.map((row) => [`${row.section} ${row.key}`, readIniValue(row, row.default, mapPath)]))
  const seen = new Map<string, At>()
  const given = new Map<string, { readonly text: string; readonly at: At }>()
  for (const line of lines) {
    if (line.section === PATHS) {
      given.set(`${PATHS}.${line.rawKey}`, { text: line.value ?? '', at: line.at })
      continue
    }
    const name = `${line.section} ${line.key}`
    const row = BY_NAME.get(name)
    if (row === undefined) {
      const message = `"${line.key}" is not a known key of section [${line.section}]`
      if (SECTIONS.has(line.section)) report('warning', line.at, message, 'check the spelling; the line is ignored')
      continue
    }
    warnTwice(seen, name, line, report)
    const value = line.value === undefined && row.kind === 'bool' ? true : readIniValue(row, line.value ?? '', mapPath)
    if (isBad(value)) {
      report('error', line.valueAt, value.bad, value.hint)
      continue
    }
    if (row.warns?.value === value) report('warning', line.at, row.warns.message, row.warns.hint)
    values.set(name, value)
    given.set(`${row.section}.${row.key}`, { text: line.value ?? 'true', at: line.at })
  }
  return { ini: freeze(values, prefixes), mapPath, given, problems }
}

/**
 * One line at a time through the `ini` package's own reading of a value (quotes, `\;`, comments): a whole file through
 * `ini.parse` would lose the line numbers, nest sections with a dot in their name and drop what it does not know.
 */
function splitIni(text: string, file: string, report: Report): IniLine[] {
  const lines: IniLine[] = []
  let section = ''
  for (const [index, source] of text.split('\n').entries()) {
    const bare = source.trim()
    if (bare === '' || /^[;#]/.test(bare)) continue
    const column = source.indexOf(bare) + 1
    const at: At = { file, line: index + 1, column }
    const header = /^\[([^\]]*)\][ \t]*(?:[;#].*)?$/.exec(bare)
    if (header?.[1] !== undefined) {
      section = header[1].trim().toLowerCase()
      if (SECTIONS.has(section)) continue
      report('warning', at, `section [${section}] is not known`, 'check the spelling; its lines are ignored')
    } else if (bare.startsWith('[') && section !== PATHS) {
      report('error', at, `"${bare}" is not the head of a section`, 'write it as [name]')
    } else if (section === '') {
      report('error', at, `"${bare}" stands before any section`, 'put it below a line like [main]')
    } else {
      lines.push(splitKey(source, section, at))
    }
  }
  return lines
}

function splitKey(source: string, section: string, at: At): IniLine {
  const equals = source.indexOf('=')
  const rawKey = (equals < 0 ? source : source.slice(0, equals)).trim()
  const key = rawKey.toLowerCase()
  if (equals < 0) return { section, key, rawKey, value: undefined, at, valueAt: at }
  const rest = source.slice(equals + 1)
  // `unsafe` reads a quoted value as JSON, which may be no text.
  const read: unknown = unsafe(rest)
  const value = typeof read === 'string' ? read : JSON.stringify(read)
  return {
    section,
    key,
    rawKey,
    value,
    at,
    valueAt: { ...at, column: equals + 2 + rest.length - rest.trimStart().length },
  }
}

function readPrefixes(lines: readonly IniLine[], report: Report): Map<string, string> {
  const prefixes = new Map<string, string>()
  const seen = new Map<string, At>()
  for (const line of lines) {
    if (line.section !== PATHS) continue
    const prefix = line.rawKey.replace(/^"(.*)"$/, '$1').trim()
    if (prefix === '' || line.value === undefined || line.value === '') {
      report('error', line.at, 'a line of [paths] needs a prefix and a directory', 'write "c:\\dmail = /var/dmail"')
    } else if (!path.isAbsolute(line.value)) {
      report('error', line.valueAt, `"${line.value}" is not a full path`, `write "${prefix} = /path/on/this/machine"`)
    } else {
      warnTwice(seen, prefix.toLowerCase(), line, report)
      prefixes.set(prefix, line.value)
    }
  }
  return prefixes
}

function warnTwice(seen: Map<string, At>, name: string, line: IniLine, report: Report): void {
  const earlier = seen.get(name)
  seen.set(name, line.at)
  if (earlier === undefined) return
  const message = `${line.rawKey} is given twice: line ${line.at.line} wins over line ${earlier.line}`
  report('warning', line.at, message, 'remove one of the two lines')
}

/** The object that DmailIni describes: its keys are made from the same rows as its type. */
function freeze(values: ReadonlyMap<string, IniValue | Bad>, prefixes: ReadonlyMap<string, string>): DmailIni {
  const ini: Record<string, unknown> = { paths: prefixes }
  for (const section of new Set(INI_KEYS.map((row) => row.section))) {
    const rows = INI_KEYS.filter((row) => row.section === section)
    ini[section] = Object.freeze(
      Object.fromEntries(rows.map((row) => [camel(row.key), values.get(`${section} ${row.key}`)])),
    )
  }
  return Object.freeze(ini) as DmailIni
}

function camel(key: string): string {
  return key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
}
