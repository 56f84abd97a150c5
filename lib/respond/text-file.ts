import { parseDuration } from '../conf/forms.js'
import { parseMoment } from '../conf/moment.js'
import { hasWildcard, splitPatternList } from '../conf/wildcard.js'
import { parseAddress } from '../address.js'
import { MAX_EVERY_MS, MIN_EVERY_MS, parseAuthor, type Author, type WrittenMoment } from './settings.js'

/** What a text file says; what it does not say is undefined. */
export interface TextFile {
  readonly subject: string | undefined
  readonly from: Author | undefined
  readonly start: WrittenMoment | undefined
  readonly end: WrittenMoment | undefined
  readonly everyMs: number | undefined
  /** A comma list, patterns among them. */
  readonly addresses: string | undefined
  /** Lines end with LF; the last one too. */
  readonly body: string
}

/** What is wrong with a text file, and in which line. */
export interface TextFault {
  readonly line: number
  readonly message: string
}

export type ParsedText =
  { readonly ok: true; readonly value: TextFile } | { readonly ok: false; readonly faults: readonly TextFault[] }

/** The value of a field, or what is wrong with it. */
type Read<T> = { readonly value: T } | { readonly fault: string }

const FIELDS = ['subject', 'from', 'start', 'end', 'every', 'addresses'] as const
type FieldName = (typeof FIELDS)[number]

const FIRST_FIELD = new RegExp(`^(?:${FIELDS.join('|')})[ \\t]*:`, 'i')

/**
 * Reads a text file: fields such as `Subject:`, a blank line, the text. Without fields all of it is the text. Whether it begins
 * with fields its first line says.
 */
export function parseTextFile(content: string): ParsedText {
  const lines = content.replace(/\r\n?/g, '\n').split('\n')
  const faults: TextFault[] = []
  const written = new Map<FieldName, { readonly line: number; readonly text: string }>()
  const hasFields = FIRST_FIELD.test(lines[0] ?? '')
  const blank = hasFields ? lines.findIndex((line) => line.trim() === '') : -1
  const end = blank < 0 ? lines.length : blank
  const head = hasFields ? lines.slice(0, end) : []
  const body = hasFields ? lines.slice(end + 1) : lines

  head.forEach((text, at) => {
    const line = at + 1
    const [, name = '', value = ''] = /^([A-Za-z-]+)[ \t]*:(.*)$/.exec(text) ?? []
    const field = FIELDS.find((each) => each === name.toLowerCase())
    if (field === undefined) {
      const message = `"${text.slice(0, 60)}" is no field: there are ${FIELDS.map(titled).join(', ')}; a blank line ends them`
      faults.push({ line, message })
    } else if (written.has(field)) {
      faults.push({ line, message: `${titled(field)} is there twice` })
    } else {
      written.set(field, { line, text: value.trim() })
    }
  })

  function field<T>(name: FieldName, read: (text: string) => Read<T>): T | undefined {
    const found = written.get(name)
    if (found === undefined) return undefined
    const result = read(found.text)
    if ('value' in result) return result.value
    faults.push({ line: found.line, message: `${titled(name)}: ${result.fault}` })
    return undefined
  }

  const value = {
    subject: field('subject', readSubject),
    from: field('from', readAuthor),
    start: field('start', readMoment),
    end: field('end', readMoment),
    everyMs: field('every', readEvery),
    addresses: field('addresses', readAddresses),
    body: `${body.join('\n').replace(/^\n+|\s+$/g, '')}\n`,
  }
  if (value.body === '\n' && faults.length === 0) faults.push({ line: lines.length, message: 'there is no text' })
  if (value.start !== undefined && value.end !== undefined && value.end.endMs <= value.start.ms) {
    faults.push({ line: written.get('end')?.line ?? 1, message: 'End: it is before Start' })
  }
  return faults.length === 0 ? { ok: true, value } : { ok: false, faults: faults.toSorted((a, b) => a.line - b.line) }
}

function titled(name: FieldName): string {
  return `${name.charAt(0).toUpperCase()}${name.slice(1)}`
}

function readSubject(text: string): Read<string> {
  return text === ''
    ? { fault: 'it is empty; leave the line out for "Auto: " and the subject of the message' }
    : { value: text }
}

export function readAuthor(text: string): Read<Author> {
  const value = parseAuthor(text)
  return value === undefined
    ? { fault: `"${text}" is no address: write bob@domain1.com or Bob Smith <bob@domain1.com>` }
    : { value }
}

export function readMoment(text: string): Read<WrittenMoment> {
  const moment = parseMoment(text)
  return moment === undefined
    ? { fault: `"${text}" is no time: write a day (2026-12-24) or a time (2026-12-24T18:00)` }
    : { value: { ...moment, text } }
}

export function readEvery(text: string): Read<number> {
  const value = parseDuration(text)
  return value === undefined || value < MIN_EVERY_MS || value > MAX_EVERY_MS
    ? { fault: `"${text}" is no time from 1h to 366d: write 12h or 7d` }
    : { value }
}

/** A comma list of addresses and patterns. */
export function readAddresses(text: string): Read<string> {
  const entries = splitPatternList(text)
  const wrong = entries.find((entry) => !hasWildcard(entry.text) && parseAddress(entry.text) === undefined)
  if (wrong !== undefined) return { fault: `"${wrong.text}" is no address: write robert@domain1.com or *@domain1.com` }
  return entries.length === 0 ? { fault: 'it is empty' } : { value: text }
}
