import path from 'node:path'

/** hash_spool of dmail.conf, without `scan` (see drop-tree.ts): how many directory levels lie above a drop file. */
export type HashMethod = 0 | 1 | 2

/** The longest suffix a file beside the drop file gets (`.lock`) must still fit into the 255 bytes of a file name. */
const MAX_NAME_BYTES = 255 - '.lock'.length

/**
 * Last line of defence before a name becomes a path (U8): throws a RangeError for a name that could leave its directory,
 * hide in it, or be taken for somebody's lock or forward file (`bob.lock`, `bob.fwd`).
 */
export function checkDropName(name: string): void {
  const reason = nameFault(name)
  if (reason !== undefined) throw new RangeError(`${JSON.stringify(name)} cannot be a drop file name: ${reason}`)
}

/** Whether a drop file may have that name (see `checkDropName`). */
export function isDropName(name: string): boolean {
  return nameFault(name) === undefined
}

function nameFault(name: string): string | undefined {
  if (name === '') return 'it is empty'
  if (/[/\\]/.test(name)) return 'it has a path separator'
  if (name.includes('..')) return 'it has ".."'
  if (/^[.-]/.test(name)) return 'it begins with "." or "-"'
  // Two names with different lone surrogates would be one file name.
  if (/[\p{Cc}\p{Cs}]/u.test(name)) return 'it has a character that is not text'
  if (/\.(?:lock|fwd)$/i.test(name)) return 'files with this ending belong to other names'
  if (Buffer.byteLength(name) > MAX_NAME_BYTES) return `it is longer than ${MAX_NAME_BYTES} bytes`
  return undefined
}

/**
 * Path of a drop file (D6): method 1 is `<root>/<first>/<name>`, method 2 `<root>/<first>/<second>/<name>`, where first
 * and second are the first characters of the name in lower case, `_` where there is no ASCII letter or digit.
 * Throws as `checkDropName`.
 */
export function hashedPath(root: string, name: string, method: HashMethod): string {
  checkDropName(name)
  const characters = Array.from(name.toLowerCase())
  const levels = [0, 1].slice(0, method).map((at) => {
    const character = characters[at] ?? '_'
    return /^[a-z0-9]$/.test(character) ? character : '_'
  })
  return path.join(root, ...levels, name)
}
