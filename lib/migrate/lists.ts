import path from 'node:path'
import { decodeText, readRegularFile } from '../conf/read-file.js'
import { readDomain } from '../conf/value-mail.js'
import { findCase } from './find-prefixes.js'
import type { ListAddress } from './types.js'

const MAX_BYTES = 16 * 1024 * 1024

/**
 * The addresses that DList owned, from its lists.dat (semantics 12.3): `list <name>` opens a block, `domain` in it overrides the
 * domain of all; each list had an address to post to and one for commands. `label` is how messages call the file.
 */
export function parseLists(text: string, label: string, usualDomain: string): ListAddress[] {
  const lists: { readonly name: string; readonly line: number; domain: string }[] = []
  for (const [index, source] of text.split('\n').entries()) {
    const [, setting = '', value = ''] = /^\s*([^\s#]\S*)\s*(.*?)\s*$/.exec(source) ?? []
    const [word = ''] = value.split(/\s+/)
    if (setting.toLowerCase() === 'list' && word !== '')
      lists.push({ name: word, line: index + 1, domain: usualDomain })
    const last = lists.at(-1)
    const domain = setting.toLowerCase() === 'domain' ? readDomain(word) : undefined
    if (last !== undefined && domain !== undefined) last.domain = domain
  }
  return lists.flatMap(({ name, line, domain }) =>
    ['', '-request'].map((end) => ({
      address: `${name.toLowerCase()}${end}@${domain}`,
      list: name,
      at: { file: label, line },
    })),
  )
}

export interface FoundLists {
  readonly lists: readonly ListAddress[]
  /** The file, or the directory it should lie in where it cannot be read. */
  readonly file: string
  readonly missing: string | undefined
}

/** Reads lists.dat of the directory that dlist_path names. */
export async function readLists(directory: string, usualDomain: string): Promise<FoundLists> {
  const file = (await findCase(directory, ['lists.dat'])) ?? path.join(directory, 'lists.dat')
  const content = await readRegularFile(file, MAX_BYTES)
  if (!content.ok) return { lists: [], file, missing: content.message }
  return { lists: parseLists(decodeText(content.data), file, usualDomain), file, missing: undefined }
}
