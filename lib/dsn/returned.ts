import type { MessageSource } from '../delivery/types.js'
import type { Returned } from './report.js'

/** Most of a header section that a report holds, bytes. */
const MAX_HEADERS = 64 * 1024

const END_OF_HEADERS = '\r\n\r\n'

/** The suite writes one in front of a copy each time it forwards it (R15); their values are where the sender's mail went. */
const OUR_LINES = /^(?:Delivered-To:[^\n]*\n)+/i

/**
 * What a report holds of the message it is about (N2): all of it up to `maxBytes`, or its header section. Cut at a line
 * end.
 */
export async function readReturned(message: MessageSource, whole: boolean, maxBytes: number): Promise<Returned> {
  const limit = whole ? maxBytes : MAX_HEADERS
  // Latin-1, so that a character is a byte.
  const { text, more } = await readUpTo(message, limit + 4096, (sofar) => !whole && /\r?\n\r?\n/.test(sofar))
  const own = text.replace(/\r?\n/g, '\r\n').replace(OUR_LINES, '')
  const end = endOfHeaders(own)
  const headers = end < 0 ? own : own.slice(0, end)
  const wanted = whole ? own : headers
  const cut = wanted.length > limit || (more && (whole || end < 0))
  const kept = cut ? wanted.slice(0, wanted.lastIndexOf('\n', limit - 1) + 1) : wanted
  return { kind: whole ? 'message' : 'headers', content: Buffer.from(kept, 'latin1'), cut }
}

/** The value of a header field in a header section, unfolded; undefined where it has none. For a person: at most 500 characters. */
export function fieldOf(headers: Buffer, name: string): string | undefined {
  const section = headers.toString('utf8').split(END_OF_HEADERS)[0] ?? ''
  const prefix = `${name.toLowerCase()}:`
  const field = section.split(/\r?\n(?![ \t])/).find((each) => each.toLowerCase().startsWith(prefix))
  if (field === undefined) return undefined
  const value = field
    .slice(prefix.length)
    .replace(/\s*\r?\n\s*/g, ' ')
    .trim()
  return value === '' ? undefined : value.slice(0, 500)
}

/** Where the blank line begins; it may be the first line. */
function endOfHeaders(text: string): number {
  if (text.startsWith('\r\n')) return 0
  const at = text.indexOf(END_OF_HEADERS)
  return at < 0 ? at : at + 2
}

async function readUpTo(
  message: MessageSource,
  bytes: number,
  enough: (text: string) => boolean,
): Promise<{ readonly text: string; readonly more: boolean }> {
  let text = ''
  for await (const chunk of message.open()) {
    text += (chunk as Buffer).toString('latin1')
    if (text.length > bytes) return { text: text.slice(0, bytes), more: true }
    if (enough(text)) return { text, more: true }
  }
  return { text, more: false }
}
