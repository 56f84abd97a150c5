import type { MapPath } from '../conf/paths.js'
import { cachedDirectory, LIFETIMES } from './cache.js'
import { systemClock } from '../clock.js'
import type { Log } from '../log.js'
import { externalDirectory } from './pool.js'
import type { UserDirectory } from './types.js'
import { unixDirectory } from './unix.js'

export interface DirectoryOptions {
  /** authent_method; nt_user is an error at load (U7). */
  readonly method: 'external' | 'unix_user'
  /** authent_process with its arguments; not used with unix_user. */
  readonly argv: readonly string[]
  /** Working directory of the module; undefined = the one of this process. */
  readonly cwd?: string | undefined
  /** authent_number. */
  readonly number: number
  /** authent_timeout, in milliseconds. */
  readonly timeoutMs: number
  /** authent_cache, in entries. */
  readonly cacheSize: number
  /** auth_nocache. */
  readonly noCache: boolean
  readonly mapPath: MapPath
  /** Is this absolute path under drop_path, a vdomain path or `[drop] roots` (U5)? */
  readonly allowedDropFile: (path: string) => boolean
  readonly log: Log
}

/** The user directory the configuration asks for, cached (U3). Processes are started by the first look-up. */
export function openDirectory(options: DirectoryOptions): UserDirectory {
  const size = options.noCache ? 0 : options.cacheSize
  return cachedDirectory(uncached(options), { size, ...LIFETIMES, now: systemClock.now })
}

function uncached(options: DirectoryOptions): UserDirectory {
  if (options.method === 'unix_user') return unixDirectory(options)
  const [program, ...args] = options.argv
  return program === undefined ? noModule : externalDirectory({ ...options, argv: [program, ...args] })
}

/** authent_method external without a program: the checker reports it; mail waits meanwhile (U1). */
const noModule: UserDirectory = {
  lookup() {
    return Promise.resolve({ kind: 'unavailable', detail: 'authent_process is not set' })
  },
  clear() {
    // Nothing is kept.
  },
  close() {
    // Nothing is open.
  },
}
