import path from 'node:path'
import type { MapPath } from '../conf/paths.js'
import type { UserRecord } from '../directory/types.js'
import { parseDestination, splitDestinations, type Written } from './destination.js'

/** Destinations one forward file may have; a user's file must not become a mailing list of any size. */
const MAX_ITEMS = 1000

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
  text.split(/\r\n|\n|\r/).forEach((content, index) => {
    const line = index + 1
    const trimmed = content.trim()
    if (trimmed === '' || trimmed.startsWith('#')) return
    for (const { text: item } of splitDestinations(trimmed)) {
      if (items.length >= MAX_ITEMS) {
        problems.push({ line, message: `more than ${MAX_ITEMS} destinations` })
        return
      }
      const written = parseDestination(item, 'forward-file', mapPath)
      if (written.kind === 'bad') problems.push({ line, message: written.message })
      else items.push({ written, line })
    }
  })
  return { items, problems }
}

/** True when `file` lies below one of the folders (R16); nothing does when there are none. */
export function isBelow(file: string, roots: readonly string[]): boolean {
  return roots.some((root) => {
    const relative = path.relative(root, file)
    return relative !== '' && relative !== '..' && !relative.startsWith(`..${path.sep}`) && !path.isAbsolute(relative)
  })
}
