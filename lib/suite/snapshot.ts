import { stat } from 'node:fs/promises'
import path from 'node:path'
import type { Configuration } from '../conf/load.js'
import { formatProblem, type Problem } from '../conf/problem.js'
import { createLocate } from '../delivery/drop-tree.js'
import { hashedPath } from '../delivery/drop-path.js'
import { isRedisTable } from '../conf/redis-table.js'
import { unusedAliases, unusedForwards, type RedisTables } from '../redis-tables/tables.js'
import { createSlots, type Slots } from '../delivery/slots.js'
import { findAccount } from '../directory/account.js'
import type { Log } from '../log.js'
import { openDirectory, type DirectoryOptions } from '../directory/index.js'
import type { LookupResult, UserDirectory } from '../directory/types.js'
import { isBelow } from '../routing/forward-file.js'
import type { AliasFile, World } from '../routing/tables.js'
import { askDisk } from './disk.js'
import { forwardFileReader } from './forward-files.js'
import { ACCOUNT_TIMEOUT_MS, type Loaded } from './loaded.js'
import { buildRas } from './ras.js'
import type { Snapshot } from './snapshot-types.js'
import type { AuthSettings } from '../auth/settings.js'
import type { Tables } from '../routing/tables.js'
import { buildAccess, buildDsn, buildEtrn, buildLogins, buildSuspensions } from './rules.js'
import { aliasOrder, buildTables, dropRoots } from './tables.js'

const HOUR_MS = 3_600_000

/** What a user directory was opened with, as text: an equal one may go on with the same processes after a reload. */
export function directoryKey(loaded: Loaded, harakaDir: string): string {
  const { configuration } = loaded
  return JSON.stringify([directoryOptions(loaded, harakaDir), dropRoots(configuration), [...configuration.ini.paths]])
}

function directoryOptions({ configuration }: Loaded, harakaDir: string): Omit<DirectoryOptions, 'log'> {
  const { conf, mapPath } = configuration
  const roots = dropRoots(configuration)
  return {
    method: conf.one('authent_method'),
    argv: conf.one('authent_process') ?? [],
    cwd: path.resolve(harakaDir),
    number: conf.one('authent_number'),
    timeoutMs: conf.one('authent_timeout') * 1000,
    cacheSize: conf.one('authent_cache'),
    noCache: conf.one('auth_nocache'),
    mapPath,
    allowedDropFile: (file) => isBelow(file, roots),
  }
}

export function openUsers(loaded: Loaded, harakaDir: string, log: Log): UserDirectory {
  return openDirectory({ ...directoryOptions(loaded, harakaDir), log })
}

/** What outlives a snapshot: robots that run go on through a reload, and count, and so do connections. */
export interface Running {
  readonly warn: (text: string) => void
  readonly slots: Slots
  /** Tables in Redis; undefined where the configuration names none, or Redis is not used. */
  readonly tables?: RedisTables | undefined
  /** Told of every look-up. */
  readonly lookedUp?: (result: LookupResult) => void
}

/** For a command that carries nothing out. */
export function notRunning(warn: (text: string) => void, tables?: RedisTables): Running {
  return { warn, slots: createSlots({ max: 0, perProgram: 0 }), tables }
}

/** A snapshot of what was loaded, with this user directory. Throws a ConfigurationError where `loaded.fatal` has any. */
export async function makeSnapshot(
  loaded: Loaded,
  users: UserDirectory,
  harakaDir: string,
  { warn, slots, tables: redis, lookedUp }: Running,
): Promise<Snapshot> {
  if (loaded.fatal.length > 0) throw new ConfigurationError(loaded.fatal)
  const { configuration, domains } = loaded
  const { conf, ini } = configuration
  const forwardTables = conf.all('forward_table').map(({ value }) => redis?.forwards(value) ?? unusedForwards(value))
  const tables = buildTables(configuration, domains, aliasOrderOf(loaded, redis), forwardTables)
  const home = conf.one('dsmtp_path') ?? path.resolve(harakaDir)
  const robotUser = ini.robot.user === '' ? undefined : await findAccount(ini.robot.user, ACCOUNT_TIMEOUT_MS)
  return {
    configuration,
    tables,
    world: makeWorld(users, configuration, lookedUp),
    access: buildAccess(configuration),
    auth: buildAuth(configuration, tables, users),
    delivery: {
      mbox: ini.drop.mbox,
      fsync: ini.drop.fsync,
      lockWaitMs: ini.drop.lockWait,
      lockStaleMs: ini.drop.lockStale,
      lockId: lockIdOf(configuration),
      shared: isShared(configuration),
      robot: {
        path: [home, ...ini.robot.path],
        cwd: home,
        user:
          robotUser === undefined ? undefined : { uid: robotUser.uid, gid: robotUser.gid, home: robotUser.home ?? '/' },
        timeoutMs: ini.robot.timeout,
        unixfrom: ini.robot.unixfrom,
        exitStatus: ini.robot.exitStatus,
        slots,
      },
      warn,
    },
    schedule: {
      retryMs: ini.outbound.retryInterval,
      maxAgeMs: conf.one('max_retrytime') * HOUR_MS,
      suspendMaxMs: ini.outbound.suspendMaxHours * HOUR_MS,
    },
    suspensions: buildSuspensions(configuration),
    etrn: buildEtrn(configuration, tables),
    dsn: buildDsn(configuration, loaded.texts),
    pageFrom: ini.main.pageFrom,
    ras: buildRas(configuration),
    allowDuplicates: conf.one('allowdup'),
    problems: loaded.problems,
  }
}

/** lock_id is set where several machines share the drop files. */
function isShared({ conf }: Configuration): boolean {
  return conf.one('lock_id') !== undefined
}

/** Nodes that have the same dmail.conf have the same lock_id; their names differ, also where those of their machines do not. */
function lockIdOf({ conf, ini }: Configuration): string {
  const node = ini.cluster.redis ? ini.cluster.node : ''
  return [node, conf.one('lock_id') ?? ''].join(' ').trim()
}

/** forward_user (semantics 9, A5); nothing where the user directory knows no passwords. */
function buildAuth(configuration: Configuration, tables: Tables, users: UserDirectory): AuthSettings | undefined {
  const { conf, ini } = configuration
  const check = users.check?.bind(users)
  if (check === undefined || !conf.one('forward_user')) return undefined
  const { offerTo, plaintext, ipFailures, userFailures, failureDelay } = ini.auth
  return {
    offerTo: offerTo.matches,
    plaintext,
    rates: { ip: ipFailures, user: userFailures },
    failureDelayMs: failureDelay,
    logins: buildLogins(configuration, tables),
    check,
  }
}

function aliasOrderOf(
  { configuration, aliases, domains }: Loaded,
  redis: RedisTables | undefined,
): Map<string, readonly AliasFile[]> {
  return aliasOrder(configuration, domains, (file) => {
    if (isRedisTable(file)) {
      return { label: file, readable: true, table: redis?.aliases(file) ?? unusedAliases(file) }
    }
    const found = aliases.get(file)
    if (found === undefined) throw new Error(`alias file ${file} was not loaded`)
    return found
  })
}

/** What routing asks of the outside (lib/routing is pure). */
export function makeWorld(
  users: UserDirectory,
  configuration: Configuration,
  lookedUp: (result: LookupResult) => void = () => undefined,
): World {
  const { conf, ini } = configuration
  const method = conf.one('hash_spool')
  const shared = isShared(configuration)
  const locate = createLocate()
  return {
    lookup: async (name) => {
      const result = await users.lookup(name)
      lookedUp(result)
      return result
    },
    readForwardFile: forwardFileReader((file) => !shared && file.endsWith('.fwd')),
    fileSize: async (file) => {
      try {
        return shared ? await askDisk('size', file) : (await stat(file)).size
      } catch {
        return 0
      }
    },
    dropFile: (root, name) =>
      method === 'scan' ? locate(root, name, ini.drop.newHash) : hashedPath(root, name, method),
  }
}

/** The configuration cannot be used; the message lists why, a line each. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError'

  constructor(problems: readonly Problem[]) {
    super(problems.map(formatProblem).join('\n'))
  }
}
