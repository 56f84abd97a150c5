/**
 * The addresses in the value of a To or Cc field (RFC 5322 3.4), without names, comments and group names. It looks for addresses
 * and does not judge: from a malformed list come words that are no address. The cost is linear in the text.
 */
export function addressesIn(value: string): string[] {
  const found: string[] = []
  /** What stands between angle brackets; undefined outside of them. */
  let inside: string | undefined
  let outside = ''
  let hadBrackets = false

  const take = (text: string): void => {
    if (inside === undefined) outside += text
    else inside += text
  }
  const endMailbox = (): void => {
    const bare = outside.trim()
    if (!hadBrackets && bare !== '') found.push(bare)
    outside = ''
    hadBrackets = false
  }

  for (let at = 0; at < value.length; at++) {
    const character = value.charAt(at)
    if (character === '(') {
      at = endOfComment(value, at)
    } else if (character === '"') {
      const end = endOfQuoted(value, at)
      take(value.slice(at, end + 1))
      at = end
    } else if (character === '<') {
      inside = ''
      hadBrackets = true
    } else if (character === '>') {
      if (inside !== undefined && inside.trim() !== '') found.push(inside.trim())
      inside = undefined
    } else if (character === ':') {
      // The name of a group, or a source route.
      if (inside === undefined) outside = ''
      else inside = ''
    } else if (inside === undefined && (character === ',' || character === ';')) {
      endMailbox()
    } else {
      take(character)
    }
  }
  endMailbox()
  return found
}

/** The place of the bracket that ends the comment, or the end of the text. Comments nest. */
function endOfComment(text: string, start: number): number {
  let depth = 0
  for (let at = start; at < text.length; at++) {
    const character = text.charAt(at)
    if (character === '\\') at++
    else if (character === '(') depth++
    else if (character === ')' && --depth === 0) return at
  }
  return text.length
}

function endOfQuoted(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    const character = text.charAt(at)
    if (character === '\\') at++
    else if (character === '"') return at
  }
  return text.length
}

/** The text without comments (RFC 5322 3.2.2). */
export function withoutComments(text: string): string {
  let kept = ''
  for (let at = 0; at < text.length; at++) {
    if (text.charAt(at) === '(') at = endOfComment(text, at)
    else kept += text.charAt(at)
  }
  return kept
}
