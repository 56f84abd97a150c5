import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { isOwnFile } from '../../lib/adopt/marks.js'
import { makeHarakaDir, writeInto, writeSmtpIni, type HarakaOptions, type HarakaVersion } from './haraka-dir.js'
import { launch, type Exit, type HarakaRun } from './haraka-process.js'
import { captureLog, type CapturedLog, type LogWait } from './log.js'
import { freePort } from './ports.js'
import { sendSignal } from './processes.js'
import { until, within } from './wait.js'

export { HARAKA_VERSIONS, type HarakaOptions, type HarakaVersion } from './haraka-dir.js'
export type { Exit } from './haraka-process.js'

const PORT_TRIES = 5

/** A running Haraka in a directory of its own. Everything it has is gone when the test process ends. */
export interface Haraka {
  readonly version: HarakaVersion
  readonly dir: string
  readonly port: number
  /** Standard output and error so far, whole lines. `log.length` is a mark to wait from. */
  readonly log: string
  /** Pid of the master (of the only process with `nodes: 0`). */
  readonly pid: number
  /** The first log line from offset `from` (default 0) that matches; rejects with the log's tail after 45 s. */
  waitForLog(pattern: RegExp, wait?: LogWait): Promise<string>
  /**
   * Asks `probe` until it answers something other than undefined and false; a file not there yet means "not yet".
   * `watch` names the path in question: what it holds stands in the error after `timeoutMs` (45 s).
   */
  waitFor<T>(probe: () => T | undefined | false, wait?: { watch?: string; timeoutMs?: number }): Promise<T>
  /** SIGINT, as an operator stops it; resolves when the last process is gone. Rejects if it had to be killed. */
  stop(): Promise<void>
  /** Sends a signal and returns at once: to all processes (as a power cut would with SIGKILL), master or workers. */
  kill(signal: NodeJS.Signals, whom?: 'all' | 'master' | 'workers'): void
  /** How the master ended; waits for it, and for its log to be read. */
  exited(): Promise<Exit>
  /** Stops it if it runs, then starts it again in the same directory on the same port. */
  restart(): Promise<void>
  /** Pids of every living process, robots included. */
  processes(): number[]
  /** Pids of the living workers. */
  workers(): number[]
  read(relativePath: string): string
  exists(relativePath: string): boolean
  write(relativePath: string, content: string): void
  /** Names of the files in queue/, sorted; those still being written (`__tmp__.`) and the suite's are left out. */
  queueFiles(): string[]
}

/** What is known of a Haraka that did not start. */
export interface StartFailure {
  readonly dir: string
  readonly log: string
  /** undefined: it neither got ready nor ended (workers that die are started again and again), and was killed. */
  readonly exit: Exit | undefined
}

type Attempt =
  | { readonly kind: 'ready'; readonly haraka: Haraka }
  | { readonly kind: 'failed'; readonly failure: StartFailure; readonly tail: string }

/** Starts Haraka and waits until it takes connections. Rejects with the log's tail when it does not come up. */
export async function startHaraka(options: HarakaOptions): Promise<Haraka> {
  const attempt = await tryStart(options)
  if (attempt.kind === 'ready') return attempt.haraka
  throw new Error(`Haraka ${options.version} did not start (${describe(attempt.failure.exit)}):\n${attempt.tail}`)
}

/** For configurations that must stop Haraka from starting: its exit and log. Rejects when it does start. */
export async function startHarakaExpectingFailure(options: HarakaOptions): Promise<StartFailure> {
  const attempt = await tryStart(options)
  if (attempt.kind === 'failed') return attempt.failure
  const { log } = attempt.haraka
  await attempt.haraka.stop()
  throw new Error(`Haraka ${options.version} started although it should not:\n${log}`)
}

function describe(exit: Exit | undefined): string {
  return exit === undefined ? 'neither ready nor ended' : `ended with ${exit.signal ?? `code ${String(exit.code)}`}`
}

async function tryStart(options: HarakaOptions): Promise<Attempt> {
  const dir = await makeHarakaDir(options)
  for (let tries = 0; tries < PORT_TRIES; tries++) {
    const log = captureLog(`the log of Haraka ${options.version}`)
    const port = await freePort()
    writeSmtpIni(dir, port, options)
    const result = await launch(dir, port, options, log)
    if (result.kind === 'ready') return { kind: 'ready', haraka: handle(dir, port, options, log, result.run) }
    if (result.kind === 'failed') {
      return { kind: 'failed', failure: { dir, log: log.text(), exit: result.exit }, tail: log.tail() }
    }
  }
  throw new Error(`every one of ${PORT_TRIES} ports was taken before Haraka ${options.version} could listen on it`)
}

function handle(dir: string, port: number, options: HarakaOptions, log: CapturedLog, first: HarakaRun): Haraka {
  let run = first
  const inside = (relativePath: string): string => path.join(dir, relativePath)

  return {
    version: options.version,
    dir,
    port,
    get log() {
      return log.text()
    },
    get pid() {
      return run.pid
    },
    waitForLog: async (pattern, wait) => (await log.waitFor(pattern, wait)).line,
    waitFor: (probe, { watch, timeoutMs } = {}) =>
      until(probe, {
        ...(timeoutMs === undefined ? {} : { timeoutMs }),
        otherwise: () => `${watch === undefined ? 'it did not happen' : show(inside(watch))}\n${log.tail()}`,
      }),
    stop: () => run.stop(),
    kill: (signal, whom = 'all') => {
      const all = run.processes()
      // Nobody may see another die first, or a master would start a new worker.
      if (whom === 'all') process.kill(-run.pid, signal)
      if (whom === 'master') process.kill(run.pid, signal)
      for (const ref of whom === 'all' ? all : []) if (signal === 'SIGKILL') sendSignal(ref, signal)
      for (const ref of whom === 'workers' ? run.workers() : []) sendSignal(ref, signal)
    },
    exited: () => within(run.ended, { otherwise: () => `Haraka still runs:\n${log.tail()}` }),
    restart: async () => {
      await run.stop()
      const result = await launch(dir, port, options, log)
      if (result.kind !== 'ready') throw new Error(`Haraka did not start again (${result.kind}):\n${log.tail()}`)
      run = result.run
    },
    processes: () => run.processes().map(({ pid }) => pid),
    workers: () => run.workers().map(({ pid }) => pid),
    read: (relativePath) => readFileSync(inside(relativePath), 'utf8'),
    exists: (relativePath) => existsSync(inside(relativePath)),
    write: (relativePath, content) => {
      writeInto(dir, relativePath, content)
    },
    queueFiles: () => (existsSync(inside('queue')) ? namesIn(inside('queue')).filter(isWhole).sort() : []),
  }
}

// Haraka's outbound/qfile.js: a queue file gets this prefix until all of it is on disk. Files of the suite have another.
function isWhole(name: string): boolean {
  return !name.startsWith('__tmp__.') && !isOwnFile(name)
}

/** The names in a directory at one moment: one that is renamed while they are read may be seen twice, or not at all. */
function namesIn(dir: string): string[] {
  let names = readdirSync(dir)
  for (let before: string | undefined; before !== names.join('/');) {
    before = names.join('/')
    names = readdirSync(dir)
  }
  return names
}

/** The state of a path, for an error message. */
function show(file: string): string {
  if (!existsSync(file)) return `${file} does not exist`
  try {
    return `${file} holds: ${readdirSync(file).join(' ')}`
  } catch {
    return `${file} holds:\n${readFileSync(file, 'utf8').slice(-4000)}`
  }
}
