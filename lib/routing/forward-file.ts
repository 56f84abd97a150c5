import path from 'node:path'
import type { MapPath } from '../conf/paths.js'
import type { UserRecord } from '../directory/types.js'
import { parseDestination, type Written } from '../conf/destination.js'
import { splitDestinations } from '../conf/destination-list.js'

/** Destinations one forward file may have; a user's file must not become a mailing list of any size. */
const MAX_ITEMS = 1000

/** Problems reported of one file; each is a line in the log at every message. */
const MAX_PROBLEMS = 10

/**
 * The one file that is consulted (manual, "When DSMTP uses .forward" and ".fwd"): `<home>/.forward` when all four
 * conditions hold, with no fall-back (R14); else `<drop file>.fwd`.
 */
export function forwardFilePath(usesDotForward: boolean, user: UserRecord, dropFile: string): string {
  return usesDotForward && user.home !== undefined ? path.join(user.home, '.forward') : `${dropFile}.fwd`
}

export interface ForwardFileItem {
  readonly written: Written
  readonly line: number
}

export interface ForwardFile {
  readonly items: readonly ForwardFileItem[]
  /** What could not be used, for the trace. */
  readonly problems: readonly { readonly line: number; readonly message: string }[]
}

/** Reads a forward file (R12): one destination per line or comma separated, `#` comments. */
export function parseForwardFile(text: string, mapPath: MapPath): ForwardFile {
  const items: ForwardFileItem[] = []
  const problems: { line: number; message: string }[] = []
  const add = (line: number, message: string): void => {
    if (problems.length < MAX_PROBLEMS) problems.push({ line, message })
  }
  for (const [index, content] of text.split(/\r\n|\n|\r/).entries()) {
    const line = index + 1
    const trimmed = content.trim()
    if (trimmed === '' || trimmed.startsWith('#')) continue
    for (const { text: item } of splitDestinations(trimmed)) {
      if (items.length >= MAX_ITEMS) {
        add(line, `more than ${MAX_ITEMS} destinations`)
        return { items, problems }
      }
      const written = parseDestination(item, 'forward-file', mapPath)
      if (written.kind === 'bad') add(line, written.message)
      else items.push({ written, line })
    }
  }
  return { items, problems }
}

/** True when `file`, a full path, lies below one of the folders (R16); nothing does when there are none. */
export function isBelow(file: string, roots: readonly string[]): boolean {
  // A bare program name (D11) would be taken from wherever this process happens to be.
  if (!path.isAbsolute(file)) return false
  return roots.some((root) => {
    const relative = path.relative(root, file)
    return relative !== '' && relative !== '..' && !relative.startsWith(`..${path.sep}`) && !path.isAbsolute(relative)
  })
}
