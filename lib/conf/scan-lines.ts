import type { At, Problem } from './problem.js'

/** What one line of a dmail.conf says, comments and blank lines left out. */
export type ScannedLine =
  | {
      readonly kind: 'setting'
      /** In lower case (C1). */
      readonly name: string
      readonly value: string
      readonly at: At
      /** Place of the value, or of the line's end where there is none. */
      readonly valueAt: At
    }
  | { readonly kind: 'include'; readonly path: string; readonly at: At }
  | { readonly kind: 'problem'; readonly problem: Problem }

/** The words of one line, blanks at its ends taken off (C2); columns count UTF-16 units from 1. */
interface RawLine {
  readonly line: number
  readonly column: number
  readonly name: string
  readonly value: string
  readonly valueColumn: number
  readonly indent: number
}

const BLOCK_ENDS = new Set(['end', 'enddomain', 'end_domain', '}', '</domain>'])

/**
 * Cuts the text of a dmail.conf into what its lines say (C1-C3, C8).
 *
 * A line whose first word is `domain` opens a block of DMail 2.9. Its syntax is not known, so its end is found by what
 * is there: a line `end`, `enddomain`, `end_domain`, `}` or `</domain>` before the next `domain` line; or else, where
 * the lines after the opening one are indented deeper than it, the first that is not; or else, as with the `list`
 * blocks of lists.dat, the next `domain` line or the end of the file.
 */
export function* scanText(text: string, file: string): Generator<ScannedLine> {
  const lines = text.split('\n')
  for (let index = 0; index < lines.length; index++) {
    const source = lines[index] ?? ''
    const nul = source.indexOf('\0')
    if (nul >= 0) {
      yield problem(
        'error',
        { file, line: index + 1, column: nul + 1 },
        'the line holds a NUL byte',
        'is it a text file?',
      )
      continue
    }
    const raw = readLine(source, index + 1)
    if (raw === undefined) continue
    if (raw.name.startsWith('#')) {
      if (raw.name.toLowerCase() === '#include') yield readInclude(raw, file)
    } else if (raw.name.toLowerCase() === 'domain') {
      const end = blockEnd(lines, index, raw)
      yield skippedBlock(raw, end, file)
      index = end
    } else {
      yield {
        kind: 'setting',
        name: raw.name.toLowerCase(),
        value: raw.value,
        at: { file, line: raw.line, column: raw.column },
        valueAt: { file, line: raw.line, column: raw.valueColumn },
      }
    }
  }
}

function readLine(source: string, line: number): RawLine | undefined {
  let start = 0
  let end = source.length
  while (start < end && isBlank(source.charCodeAt(start))) start++
  while (end > start && isBlank(source.charCodeAt(end - 1))) end--
  if (start === end) return undefined
  let nameEnd = start
  while (nameEnd < end && !isBlank(source.charCodeAt(nameEnd))) nameEnd++
  let value = nameEnd
  while (value < end && isBlank(source.charCodeAt(value))) value++
  return {
    line,
    column: start + 1,
    name: source.slice(start, nameEnd),
    value: source.slice(value, end),
    valueColumn: value + 1,
    indent: start,
  }
}

/** Blank, tab, and the CR of CRLF. */
function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09 || code === 0x0d
}

function readInclude(raw: RawLine, file: string): ScannedLine {
  const quoted = /^"([^"]*)"$/.exec(raw.value)
  const path = (quoted?.[1] ?? raw.value).trim()
  const at = { file, line: raw.line, column: path === '' ? raw.column : raw.valueColumn }
  return path === ''
    ? problem('error', at, '#include names no file', 'write "#include file"')
    : { kind: 'include', path, at }
}

/** Index of the last line of the block that opens at `start`. */
function blockEnd(lines: readonly string[], start: number, opening: RawLine): number {
  let firstOutdented: number | undefined
  let indented = false
  let next = start + 1
  for (; next < lines.length; next++) {
    const raw = readLine(lines[next] ?? '', next + 1)
    if (raw === undefined || raw.name.startsWith('#')) continue
    const name = raw.name.toLowerCase()
    if (BLOCK_ENDS.has(name)) return next
    if (name === 'domain') break
    if (firstOutdented !== undefined) continue
    if (raw.indent > opening.indent) indented = true
    else firstOutdented = next
  }
  return (indented && firstOutdented !== undefined ? firstOutdented : next) - 1
}

function skippedBlock(raw: RawLine, end: number, file: string): ScannedLine {
  const name = raw.value.replace(/\s*\{$/, '')
  const lines = end + 1 === raw.line ? 'its line is' : `lines ${raw.line} to ${end + 1} are`
  return problem(
    'warning',
    { file, line: raw.line, column: raw.column },
    `the domain block${name === '' ? '' : ` of ${name}`} is not supported: ${lines} skipped`,
    'write vdomain, alias_file_domain and alt_drop_path lines outside of a block',
  )
}

function problem(severity: Problem['severity'], at: At, message: string, hint: string): ScannedLine {
  return { kind: 'problem', problem: { severity, at, message, hint } }
}
