import { execFile } from 'node:child_process'
import { lstat, readdir, stat } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { makeAddress, parseAddress, quoteLocal } from '../address.js'
import { decodeText, readRegularFile } from '../conf/read-file.js'
import { hasWildcard } from '../conf/wildcard.js'
import { isDropName } from '../delivery/drop-path.js'
import { validName } from '../directory/protocol.js'
import type { LocalDomain, NamingRules } from '../routing/domains.js'
import { Unavailable } from '../routing/run.js'
import type { Tables } from '../routing/tables.js'
import type { Loaded } from '../suite/loaded.js'
import { MigrateError } from './plan.js'

const run = promisify(execFile)
const GETENT_MS = 10_000
const MAX_OUTPUT = 256 * 1024 * 1024
const MAX_USER_FILE = 256 * 1024 * 1024
/** Accounts of people; those of the system get mail by aliases. */
const FIRST_UID = 1000
const NOBODY = 65_534

/** An address that the site knows, and how. */
export interface Person {
  readonly address: string
  readonly origin: 'user' | 'drop file' | 'alias' | 'forward' | 'postmaster'
}

/** The drop files of a site: their names, and every place where one of that name lies, by drop directory. */
export type DropFiles = ReadonlyMap<string, ReadonlyMap<string, readonly string[]>>

/** Addresses that are tried; it must end on a site with a million aliases at a hundred domains, too. */
export const MAX_PEOPLE = 100_000

/** Every address that the files of a site name, up to MAX_PEOPLE: users first, then aliases. Keys with wildcards stand for too many. */
export async function peopleOf(loaded: Loaded, tables: Tables, drops: DropFiles, harakaDir: string): Promise<Person[]> {
  const people = new Map<string, Person>()
  const add = (origin: Person['origin'], local: string, domain: string): void => {
    const { key } = makeAddress(local, domain)
    if (people.size < MAX_PEOPLE && !people.has(key))
      people.set(key, { address: `${quoteLocal(local)}@${domain}`, origin })
  }
  const domains = [...new Set(tables.localDomains.values())]
  for (const name of await userNames(loaded, harakaDir)) {
    for (const { local, domain } of addressesOfUser(name, domains, tables.naming)) add('user', local, domain)
  }
  for (const [directory, names] of drops) {
    const here = domains.filter(({ dropPath }) => dropPath === directory)
    for (const name of names.keys()) {
      for (const { local, domain } of addressesOfDropFile(name, here, tables.naming)) add('drop file', local, domain)
    }
  }
  for (const { name } of domains) add('postmaster', 'postmaster', name)
  for await (const { local, domain } of aliasKeys(tables)) {
    add('alias', local, domain)
    if (people.size >= MAX_PEOPLE) break
  }
  const { conf } = loaded.configuration
  for (const { value } of [...conf.all('forward'), ...conf.all('forward_cc')]) {
    const address = hasWildcard(value.pattern) ? undefined : parseAddress(value.pattern)
    if (address !== undefined) add('forward', address.local, address.domain)
  }
  return [...people.values()]
}

interface Found {
  readonly local: string
  readonly domain: string
}

async function* aliasKeys(tables: Tables): AsyncGenerator<Found> {
  for (const [domain, files] of tables.aliases) {
    for (const { table } of files) {
      try {
        for await (const key of table.keys()) {
          if (hasWildcard(key)) continue
          const at = key.lastIndexOf('@')
          if (at < 0) yield { local: key, domain }
          else if (key.slice(at + 1) === domain) yield { local: key.slice(0, at), domain }
        }
      } catch (error) {
        if (!(error instanceof Unavailable)) throw error
        const hint = 'see to it that Redis can be reached, or name addresses in a file after --verify'
        throw new MigrateError(`aliases cannot be listed: ${error.message}`, hint)
      }
    }
  }
}

/** The inverse of `directoryName`. */
function addressesOfUser(name: string, domains: readonly LocalDomain[], rules: NamingRules): Found[] {
  if (rules.authentDomain) {
    const at = name.lastIndexOf('@')
    const domain = domains.find((each) => each.name === name.slice(at + 1))
    return domain === undefined || at < 1 ? [] : [{ local: name.slice(0, at), domain: domain.name }]
  }
  return byPrefix(name, domains, rules.separator)
}

/** The inverse of `dropFileName`, among the domains whose drop files lie in that directory. */
function addressesOfDropFile(name: string, domains: readonly LocalDomain[], rules: NamingRules): Found[] {
  if (rules.dropPrefix) return byPrefix(name, domains, rules.separator)
  return domains.map((domain) => ({ local: name, domain: domain.name }))
}

function byPrefix(name: string, domains: readonly LocalDomain[], separator: string): Found[] {
  const own = domains.filter(({ prefix }) => {
    const start = prefix === undefined ? undefined : `${prefix}${separator}`.toLowerCase()
    return start !== undefined && name.toLowerCase().startsWith(start) && name.length > start.length
  })
  const longest = own.sort((a, b) => (b.prefix?.length ?? 0) - (a.prefix?.length ?? 0))[0]
  if (longest?.prefix !== undefined) {
    return [{ local: name.slice(longest.prefix.length + separator.length), domain: longest.name }]
  }
  return domains.filter(({ prefix }) => prefix === undefined).map((domain) => ({ local: name, domain: domain.name }))
}

/** The names of all users, where they can be listed: a user file, or the accounts of the system. */
async function userNames({ configuration }: Loaded, harakaDir: string): Promise<string[]> {
  const { conf } = configuration
  if (conf.one('authent_method') === 'unix_user') return accountNames()
  const argv = conf.one('authent_process') ?? []
  const option = argv.findIndex((arg) => arg.toLowerCase() === '-path')
  const target = option < 0 ? undefined : argv[option + 1]
  if (target === undefined) return []
  const given = path.resolve(harakaDir, target)
  const isDirectory = await stat(given)
    .then((found) => found.isDirectory())
    .catch(() => false)
  const files = isDirectory ? ['nwauth.txt', 'nwauth.add'].map((name) => path.join(given, name)) : [given]
  const names = new Set<string>()
  for (const file of files) {
    const content = await readRegularFile(file, MAX_USER_FILE)
    if (!content.ok) continue
    for (const line of decodeText(content.data).split('\n')) {
      const name = /^\s*([^#:\s][^:]*):/.exec(line)?.[1]?.trim().toLowerCase()
      if (name !== undefined && validName(name)) names.add(name)
    }
  }
  return [...names]
}

async function accountNames(): Promise<string[]> {
  const passwd = await run('getent', ['passwd'], { timeout: GETENT_MS, maxBuffer: MAX_OUTPUT })
    .then(({ stdout }) => stdout)
    .catch(() => '')
  return passwd.split('\n').flatMap((line) => {
    const [name = '', , uid = ''] = line.split(':')
    return Number(uid) >= FIRST_UID && Number(uid) !== NOBODY && name !== '' ? [name] : []
  })
}

/** Every drop file below the drop directories, one or two letters deep. */
export async function findDropFiles(tables: Tables): Promise<DropFiles> {
  const found = new Map<string, Map<string, string[]>>()
  for (const { dropPath } of tables.localDomains.values()) {
    if (found.has(dropPath) || dropPath === '') continue
    const names = new Map<string, string[]>()
    found.set(dropPath, names)
    await walk(dropPath, 0, names)
  }
  return found
}

async function walk(directory: string, depth: number, names: Map<string, string[]>): Promise<void> {
  for (const entry of await readdir(directory, { withFileTypes: true }).catch(() => [])) {
    const file = path.join(directory, entry.name)
    if (entry.isDirectory()) {
      if (depth < 2 && Array.from(entry.name).length === 1) await walk(file, depth + 1, names)
    } else if (isDropName(entry.name) && (await lstat(file)).isFile()) {
      names.set(entry.name, [...(names.get(entry.name) ?? []), file])
    }
  }
}
