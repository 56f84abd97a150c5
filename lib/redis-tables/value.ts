import type { AliasEntry, AliasItem } from '../conf/alias-file.js'
import type { MapPath } from '../conf/paths.js'
import type { At } from '../conf/problem.js'
import { formatWritten, parseDestination, type Written } from '../conf/destination.js'
import { splitDestinations } from '../conf/destination-list.js'

/** The value of a field as an entry, or why it is none. */
export type ReadValue =
  | { readonly ok: true; readonly entry: AliasEntry }
  | { readonly ok: false; readonly message: string; readonly hint: string }

/** A place in a table, for messages and traces: `redis:aliases:example.com[sales]`. */
export function placeIn(table: string, field: string): At {
  return { file: `${table}[${field}]`, line: 0 }
}

/** How a message calls a list that cannot be used. */
export const NO_INCLUDE = {
  message: ':include: is not followed from a table in Redis',
  hint: 'write the destinations of the list in its place',
}

/**
 * Reads the right side of an entry. Unlike a line of a file it is good as a whole or not at all: nobody was there to be told of a bad
 * half when it came into force.
 */
export function readValue(table: string, field: string, value: string, mapPath: MapPath): ReadValue {
  const at = placeIn(table, field)
  const items: AliasItem[] = []
  for (const { text } of splitDestinations(value.replace(/[\r\n]+/g, ' '))) {
    const written = text.includes('\0') ? NUL : parseDestination(text, 'alias', mapPath)
    if (written.kind === 'bad') return { ok: false, message: written.message, hint: written.hint }
    if (written.kind === 'include') return { ok: false, ...NO_INCLUDE }
    items.push({ written, at })
  }
  if (items.length === 0)
    return { ok: false, message: 'there is no destination', hint: 'name one, or remove the field' }
  return { ok: true, entry: { key: field, items, missing: undefined } }
}

const NUL = { kind: 'bad', message: 'the value holds a NUL byte', hint: 'is it text?' } as const

/** Destinations as a value; undefined where they cannot be written so that they are read again. */
export function writeValue(items: readonly Written[], mapPath: MapPath): string | undefined {
  const value = items.map(grouped).join(', ')
  // Plain names and addresses are not read twice: there are millions of them.
  if (PLAIN.test(value) && items.every(({ kind }) => PLAIN_KINDS.has(kind))) return value
  const read = readValue('', '', value, mapPath)
  if (!read.ok || read.entry.items.length !== items.length) return undefined
  const same = read.entry.items.every(({ written }, at) => isSame(written, items[at]))
  return same ? value : undefined
}

const PLAIN = /^[A-Za-z0-9@.,_+$ -]+$/
const PLAIN_KINDS: ReadonlySet<Written['kind']> = new Set(['address', 'user', 'self'])

/** A destination in the quotes it needs in a list. */
function grouped(written: Written): string {
  const text = formatWritten(written)
  return written.kind === 'file' && /[\s,"]/.test(text) ? `"${text}"` : text
}

function isSame(one: Written, other: Written | undefined): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}

/** True where two lists of destinations say the same. */
export function sameDestinations(one: readonly AliasItem[], other: readonly AliasItem[]): boolean {
  return one.length === other.length && one.every(({ written }, at) => isSame(written, other[at]?.written))
}
