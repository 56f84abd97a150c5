import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseAddress } from '../../lib/address.js'
import { formatProblem } from '../../lib/conf/problem.js'
import type { LookupResult, UserDirectory, UserRecord } from '../../lib/directory/types.js'
import { routeReport, type RouteReport } from '../../lib/routing/report.js'
import { route as decide } from '../../lib/routing/route.js'
import type { Route } from '../../lib/routing/types.js'
import { loadAll } from '../../lib/suite/loaded.js'
import { fakeTables } from '../redis-tables/fake.js'
import { makeSnapshot, notRunning } from '../../lib/suite/snapshot.js'
import type { Snapshot } from '../../lib/suite/snapshot-types.js'

/** A user of the directory, by the name it is asked for. */
export interface Person {
  readonly fwd?: string
  /** unix_user only; relative to the site's directory. */
  readonly home?: string
  /** The name in the reply, where it is another one (U4). */
  readonly returned?: string
  /** The drop file in the reply (U5); relative to the site's directory. */
  readonly dropFile?: string
  /** The look-up of this user fails (U1). */
  readonly fails?: boolean
}

/** What a server is set up with. `{dir}` in any text stands for its directory, `c:\dmail` and `d:\dmail` for `{dir}/dmail`. */
export interface Site {
  /** Lines of dmail.conf. Required settings that are missing are added below, so that line numbers stay. */
  readonly conf?: string
  /** Lines of dmail.ini. */
  readonly ini?: string
  readonly people?: Readonly<Record<string, Person>>
  /** Alias files, forward files, drop files: path below the directory -> content. */
  readonly files?: Readonly<Record<string, string>>
  /** Tables in Redis: `redis:NAME` -> field -> value. */
  readonly redis?: Readonly<Record<string, Readonly<Record<string, string>>>>
  /** Allows errors in the configuration. */
  readonly broken?: boolean
}

export function people(...names: string[]): Record<string, Person> {
  return Object.fromEntries(names.map((name) => [name, {}]))
}

/** A site with this alias file for domain1.com, and users bob, fred and john unless it names others. */
export function withAliases(text: string, site: Site = {}): Site {
  return {
    people: people('bob', 'fred', 'john'),
    ...site,
    conf: `alias_file_domain domain1.com {dir}/config/aliases.txt\n${site.conf ?? ''}`,
    files: { 'config/aliases.txt': text, ...site.files },
  }
}

/** Who sends. */
export interface Sender {
  readonly ip?: string
  readonly from?: string
  readonly trusted?: boolean
}

export interface OpenSite {
  readonly dir: string
  readonly snapshot: Snapshot
  readonly route: (address: string, sender?: Sender) => Promise<Route>
  /** The JSON of `dmail route`, the directory's name replaced by `{dir}`. */
  readonly report: (address: string, sender?: Sender) => Promise<RouteReport>
}

const DEFAULTS = {
  host_domain: 'host_domain domain1.com',
  drop_path: 'drop_path {dir}/in',
  sysadmin: 'sysadmin sysadmin@domain1.com',
  authent_method: 'authent_method external',
}

/** The module that `authent_process` names; routing tests ask a fake directory instead. */
const MODULE = path.join(__dirname, '../../authent/file.js')

/** Writes the files of a site into a new directory, runs `use` and removes it. */
export async function withDirectory<T>(site: Site, use: (dir: string) => Promise<T>): Promise<T> {
  const dir = await mkdtemp(path.join(tmpdir(), 'dmail-site-'))
  try {
    for (const [name, text] of Object.entries(filesOf(site))) {
      const file = path.join(dir, name)
      await mkdir(path.dirname(file), { recursive: true, mode: 0o755 })
      await writeFile(file, text.replaceAll('{dir}', dir), { mode: 0o600 })
    }
    return await use(dir)
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}

function filesOf({ conf = '', ini = '', people: users = {}, files = {} }: Site): Record<string, string> {
  const missing = Object.entries(DEFAULTS).filter(([name]) => !new RegExp(`^\\s*${name}\\b`, 'im').test(conf))
  const module = `authent_process ${process.execPath} ${MODULE} -path {dir}/config/users.txt`
  return {
    'config/dmail.conf': [conf, ...missing.map(([, line]) => line), module].join('\n'),
    'config/dmail.ini': `[paths]\nc:\\dmail = {dir}/dmail\nd:\\dmail = {dir}/dmail\n${ini}\n`,
    'config/users.txt': Object.entries(users)
      .map(([name, { fwd }]) => `${name}:*:${fwd === undefined ? '' : `fwd="${fwd}"`}\n`)
      .join(''),
    'config/passwd': Object.entries(users)
      .map(([name, { home }]) => `${name}:x:${uid()}:${gid()}::${home === undefined ? '' : `{dir}/${home}`}:/bin/sh\n`)
      .join(''),
    ...files,
  }
}

/** The users of a site own what the test writes for them. */
function uid(): number {
  return process.geteuid?.() ?? 0
}

function gid(): number {
  return process.getegid?.() ?? 0
}

/** A server with these files and users, asked in process. The conf -> tables way is the product's own. */
export function withSite<T>(site: Site, use: (open: OpenSite) => Promise<T>): Promise<T> {
  return withDirectory(site, async (dir) => {
    const loaded = await loadAll(dir)
    const errors = loaded.problems.filter(({ severity }) => severity === 'error').map(formatProblem)
    if (site.broken !== true) assert.deepEqual(errors, [])
    const { cluster } = loaded.configuration.ini
    const unix = loaded.configuration.conf.one('authent_method') === 'unix_user'
    const directory = fakeDirectory(site.people ?? {}, unix, dir)
    const snapshot = await makeSnapshot(
      loaded,
      directory,
      dir,
      notRunning(() => undefined, cluster.redis ? fakeTables(site.redis ?? {}) : undefined),
    )
    const ask = (address: string, { ip = '192.0.2.1', from, trusted = false }: Sender = {}): Promise<Route> => {
      const sender = from === undefined ? undefined : parseAddress(from)
      return decide(snapshot.tables, snapshot.world, address, { ip, sender, trusted })
    }
    return use({
      dir,
      snapshot,
      route: ask,
      report: async (address, sender) => withoutDirectory(routeReport(address, await ask(address, sender)), dir),
    })
  })
}

export function withoutDirectory<T>(value: T, dir: string): T {
  return JSON.parse(JSON.stringify(value).replaceAll(dir, '{dir}')) as T
}

function fakeDirectory(users: Readonly<Record<string, Person>>, unix: boolean, dir: string): UserDirectory {
  const answer = (name: string): LookupResult => {
    const person = Object.hasOwn(users, name) ? users[name] : undefined
    if (person === undefined) return { kind: 'unknown' }
    if (person.fails === true) return { kind: 'unavailable', detail: 'the module answered "-DEAD"' }
    const { fwd, home, returned = name, dropFile } = person
    const user: UserRecord = {
      name: returned,
      fields: new Map(fwd === undefined ? [] : [['fwd', fwd.replaceAll('{dir}', dir)]]),
      ...(dropFile === undefined ? {} : { dropFile: path.join(dir, dropFile) }),
      ...(unix ? { owner: { uid: uid(), gid: gid() } } : {}),
      ...(home === undefined ? {} : { home: path.join(dir, home) }),
    }
    return { kind: 'found', user }
  }
  return { lookup: (name) => Promise.resolve(answer(name)), clear: () => undefined, close: () => undefined }
}
