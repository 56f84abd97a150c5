import type { AliasEntry, AliasTable } from '../conf/alias-file.js'
import type { LocalDomain } from './domains.js'
import { Unavailable } from './run.js'
import type { Tables } from './tables.js'

/** The first alias file, in look-up order, that has the name wins (R8). */
export function findAlias(tables: Tables, local: string, domain: LocalDomain): AliasEntry | undefined {
  return firstIn(tables, domain, (table) => table.find(local, domain.name))
}

/** Keys `*` and `prefix*`, longest first; asked only when no user has the name (R9). */
export function findCatchAll(tables: Tables, local: string, domain: LocalDomain): AliasEntry | undefined {
  return firstIn(tables, domain, (table) => table.findPrefix(local, domain.name))
}

function firstIn(
  tables: Tables,
  domain: LocalDomain,
  find: (table: AliasTable) => AliasEntry | undefined,
): AliasEntry | undefined {
  for (const { label, readable, table } of tables.aliases.get(domain.name) ?? []) {
    // The name may be in there: "no such user" would be a guess.
    if (!readable) throw new Unavailable(`the alias file ${label} could not be read`)
    const entry = find(table)
    if (entry?.missing !== undefined)
      throw new Unavailable(`the list ${entry.missing} of alias ${entry.key} could not be read`)
    if (entry !== undefined) return entry
  }
  return undefined
}
