import { existsSync } from 'node:fs'
import path from 'node:path'
import type { Address } from '../address.js'
import { decodeText, readRegularFile } from '../conf/read-file.js'
import { parseTextFile, type TextFile } from './text-file.js'

/** A text for more than a page is a mistake. */
export const MAX_TEXT = 64 * 1024

export type FoundText =
  | { readonly file: string; readonly text: TextFile }
  /** Nobody wrote one for this user. */
  | { readonly none: true }
  /** Each a line for the operator, with the file and where in it. */
  | { readonly faults: readonly string[] }

/**
 * Finds the text for a user: in the directory `texts` a file of his address, `bob@domain1.com.txt`, or of his name, `bob.txt`; else
 * the file `text`. Files may be their users' own, so links are not followed.
 */
export async function findText(
  user: Address,
  { text, texts }: { readonly text: string | undefined; readonly texts: string | undefined },
): Promise<FoundText> {
  for (const file of texts === undefined ? [] : filesOf(user, texts)) {
    const found = await readText(file)
    if (!('none' in found)) return found
  }
  if (texts !== undefined && !existsSync(texts)) return { faults: [`${texts} does not exist (--texts)`] }
  if (text === undefined) return { none: true }
  const found = await readText(text)
  return 'none' in found ? { faults: [`${text} does not exist`] } : found
}

/** U8: a name of strangers becomes part of a path. */
function filesOf(user: Address, directory: string): string[] {
  const at = user.key.lastIndexOf('@')
  const names = [user.key, user.key.slice(0, at)]
  return names
    .filter((name) => /^[^./\\\0-][^/\\\0]*$/.test(name) && !name.includes('..') && name.length <= 200)
    .map((name) => path.join(directory, `${name}.txt`))
}

async function readText(file: string): Promise<FoundText> {
  const content = await readRegularFile(file, MAX_TEXT, { own: true })
  if (!content.ok) return content.missing ? { none: true } : { faults: [`${content.message} (${content.hint})`] }
  const parsed = parseTextFile(decodeText(content.data))
  return parsed.ok
    ? { file, text: parsed.value }
    : { faults: parsed.faults.map(({ line, message }) => `${file}:${line} ${message}`) }
}
