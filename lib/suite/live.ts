import { errorText } from '../error.js'
import { formatProblem, type Problem } from '../conf/problem.js'
import type { Log } from '../log.js'
import type { LookupResult, UserDirectory } from '../directory/types.js'
import { createSlots, type Usage } from '../delivery/slots.js'
import type { Snapshot } from './snapshot-types.js'
import { loadAll, type Loaded } from './loaded.js'
import { directoryKey, makeSnapshot, openUsers } from './snapshot.js'
import { watchFiles, type Watcher } from './watcher.js'

/** How long an old user directory goes on for transactions that began with it. */
const OLD_DIRECTORY_MS = 120_000

/** The configuration in force, kept up to date. */
export interface Live {
  /** The snapshot in force; waits for the first load and rejects while there is no usable configuration. */
  current(): Promise<Snapshot>
  /** The same where it is there already, without waiting for a turn of the event loop. */
  loaded(): Snapshot | undefined
  /** Begins to look at the files; a change builds a whole new snapshot and swaps it in. */
  watch(): void
  /** Reads everything anew at once, as after a change of a file. Resolves also where the configuration before stays in force. */
  reload(): Promise<Reloaded>
  /** Forgets what the user directory answered, with the forwards in it. */
  clearUsers(): void
  /** Called after each load, the first included. */
  onLoad(listener: () => void): void
  /** Robots of this process, by program. */
  robots(): readonly Usage[]
  close(): void
}

/** How a reload went. */
export interface Reloaded {
  /** Why the configuration before stays in force; undefined where the new one is. */
  readonly error: string | undefined
  /** What is in force, or would be, in a few words. */
  readonly summary: string
  readonly problems: readonly Problem[]
}

/** Told what happens, for who counts it. */
export interface LiveEvents {
  readonly lookedUp?: (result: LookupResult) => void
  /** After each reload; `error`: why the configuration before stays in force. */
  readonly reloaded?: (error?: string) => void
}

interface Users {
  readonly directory: UserDirectory
  readonly key: string
}

/**
 * Loads the configuration of a Haraka directory and holds it. A reload that finds any error keeps the snapshot in
 * force (C7); the first load does so only for what is required. Everything found is logged with file:line.
 */
export function openLive(harakaDir: string, log: Log, { lookedUp, reloaded }: LiveEvents = {}): Live {
  let users: Users | undefined
  let watcher: Watcher | undefined
  let files: readonly string[] = []
  let everyMs = 2_000
  let since = 0
  let latest: Loaded | undefined
  const retiring = new Set<NodeJS.Timeout>()
  const slots = createSlots({ max: 0, perProgram: 0 })
  const warn = (text: string): void => {
    log('warn', text)
  }

  const listeners: (() => void)[] = []
  let reloading: Promise<unknown> = Promise.resolve()
  let loaded: Snapshot | undefined
  let current: Promise<Snapshot> = load(true)
  // Who asks gets the error; nobody asking must not end the process.
  current.catch(() => undefined)

  async function load(first: boolean): Promise<Snapshot> {
    since = Date.now()
    const read = await loadAll(harakaDir)
    latest = read
    files = read.files
    everyMs = read.configuration.ini.main.reloadCheck
    for (const problem of read.problems) {
      log(problem.severity === 'error' ? 'error' : 'warn', formatProblem(problem))
    }
    const errors = read.problems.filter(({ severity }) => severity === 'error').length
    if (!first && errors > 0) throw new Error(`${errors} errors, the configuration before stays in force`)
    const snapshot = await makeSnapshot(read, usersFor(read), harakaDir, {
      warn,
      slots,
      ...(lookedUp === undefined ? {} : { lookedUp }),
    })
    const { max, perProgram } = read.configuration.ini.robot
    slots.limit({ max, perProgram })
    log('info', `configuration ${first ? 'loaded' : 'reloaded'}: ${summary(read)}`)
    loaded = snapshot
    for (const listener of listeners) listener()
    return snapshot
  }

  /** The processes of a user module live on when nothing about them changed; their cache does not (U3). */
  function usersFor(loaded: Loaded): UserDirectory {
    const key = directoryKey(loaded, harakaDir)
    if (users?.key === key) {
      users.directory.clear()
      return users.directory
    }
    if (users !== undefined) retire(users.directory)
    users = {
      directory: openUsers(loaded, harakaDir, (level, text) => {
        log(level, text)
      }),
      key,
    }
    return users.directory
  }

  function retire(directory: UserDirectory): void {
    const timer = setTimeout(() => {
      retiring.delete(timer)
      directory.close()
    }, OLD_DIRECTORY_MS)
    timer.unref()
    retiring.add(timer)
  }

  /** One after the other: the last to begin is the last to be in force. */
  function reload(): Promise<Reloaded> {
    const mine = reloading.then(reloadNow)
    reloading = mine.catch(() => undefined)
    return mine
  }

  async function reloadNow(): Promise<Reloaded> {
    const before = current
    let error: string | undefined
    const hadOne = await before.then(
      () => true,
      () => false,
    )
    const next = load(!hadOne)
    try {
      await next
      current = next
      reloaded?.()
    } catch (failed) {
      error = errorText(failed)
      reloaded?.(error)
      log('error', `configuration not reloaded: ${error}`)
    }
    await watcher?.set(files, since)
    return { error, summary: latest === undefined ? '' : summary(latest), problems: latest?.problems ?? [] }
  }

  return {
    current: () => current,
    loaded: () => loaded,
    reload,
    clearUsers() {
      users?.directory.clear()
    },
    onLoad: (listener) => listeners.push(listener),
    robots: () => slots.usage(),
    watch() {
      if (watcher !== undefined) return
      const started = watchFiles(
        () => everyMs,
        async () => {
          await reload()
        },
      )
      watcher = started
      current
        .catch(() => undefined)
        .then(() => started.set(files, since))
        .catch((error: unknown) => {
          log('error', `files are not watched: ${String(error)}`)
        })
    },
    close() {
      watcher?.close()
      for (const timer of retiring) clearTimeout(timer)
      users?.directory.close()
    },
  }
}

function summary({ domains, aliases, problems }: Loaded): string {
  const names = [...aliases.values()].reduce((sum, { table }) => sum + table.size, 0)
  const warnings = problems.filter(({ severity }) => severity === 'warning').length
  return `${domains.size} local domains, ${names} aliases, ${warnings} warnings, ${problems.length - warnings} errors`
}
