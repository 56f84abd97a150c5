import type { AliasEntry } from '../conf/alias-file.js'
import type { Maybe } from '../maybe.js'
import type { LocalDomain } from './domains.js'
import { Unavailable, type Run } from './run.js'
import type { AliasFile, AliasLookup } from './tables.js'

/** The first alias file or table, in look-up order, that has the name wins (R8). */
export function findAlias(run: Run, local: string, domain: LocalDomain): Maybe<AliasEntry | undefined> {
  return firstIn(tablesOf(run, domain), 0, (table) => table.find(local, domain.name, run.doubt))
}

/** Keys `*` and `prefix*`, longest first; asked only when no user has the name (R9). */
export function findCatchAll(run: Run, local: string, domain: LocalDomain): Maybe<AliasEntry | undefined> {
  return firstIn(tablesOf(run, domain), 0, (table) => table.findPrefix(local, domain.name, run.doubt))
}

function tablesOf({ tables }: Run, { name }: LocalDomain): readonly AliasFile[] {
  return tables.aliases.get(name) ?? []
}

function firstIn(
  files: readonly AliasFile[],
  from: number,
  find: (table: AliasLookup) => Maybe<AliasEntry | undefined>,
): Maybe<AliasEntry | undefined> {
  for (let at = from; at < files.length; at++) {
    const file = files[at]
    if (file === undefined) break
    // The name may be in there: "no such user" would be a guess.
    if (!file.readable) throw new Unavailable(`the alias file ${file.label} could not be read`)
    const found = find(file.table)
    // Only a table in Redis has to be waited for.
    if (found instanceof Promise) {
      return found.then((entry) => (entry === undefined ? firstIn(files, at + 1, find) : whole(entry)))
    }
    if (found !== undefined) return whole(found)
  }
  return undefined
}

function whole(entry: AliasEntry): AliasEntry {
  if (entry.missing !== undefined)
    throw new Unavailable(`the list ${entry.missing} of alias ${entry.key} could not be read`)
  return entry
}
