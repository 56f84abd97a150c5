import { randomBytes } from 'node:crypto'
import {
  InappropriateAuthError,
  InvalidCredentialsError,
  SizeLimitExceededError,
  type Client,
  type Entry,
} from 'ldapts'
import { foldLocal } from '../lib/address.js'
import { compileWildcard, hasWildcard } from '../lib/conf/wildcard.js'
import { connectLdap, type LdapConnection } from './ldap-connection.js'
import { lookupFilter, searchFilter } from './ldap-filter.js'
import type { LdapSettings } from './ldap-settings.js'
import { Unable, type SearchRange, type User, type UserSource } from './source.js'

/** Look-ups under way at once, on one connection. */
const WIDTH = 8
const PAGE = 500

/** Users of an LDAP directory. Read only: who may change it, and how, is the directory's own affair. */
export function ldapSource(settings: LdapSettings): UserSource {
  const { base, scope, filter, nameAttribute, dropAttribute, fields } = settings
  const attributes = [nameAttribute, ...(dropAttribute === '' ? [] : [dropAttribute]), ...fields.values()]
  let opening: Promise<LdapConnection> | undefined

  function connection(): Promise<LdapConnection> {
    opening ??= connectLdap(settings, settings.bindDn, settings.bindPassword)
    return opening
  }

  /** Asks on the connection there is; where it turns out to have ended, once more on a new one. */
  async function ask<T>(question: (client: Client) => Promise<T>): Promise<T> {
    for (let again = opening !== undefined; ; again = false) {
      const used = connection()
      let link: LdapConnection | undefined
      try {
        link = await used
        if (link.isOpen()) return await question(link.client)
        if (!again) throw new Error('the LDAP server ends every connection')
      } catch (error) {
        if (link?.isOpen() === true) throw unable(error)
        if (!again) {
          forget(used)
          throw unable(error)
        }
      }
      forget(used)
    }
  }

  function forget(used: Promise<LdapConnection>): void {
    if (opening === used) opening = undefined
  }

  async function find(name: string): Promise<Entry | undefined> {
    const options = { scope, attributes, filter: lookupFilter(filter, name), sizeLimit: 2 }
    const found = await ask(async (client) => {
      try {
        return (await client.search(base, options)).searchEntries
      } catch (error) {
        if (error instanceof SizeLimitExceededError) return 'too many'
        throw error
      }
    })
    if (found === 'too many' || found.length > 1) throw new Unable('more than one entry of the directory has this name')
    return found[0]
  }

  function asUser(entry: Entry, asked?: string): User {
    const values = valuesOf(entry)
    const names = values(nameAttribute)
    const folded = names.map(foldLocal)
    const name = asked !== undefined && folded.includes(foldLocal(asked)) ? foldLocal(asked) : folded[0]
    if (name === undefined) throw new Unable(`the entry has no ${nameAttribute}`)
    const info = [...fields].map(([label, attribute]): [string, string] => [
      label.toLowerCase(),
      values(attribute).join(','),
    ])
    const dropFile = dropAttribute === '' ? undefined : values(dropAttribute)[0]
    return { name, fields: new Map(info.filter(([, value]) => value !== '')), ...(dropFile ? { dropFile } : {}) }
  }

  /** True if the server lets this entry in with this password. */
  async function mayBind(dn: string, password: string): Promise<boolean> {
    try {
      const link = await connectLdap(settings, dn, password)
      link.close()
      return true
    } catch (error) {
      if (error instanceof InvalidCredentialsError || error instanceof InappropriateAuthError) return false
      throw unable(error)
    }
  }

  async function search(pattern: string, { from, max }: SearchRange): Promise<User[]> {
    const options = { scope, attributes, filter: searchFilter(filter, pattern), paged: { pageSize: PAGE } }
    const matches = compileWildcard(hasWildcard(pattern) ? pattern : `*${pattern}*`)
    return ask(async (client) => {
      const found: User[] = []
      for await (const { searchEntries } of client.searchPaginated(base, options)) {
        found.push(...searchEntries.map((entry) => asUser(entry)).filter(({ name }) => matches(name)))
        if (found.length >= from + max) break
      }
      return found.slice(from, from + max)
    })
  }

  return {
    title: 'ldap',
    width: WIDTH,
    async lookup(name) {
      const entry = await find(name)
      return entry === undefined ? undefined : asUser(entry, name)
    },
    async check(name, password) {
      // A bind without a password succeeds for everybody (RFC 4513 section 5.1.2).
      if (password === '') return undefined
      const entry = await find(name)
      // One more bind for an unknown user too, as somebody who is not there.
      const dn = entry?.dn ?? `cn=${randomBytes(8).toString('hex')},${base}`
      return (await mayBind(dn, password)) && entry !== undefined ? asUser(entry, name) : undefined
    },
    search,
    async close() {
      const last = opening
      opening = undefined
      await last?.then(
        (link) => {
          link.close()
        },
        () => undefined,
      )
    },
  }
}

/** Values by attribute name, whose case is not the server's to keep. */
function valuesOf(entry: Entry): (attribute: string) => string[] {
  const byName = new Map(Object.entries(entry).map(([name, value]) => [name.toLowerCase(), value]))
  return (attribute) => {
    const value = byName.get(attribute.toLowerCase()) ?? []
    return (Array.isArray(value) ? value : [value]).map((each) => {
      if (typeof each !== 'string') throw new Unable(`the attribute ${attribute} has binary data`)
      return each
    })
  }
}

function unable(error: unknown): Unable {
  return error instanceof Unable ? error : new Unable('the directory cannot be asked just now', { cause: error })
}
