/*
 * Changes to an ini file a line at a time: what is not asked for stays byte by byte, comments and unknown lines included. Fits dmail.ini
 * and the files Haraka reads: a key before any section is one of [main].
 */

export interface IniSet {
  readonly section: string
  readonly key: string
  readonly value: string
  /** Replace a value that the operator gave; without it that value stays. */
  readonly replace?: boolean
  /** Values that count as not given: what Haraka's own files come with. */
  readonly usual?: string
}

/** `set`: the line is there now; `same`: it was; `kept`: another value stood there and stays. */
export interface IniEdit {
  readonly text: string
  readonly done: 'set' | 'same' | 'kept'
  /** The value that stood there. */
  readonly was?: string
}

interface Place {
  /** Index of the line in force with this key. */
  readonly active: number | undefined
  /** Index of the last line commented out with this key. */
  readonly commented: number | undefined
  /** Index behind the section's last line that is not blank; undefined where there is no such section. */
  readonly end: number | undefined
}

/** Gives a key a value. The last line of a key is the one in force, as both readers have it. */
export function setIniKey(text: string, { section, key, value, replace, usual }: IniSet): IniEdit {
  const lines = text.split('\n')
  const place = findPlace(lines, section, key)
  const line = `${key}${section === 'paths' ? ' = ' : '='}${value}`
  if (place.active !== undefined) {
    const was = valueOf(lines[place.active] ?? '')
    if (was === value) return { text, done: 'same', was }
    if (replace !== true && was !== usual) return { text, done: 'kept', was }
    return { text: lines.with(place.active, `${line}${lineEnd(text)}`).join('\n'), done: 'set', was }
  }
  return { text: insert(text, section, place, [line]), done: 'set' }
}

/** Adds comment lines to a section, those that the file does not have yet. */
export function addIniComments(text: string, section: string, comments: readonly string[]): IniEdit {
  const lines = text.split('\n')
  const missing = comments.filter((comment) => !lines.some((line) => line.trim() === comment))
  if (missing.length === 0) return { text, done: 'same' }
  const { end } = findPlace(lines, section, '')
  const place = { active: undefined, commented: undefined, end }
  return { text: insert(text, section, place, missing), done: 'set' }
}

/** The value in force of a key. */
export function iniValue(text: string, section: string, key: string): string | undefined {
  const lines = text.split('\n')
  const { active } = findPlace(lines, section, key)
  return active === undefined ? undefined : valueOf(lines[active] ?? '')
}

/** What a value may not hold as it is: dmail.ini is read by the ini package. */
export function iniText(value: string): string {
  return /^[^;#"'=\\]*$/.test(value) ? value : JSON.stringify(value)
}

function findPlace(lines: readonly string[], section: string, key: string): Place {
  let active: number | undefined
  let commented: number | undefined
  let current = 'main'
  let end = section === 'main' ? 0 : undefined
  for (const [index, line] of lines.entries()) {
    const header = /^\s*\[\s*([^\]]*?)\s*\]\s*(?:[;#].*)?$/.exec(line)?.[1]?.toLowerCase()
    if (header !== undefined) current = header
    if (current !== section) continue
    if (header !== undefined || line.trim() !== '') end = index + 1
    if (header !== undefined) continue
    const bare = line.trim()
    if (/^[;#]/.test(bare)) {
      if (keyOf(bare.replace(/^[;#]\s?/, '')) === key.toLowerCase()) commented = index
    } else if (keyOf(bare) === key.toLowerCase()) {
      active = index
    }
  }
  return { active, commented, end }
}

function keyOf(line: string): string | undefined {
  const equals = line.indexOf('=')
  return equals < 0
    ? undefined
    : line
        .slice(0, equals)
        .trim()
        .replace(/^"(.*)"$/, '$1')
        .toLowerCase()
}

function valueOf(line: string): string {
  return line.slice(line.indexOf('=') + 1).trim()
}

function insert(text: string, section: string, place: Place, added: readonly string[]): string {
  const end = lineEnd(text)
  const lines = text.split('\n')
  // A last line without an end gets one: what comes behind it is not to become part of it.
  if (lines.at(-1) !== '') lines.splice(-1, 1, `${lines.at(-1) ?? ''}${end}`, '')
  // Below the line that shows it at its default, if there is one; else at the section's end.
  const at = place.commented === undefined ? place.end : place.commented + 1
  const ended = (each: readonly string[]): string[] => each.map((line) => `${line}${end}`)
  if (at !== undefined) return lines.toSpliced(at, 0, ...ended(added)).join('\n')
  const gap = lines.length < 2 || lines.at(-2)?.trim() === '' ? [] : ['']
  return lines.toSpliced(lines.length - 1, 0, ...ended([...gap, `[${section}]`, ...added])).join('\n')
}

/** What a line has before its line feed, as the first one has it. */
function lineEnd(text: string): string {
  return /^[^\n]*\r\n/.test(text) ? '\r' : ''
}
