import { foldLocal, unquoteLocal } from '../address.js'
import { parseDestination, type Written } from './destination.js'
import { splitDestinations } from './destination-list.js'
import { isBlank, LF, lineKind } from './alias-scan.js'
import type { MapPath } from './paths.js'
import type { At, Problem } from './problem.js'
import { readDomain } from './value-mail.js'
import { hasWildcard } from './wildcard.js'

/** One destination of an alias and where it stands. */
export interface AliasItem {
  readonly written: Written
  readonly at: At
}

/** The bytes of an alias file or a list, and how to read them. */
export interface AliasSource {
  readonly data: Buffer
  /** UTF-8, or Latin-1 where the file as a whole is not UTF-8 (C2). */
  readonly encoding: 'utf8' | 'latin1'
  /** How messages call the file. */
  readonly label: string
  readonly mapPath: MapPath
}

/** Where an entry lies: its bytes with all its continuation lines, and the number of its first line. */
export interface Extent {
  readonly start: number
  readonly end: number
  readonly line: number
}

/** The left side, folded. A prefix key is `sales*` or `sales*@domain`, without its star here. */
export interface AliasKey {
  /** `user` or `user@domain`. */
  readonly text: string
  readonly hasDomain: boolean
  readonly isPrefix: boolean
}

export interface ParsedEntry {
  /** Undefined where the left side is bad; there are no items then. */
  readonly key: AliasKey | undefined
  /** The good destinations; `:include:` is not yet expanded. */
  readonly items: readonly AliasItem[]
  readonly problems: readonly Problem[]
}

/** Text of an entry as one line, with the places its parts come from. */
interface Joined {
  readonly text: string
  readonly parts: readonly { readonly offset: number; readonly line: number; readonly column: number }[]
}

/** Parses one entry of an alias file (R6, R9). Errors are data; a bad destination is left out (C7). */
export function parseEntry(source: AliasSource, extent: Extent): ParsedEntry {
  const joined = joinLines(source, extent)
  const { text } = joined
  const fail = (offset: number, message: string, hint: string): ParsedEntry => {
    const problem: Problem = { severity: 'error', at: placeOf(source, joined, offset), message, hint }
    return { key: undefined, items: [], problems: [problem] }
  }
  const nul = text.indexOf('\0')
  if (nul >= 0) return fail(nul, 'the entry holds a NUL byte', 'is it a text file?')
  const written = (text.startsWith('"') ? /^"[^"\\]*(?:\\.[^"\\]*)*"[^\s:"]*/ : /^[^\s:"]*/).exec(text)?.[0] ?? ''
  const colon = /^[ \t]*:/.exec(text.slice(written.length))?.[0]
  if (written === '' || colon === undefined) {
    const hint = 'write "name: destination", the name in double quotes where it has blanks'
    return fail(0, 'the line is not "name: destination"', hint)
  }
  const key = readKey(written)
  if (typeof key === 'string') return fail(0, `"${written}" ${key}`, 'write user, user@domain, * or prefix*')
  const listStart = written.length + colon.length
  const parsed = parseList(source, joined, listStart)
  if (parsed.items.length > 0 || parsed.problems.length > 0) return { key, ...parsed }
  return fail(Math.max(0, text.length - 1), `"${written}" has no destination`, 'name one, or remove the line')
}

/** Parses one line of an included list: a destination (R6). */
export function parseListLine(source: AliasSource, extent: Extent): Omit<ParsedEntry, 'key'> {
  const joined = joinLines(source, extent)
  const nul = joined.text.indexOf('\0')
  if (nul < 0) return parseList(source, joined, 0)
  const at = placeOf(source, joined, nul)
  const problem: Problem = { severity: 'error', at, message: 'the line holds a NUL byte', hint: 'is it a text file?' }
  return { items: [], problems: [problem] }
}

function parseList(source: AliasSource, joined: Joined, start: number): Omit<ParsedEntry, 'key'> {
  const items: AliasItem[] = []
  const problems: Problem[] = []
  for (const { text, offset } of splitDestinations(joined.text.slice(start))) {
    const at = placeOf(source, joined, start + offset)
    const written = parseDestination(text, 'alias', source.mapPath)
    if (written.kind === 'bad') problems.push({ severity: 'error', at, message: written.message, hint: written.hint })
    else items.push({ written, at })
  }
  return { items, problems }
}

/** The folded key, or what is wrong with it. */
function readKey(written: string): AliasKey | string {
  // "sales@domain1.com" in quotes as a whole is that address, not a local part with an @ in it.
  const bare = /^"[^"\\]*@[^"\\]*"$/.test(written) ? written.slice(1, -1) : written
  const at = bare.endsWith('"') ? -1 : bare.lastIndexOf('@')
  const local = unquoteLocal(at < 0 ? bare : bare.slice(0, at))
  const domain = at < 0 ? undefined : readDomain(bare.slice(at + 1))
  if (local === '') return 'has no user'
  if (at >= 0 && domain === undefined) return 'has no proper domain'
  // No name has a control character (U2).
  if (/[\u0000-\u001f\u007f]/.test(local)) return 'has a control character'
  const isPrefix = !bare.startsWith('"') && local.endsWith('*')
  const name = isPrefix ? local.slice(0, -1) : local
  if (!bare.startsWith('"') && /[<>(),;|]/.test(name)) return 'has a character that a name needs quotes for'
  if (hasWildcard(name)) return 'has a wildcard that is not one * at the end'
  return aliasKey(foldLocal(name), domain, isPrefix)
}

/** The key of a local part and a domain, both folded. */
export function aliasKey(local: string, domain: string | undefined, isPrefix: boolean): AliasKey {
  return { text: domain === undefined ? local : `${local}@${domain}`, hasDomain: domain !== undefined, isPrefix }
}

/** Joins an entry's lines with a blank; comments and blank lines between them are left out. */
function joinLines({ data, encoding }: AliasSource, extent: Extent): Joined {
  const parts: { offset: number; line: number; column: number }[] = []
  let text = ''
  let start = extent.start
  for (let line = extent.line; start < extent.end; line++) {
    const found = data.indexOf(LF, start)
    const lineEnd = found < 0 || found > extent.end ? extent.end : found
    if (lineKind(data, start, lineEnd) !== 'none') {
      let from = start
      let to = lineEnd
      while (isBlank(data[from])) from++
      while (isBlank(data[to - 1])) to--
      if (parts.length > 0) text += ' '
      parts.push({ offset: text.length, line, column: from - start + 1 })
      text += data.toString(encoding, from, to)
    }
    start = lineEnd + 1
  }
  return { text, parts }
}

function placeOf(source: AliasSource, { parts }: Joined, offset: number): At {
  const part = parts.findLast((candidate) => candidate.offset <= offset)
  if (part === undefined) return { file: source.label, line: 1 }
  return { file: source.label, line: part.line, column: part.column + offset - part.offset }
}
