import { readFileSync } from 'node:fs'
import { PATIENCE_MS } from './wait.js'

/** One message of a drop file. Line ends are LF, `>From ` quoting of the body is undone. */
export interface MboxMessage {
  /** The whole `From ` line. */
  readonly fromLine: string
  /** Its sender: an address or `MAILER-DAEMON`. */
  readonly sender: string
  /** Names as written and unfolded values, in order. */
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: string
  /** The value of the first header of that name, any case. */
  header(name: string): string | undefined
  /** The values of all headers of that name. */
  all(name: string): string[]
}

const DAYS = 'Sun|Mon|Tue|Wed|Thu|Fri|Sat'
const MONTHS = 'Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec'
// D1: `From <sender> Www Mmm DD HH:MM:SS YYYY`, day zero padded.
const FROM_LINE = new RegExp(`^From (\\S.*) (?:${DAYS}) (?:${MONTHS}) \\d\\d \\d\\d:\\d\\d:\\d\\d \\d{4}$`)

/** Reads a drop file; a file that is not there is an empty one. Throws where it is not an mbox as D1 says. */
export function readMbox(file: string, dialect?: 'mboxrd' | 'mboxo'): MboxMessage[] {
  let content: Buffer
  try {
    content = readFileSync(file)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw error
  }
  return parseMbox(content.toString(), dialect)
}

/** A lock that is held for longer is a test's, or its holder waits for the disk: what is whole then stays. */
const LOCK_MS = 1000

/**
 * Reads a drop file as a mail program does: not while somebody has its dot-lock, since what is being written is not whole and
 * may be cut back. Behind a lock of this process nobody writes.
 */
export function readQuietMbox(file: string): MboxMessage[] {
  const begun = performance.now()
  const passed = (): number => performance.now() - begun
  for (;;) {
    while (isLocked(file) && passed() < LOCK_MS) pause()
    try {
      const messages = readMbox(file)
      // One that came meanwhile may have begun to write.
      if (!isLocked(file) || passed() >= LOCK_MS) return messages
    } catch (error) {
      if (passed() >= PATIENCE_MS) throw error
      pause()
    }
  }
}

function isLocked(file: string): boolean {
  try {
    return readFileSync(`${file}.lock`, 'latin1').split('\n')[0] !== String(process.pid)
  } catch {
    return false
  }
}

function pause(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2)
}

/**
 * Splits an mbox. Strict, because a lenient reader hides a writer's faults: the file starts with a `From ` line and
 * ends with a line feed, has no CR before a line feed, has a blank line before each further `From ` line, and an
 * unquoted `From ` anywhere else is an error, as is a message without headers.
 */
export function parseMbox(content: string, dialect: 'mboxrd' | 'mboxo' = 'mboxrd'): MboxMessage[] {
  if (content === '') return []
  if (!content.endsWith('\n')) throw new Error('the mbox does not end with a line feed')
  const lines = content.slice(0, -1).split('\n')
  const starts: number[] = []
  for (const [at, line] of lines.entries()) {
    if (line.endsWith('\r')) throw new Error(`line ${at + 1} ends with CR LF: ${line}`)
    if (!line.startsWith('From ')) continue
    if (!FROM_LINE.test(line)) throw new Error(`line ${at + 1} is an unquoted or malformed From line: ${line}`)
    if (at > 0 && lines[at - 1] !== '') throw new Error(`no blank line before the From line ${at + 1}: ${line}`)
    starts.push(at)
  }
  if (starts[0] !== 0) throw new Error(`the mbox does not start with a From line: ${lines[0] ?? ''}`)
  return starts.map((start, n) => parseMessage(lines.slice(start, starts[n + 1]), start + 1, dialect))
}

function parseMessage(lines: readonly string[], firstLine: number, dialect: 'mboxrd' | 'mboxo'): MboxMessage {
  const [fromLine = '', ...rest] = lines
  // The blank line before the next From line belongs to neither message; a writer may leave it at the end of the file.
  const content = rest.at(-1) === '' ? rest.slice(0, -1) : rest
  const blank = content.indexOf('')
  const head = blank === -1 ? content : content.slice(0, blank)
  const bodyLines = blank === -1 ? [] : content.slice(blank + 1)
  const headers = parseHeaders(head, firstLine)
  const quoted = dialect === 'mboxrd' ? /^>(?=>*From )/ : /^>(?=From )/

  function all(name: string): string[] {
    return headers.filter(([each]) => each.toLowerCase() === name.toLowerCase()).map(([, value]) => value)
  }
  return {
    fromLine,
    sender: FROM_LINE.exec(fromLine)?.[1] ?? '',
    headers,
    body: bodyLines.map((line) => `${line.replace(quoted, '')}\n`).join(''),
    header: (name) => all(name)[0],
    all,
  }
}

function parseHeaders(lines: readonly string[], firstLine: number): [string, string][] {
  const headers: [string, string][] = []
  for (const [at, line] of lines.entries()) {
    const last = headers.at(-1)
    const [, name, value] = /^([!-9;-~]+):[ \t]*(.*)$/s.exec(line) ?? []
    if (/^[ \t]/.test(line) && last !== undefined) last[1] += line
    else if (name !== undefined && value !== undefined) headers.push([name, value])
    else throw new Error(`line ${firstLine + 1 + at} is no header: ${line}`)
  }
  if (headers.length === 0) throw new Error(`the message at line ${firstLine} has no headers`)
  return headers
}
