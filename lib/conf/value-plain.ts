import { parseDestination } from './destination.js'
import { bad, good, quotable, type Parsed, type ValueContext, type ValueParser, type ValueByKind } from './value.js'

/** Semantics 1: booleans are written true / false; any case (C1). */
export const parseBool: ValueParser<boolean> = quotable((text, { name }) => {
  const lower = text.toLowerCase()
  if (lower === 'true' || lower === 'false') return good(lower === 'true')
  return bad(`"${text}" is neither true nor false`, `write "${name} true" or "${name} false"`)
})

export const parseInt10: ValueParser<number> = quotable((text, { name, min = 0, max = Number.MAX_SAFE_INTEGER }) => {
  const number = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN
  if (number >= min && number <= max) return good(number)
  const range = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`
  return bad(`"${text}" is not a whole number ${range}`, `${name} takes one number and nothing after it`)
})

export const parseWord: ValueParser<string> = quotable((text, { name }) =>
  /[ \t]/.test(text)
    ? bad(`"${text}" is more than one word`, `${name} takes one word and nothing after it`)
    : good(text),
)

export const parseText: ValueParser<string> = (text) => good(text)

export const parsePath: ValueParser<string> = quotable((text, { mapPath }) => {
  const mapped = mapPath(text)
  return mapped.ok ? good(mapped.path) : bad(mapped.message, mapped.hint)
})

/**
 * A command line: an argument vector for spawn, never a shell. Quoted by C9 like a robot; where the first quote inside
 * closes a word (`"c:\my programs\auth.exe" "two words"`) the outer quotes are no pair and stay.
 */
export function parseCommand(text: string, { name, mapPath }: ValueContext): Parsed<readonly [string, ...string[]]> {
  const outer = text.length > 1 && text.startsWith('"') && text.endsWith('"')
  const inner = text.slice(1, -1)
  const command = outer && !/^[^"]*[^\s"]"(?=[ \t])/.test(inner) ? inner.trim() : text
  const program = command.startsWith('|') ? command.slice(1) : command
  if (program.trim() === '') return bad('the command is empty', `name the program ${name} shall start`)
  const written = parseDestination(`|${program}`, 'forward', mapPath)
  if (written.kind === 'robot') return good(written.argv)
  return written.kind === 'bad'
    ? bad(written.message, written.hint)
    : bad(`"${text}" is not a command`, 'name a program and its arguments')
}

/** U7: nt_user cannot be carried over. */
export const parseAuthentMethod: ValueParser<ValueByKind['authent-method']> = quotable<ValueByKind['authent-method']>(
  (text) => {
    const lower = text.toLowerCase()
    if (lower === 'unix_user' || lower === 'external') return good(lower)
    if (lower === 'nt_user') {
      return bad(
        'nt_user needs the account database of Windows NT',
        'use "authent_method unix_user" (passwd, LDAP or SSSD through getent) or "authent_method external" with a module',
      )
    }
    return bad(`"${text}" is not an authentication method`, 'use unix_user or external')
  },
)

/** D6: methods 1 and 2 are ours; the legacy hash function is not known. */
export const parseHashSpool: ValueParser<ValueByKind['hash-spool']> = quotable<ValueByKind['hash-spool']>(
  (text, { name }) => {
    const lower = text.toLowerCase()
    if (lower === 'scan') return good('scan')
    if (lower === '0') return good(0)
    if (lower === '1' || lower === '2') {
      return good(lower === '1' ? 1 : 2, {
        message: `${name} ${lower} places drop files by their first letters, which is not where DMail put them`,
        hint: `for a directory tree that DMail wrote use "${name} scan"`,
        offset: 0,
      })
    }
    return bad(`"${text}" is not a way of hashing`, `${name} takes 0, 1, 2 or scan`)
  },
)
