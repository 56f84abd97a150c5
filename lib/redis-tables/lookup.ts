import { foldDomain, foldLocal } from '../address.js'
import { parseKey } from '../conf/alias-entry.js'
import type { AliasEntry } from '../conf/alias-file.js'
import { formatKey } from '../conf/alias-index.js'
import type { MapPath } from '../conf/paths.js'
import { errorText } from '../error.js'
import { whenReady, type Maybe } from '../maybe.js'
import type { ForwardLookup } from '../routing/forwards.js'
import { Unavailable } from '../routing/run.js'
import type { AliasLookup, Doubt } from '../routing/tables.js'
import { forwardFields, nameFields, prefixFields } from './fields.js'
import type { Memory } from './memory.js'
import type { TableStore } from './store.js'
import { readValue } from './value.js'

export interface LookupOptions {
  /** `redis:NAME`. */
  readonly table: string
  readonly key: string
  readonly store: Pick<TableStore, 'values' | 'scan'>
  readonly memory: Memory<AliasEntry | undefined>
  readonly mapPath: MapPath
}

/** Aliases by name from a table in Redis: one round trip at most for a question, however many keys may answer it. */
export function aliasLookup(options: LookupOptions): AliasLookup {
  const { table, key, store } = options
  return {
    find: (local, domain, doubt) => {
      const fields = nameFields(foldLocal(local), foldDomain(domain))
      return fields.length === 0 ? undefined : ask(options, `name ${fields.join(' ')}`, () => fields, doubt)
    },
    findPrefix: (local, domain, doubt) => {
      const name = foldLocal(local)
      const at = foldDomain(domain)
      return ask(options, `prefix ${name}@${at}`, () => prefixFields(name, at), doubt)
    },
    async *keys() {
      try {
        for await (const some of store.scan(key)) {
          for (const [field] of some) {
            const read = parseKey(field)
            if (typeof read !== 'string') yield formatKey(read)
          }
        }
      } catch (error) {
        throw new Unavailable(`${table}: ${errorText(error)}`)
      }
    },
  }
}

/** A forward_table: the entry of the address, else that of its domain (`*@domain`), else `*`. */
export function forwardLookup(options: LookupOptions): ForwardLookup {
  return {
    find: ({ local, domain }, doubt) => {
      const name = foldLocal(local)
      return ask(options, `forward ${name}@${domain}`, () => forwardFields(name, domain), doubt)
    },
  }
}

/** The entry of the first field that is there. */
function ask(
  { table, key, store, memory, mapPath }: LookupOptions,
  question: string,
  fieldsOf: () => readonly string[],
  doubt: Doubt,
): Maybe<AliasEntry | undefined> {
  const answer = memory.ask(`${key} ${question}`, async () => {
    const fields = fieldsOf()
    const values = await store.values(key, fields)
    const at = values.findIndex((value) => value !== null)
    const [field, value] = [fields[at], values[at]]
    if (field === undefined || value === undefined || value === null) return undefined
    const read = readValue(table, field, value, mapPath)
    if (!read.ok) throw new Unavailable(`${table}[${field}]: ${read.message}: ${read.hint}`)
    return read.entry
  })
  return whenReady(answer, ({ value, old }) => {
    if (value === undefined && old !== undefined) doubt(`${table}: ${old}`)
    return value
  })
}
