import { isUtf8 } from 'node:buffer'
import type { Readable } from 'node:stream'

/** The header section of a message. Names in lower case, values unfolded. */
export interface MessageHead {
  /** The values of all fields of that name, in order. */
  readonly all: (name: string) => readonly string[]
  readonly names: readonly string[]
  /** False where it was longer than anybody's, and its end is not known. */
  readonly whole: boolean
}

/** Longer than any that is seen; what lies behind it is not looked at. */
export const MAX_HEAD = 256 * 1024

const END = /\n\r?\n/

/** Reads the header section, and lets go of the rest: a robot that does not take its message is a fault (D9). */
export async function readHead(message: Readable): Promise<MessageHead> {
  // Latin-1, so that a character is a byte.
  let text = ''
  let done = false
  for await (const chunk of message) {
    if (done) continue
    text += (chunk as Buffer).toString('latin1')
    done = text.length > MAX_HEAD || END.test(text)
  }
  const end = END.exec(text)?.index
  if (end === undefined) return parseHead(text.slice(0, MAX_HEAD), text.length <= MAX_HEAD)
  return parseHead(text.slice(0, end + 1), end <= MAX_HEAD)
}

/** Takes a header section apart, one character a byte. Lines that are no field are left out; so is the `From ` line of an mbox. */
export function parseHead(text: string, whole = true): MessageHead {
  const fields: { readonly name: string; value: string }[] = []
  let current: { value: string } | undefined
  for (const line of text.split(/\r?\n/)) {
    if (/^[ \t]/.test(line)) {
      if (current !== undefined) current.value += line
      continue
    }
    const [, name, value] = /^([!-9;-~]+)[ \t]*:(.*)$/s.exec(line) ?? []
    current = undefined
    if (name === undefined || value === undefined) continue
    const field = { name: name.toLowerCase(), value }
    fields.push(field)
    current = field
  }
  const byName = new Map<string, string[]>()
  for (const { name, value } of fields) {
    const values = byName.get(name) ?? []
    values.push(textOf(value).trim())
    byName.set(name, values)
  }
  return { all: (name) => byName.get(name.toLowerCase()) ?? [], names: [...byName.keys()], whole }
}

/** RFC 6532 has UTF-8 in fields; other bytes are taken for Latin-1. */
function textOf(bytes: string): string {
  const buffer = Buffer.from(bytes, 'latin1')
  return isUtf8(buffer) ? buffer.toString('utf8') : bytes
}
