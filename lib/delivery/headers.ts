import type { MessageSource } from './types.js'

/** Headers longer than this are not looked at any further. */
const MAX_HEADER_BYTES = 256 * 1024

/** The values of some header fields of a message, unfolded, in order; names in lower case. Reads no more than the headers. */
export async function readHeaders(message: MessageSource, names: readonly string[]): Promise<Map<string, string[]>> {
  const values = new Map<string, string[]>(names.map((name) => [name, []]))
  for (const field of (await headerText(message)).split(/\r?\n(?![ \t])/)) {
    const colon = field.indexOf(':')
    if (colon < 0) continue
    values.get(field.slice(0, colon).trim().toLowerCase())?.push(
      field
        .slice(colon + 1)
        .replace(/\r?\n/g, '')
        .trim(),
    )
  }
  return values
}

async function headerText(message: MessageSource): Promise<string> {
  const stream = message.open()
  let text = ''
  for await (const chunk of stream) {
    text += (chunk as Buffer).toString('latin1')
    const end = /(?:^|\r?\n)\r?\n/.exec(text)
    if (end !== null) return text.slice(0, end.index)
    if (text.length > MAX_HEADER_BYTES) break
  }
  return text
}
