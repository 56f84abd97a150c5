/**
 * Reads an info part, `label="value" label="value"` (semantics 5, decision R11): a value ends at the last quote before
 * the next ` label="` or the end of the text; quotes inside it may be back-slash escaped or left bare, other
 * back-slashes are kept (`fwd="|c:\dmail\drespond"`). Labels come in lower case, a label given twice has its last
 * value, text that is no field is passed over.
 *
 * Returns undefined when a value has no closing quote: half a redirection must not be taken for a whole one.
 */
export function parseFields(info: string): Map<string, string> | undefined {
  const fields = new Map<string, string>()
  let current: { label: string; start: number } | undefined
  for (const match of info.matchAll(/(?:^|[ \t])([^\s"=]+)="/g)) {
    const open = match.index + match[0].length - 1
    if (current !== undefined) {
      const end = info.lastIndexOf('"', match.index)
      // No quote since the value began: this ` label="` stands inside the value.
      if (end < current.start) continue
      fields.set(current.label, unescape(info.slice(current.start, end)))
    }
    current = { label: (match[1] ?? '').toLowerCase(), start: open + 1 }
  }
  if (current === undefined) return fields
  const end = info.lastIndexOf('"')
  if (end < current.start) return undefined
  fields.set(current.label, unescape(info.slice(current.start, end)))
  return fields
}

/**
 * Writes an info part with inner quotes escaped. `parseFields` gives the same fields back, but for a value that has a quote
 * and ends like the start of a field (a blank, a word, `=`): R11 cannot tell that from one.
 */
export function formatFields(fields: ReadonlyMap<string, string>): string {
  return [...fields].map(([label, value]) => `${label}="${value.replaceAll('"', '\\"')}"`).join(' ')
}

function unescape(value: string): string {
  return value.replaceAll('\\"', '"')
}
