import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, closeSync, openSync, readFileSync } from 'node:fs'
import { connect } from 'node:net'
import path from 'node:path'
import { atExit } from './cleanup.js'
import { allGone, familyOf, isStopped, sendSignal, type ProcessRef } from './processes.js'
import { until } from './wait.js'

const START_MS = 30_000
const STOP_MS = 15_000

/** An account that a server may run as: PostgreSQL refuses to be root. */
export interface Account {
  readonly uid?: number
  readonly gid?: number
}

/** The first of these accounts that there is when this process is root; nothing to change otherwise. */
export function unprivileged(...names: readonly string[]): Account {
  if (process.getuid?.() !== 0) return {}
  for (const name of names) {
    try {
      const [, , uid, gid] = execFileSync('getent', ['passwd', name], { encoding: 'utf8' }).split(':')
      return { uid: Number(uid), gid: Number(gid) }
    } catch {
      // No such account.
    }
  }
  throw new Error(`none of the accounts ${names.join(', ')} is there`)
}

export function give(file: string, { uid, gid }: Account): void {
  if (uid !== undefined && gid !== undefined) chownSync(file, uid, gid)
}

/** A server in the foreground that can be killed and started again. */
export interface Daemon {
  /** Resolves when somebody listens on its port. */
  start(): Promise<void>
  /** SIGKILL to all its processes, as a crash of the machine would; resolves when they are gone. */
  kill(): Promise<void>
  /** Stops all its processes where they are, as a machine that hangs: connections stay, nobody answers once it resolves. */
  freeze(): Promise<void>
  thaw(): void
  log(): string
}

export interface DaemonOptions {
  readonly name: string
  readonly argv: readonly [string, ...string[]]
  readonly dir: string
  readonly port: number
  readonly account: Account
}

export function daemon({ name, argv, dir, port, account }: DaemonOptions): Daemon {
  const logFile = path.join(dir, `${name}.log`)
  const log = (): string => readFileSync(logFile, 'utf8')
  let running: { readonly family: () => ProcessRef[]; readonly forget: () => void } | undefined

  function signal(name: NodeJS.Signals): void {
    for (const ref of running?.family() ?? []) sendSignal(ref, name)
  }

  return {
    log,
    async freeze() {
      signal('SIGSTOP')
      const all = running?.family() ?? []
      await until(() => all.every(isStopped), { otherwise: () => `${name} does not stop` })
    },
    thaw() {
      signal('SIGCONT')
    },
    async start() {
      const out = openSync(logFile, 'a')
      const [program, ...args] = argv
      const child = spawn(program, args, { cwd: dir, stdio: ['ignore', out, out], ...account })
      closeSync(out)
      child.unref()
      const { pid } = child
      if (pid === undefined) throw new Error(`${name} cannot be started`)
      const seen = new Map<number, ProcessRef>()
      const family = (): ProcessRef[] => {
        for (const ref of familyOf(pid)) seen.set(ref.pid, ref)
        return [...seen.values()]
      }
      const killAll = (): void => {
        for (const ref of family()) sendSignal(ref, 'SIGKILL')
      }
      running = { family, forget: atExit(killAll) }
      const ended = once(child, 'exit').then(() => {
        throw new Error(`${name} did not start:\n${log()}`)
      })
      ended.catch(() => undefined)
      await Promise.race([listening(port), ended])
      // Known from now on, whatever is seen of it later.
      family()
    },
    async kill() {
      if (running === undefined) return
      const all = running.family()
      for (const ref of all) sendSignal(ref, 'SIGKILL')
      await allGone(() => all, STOP_MS)
      await nobodyListens(port)
      running.forget()
      running = undefined
    },
  }
}

/** A process counts as gone when its first thread is; its sockets go with the last one. */
async function nobodyListens(port: number): Promise<void> {
  let refused = false
  const attempt = (): void => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      setTimeout(attempt, 20).unref()
    })
    socket.once('error', () => (refused = true))
  }
  attempt()
  await until(() => refused, { timeoutMs: STOP_MS, otherwise: () => `somebody still listens on port ${port}` })
}

async function listening(port: number): Promise<void> {
  let open = false
  const attempt = (): void => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      open = true
      socket.destroy()
    })
    socket.once('error', () => setTimeout(attempt, 50).unref())
  }
  attempt()
  await until(() => open, { timeoutMs: START_MS, otherwise: () => `nobody listens on port ${port}` })
}
