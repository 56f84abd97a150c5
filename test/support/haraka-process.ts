import { spawn } from 'node:child_process'
import { Socket } from 'node:net'
import type { Readable } from 'node:stream'
import { atExit } from './cleanup.js'
import { harakaEnvironment, harakaProgram, type HarakaOptions } from './haraka-dir.js'
import type { CapturedLog } from './log.js'
import { allGone, childrenOf, familyOf, isAlive, sendSignal, type ProcessRef } from './processes.js'
import { connect } from './smtp.js'
import { within } from './wait.js'

const START_MS = 60_000
const STOP_MS = 20_000
/** How long what is left over after the master's end may take to end by itself. */
const LEFTOVER_MS = 2_000

/** How a process ended. */
export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** One run of Haraka, from spawn to the end of its last process. */
export interface HarakaRun {
  readonly pid: number
  readonly exited: Promise<Exit>
  /** The same, once its output has been read to the end. */
  readonly ended: Promise<Exit>
  /** Every living process of this run, robots included. */
  processes(): ProcessRef[]
  workers(): ProcessRef[]
  /** SIGINT to the master, as an operator does, then the end of whatever is left. Rejects if it had to be forced. */
  stop(): Promise<void>
}

export type StartResult =
  | { readonly kind: 'ready'; readonly run: HarakaRun }
  | { readonly kind: 'port-taken' }
  /** `exit` undefined: still not ready after 60 s, and then killed. */
  | { readonly kind: 'failed'; readonly exit: Exit | undefined }

/** Starts Haraka in `dir` and waits until every worker listens and a connection is taken. */
export async function launch(
  dir: string,
  port: number,
  options: HarakaOptions,
  log: CapturedLog,
): Promise<StartResult> {
  const from = log.text().length
  const run = spawnHaraka(dir, options, log)
  const result = await Promise.race([
    listening(port, options, log, from).then((kind): StartResult => (kind === 'ready' ? { kind, run } : { kind })),
    run.exited.then((exit): StartResult => ({ kind: 'failed', exit })),
  ]).catch(async (): Promise<StartResult> => ({ kind: 'failed', exit: await soon(run.exited) }))
  if (result.kind !== 'ready') {
    await killAll(() => run.processes())
    // What it had to say is in the pipe still.
    await soon(run.ended)
  }
  return result
}

async function listening(
  port: number,
  options: HarakaOptions,
  log: CapturedLog,
  from: number,
): Promise<'ready' | 'port-taken'> {
  // The master says that a worker listens; "Starting up", "Listening" and "worker started" all come too early.
  const ready = options.nodes === 0 ? 'Listening on' : 'worker \\d+ listening on'
  const pattern = new RegExp(`(?:${ready} 127\\.0\\.0\\.1|EADDRINUSE.*):${port}\\b`)
  let offset = from
  for (let left = Math.max(1, options.nodes ?? 1); left > 0; left--) {
    const { line, end } = await log.waitFor(pattern, { from: offset, timeoutMs: START_MS })
    if (line.includes('EADDRINUSE')) return 'port-taken'
    offset = end
  }
  await converse(port, log, offset)
  return 'ready'
}

/**
 * A worker that refuses in init_child listens first, and then ends together with the master: only a greeting shows
 * that it is there. What the log says of this connection is waited for, so that no test takes it for its own.
 */
async function converse(port: number, log: CapturedLog, from: number): Promise<void> {
  const client = await connect(port)
  // Plugins under test may turn this client away.
  await client.quit().catch(() => undefined)
  await log.waitFor(/disconnect ip=127\.0\.0\.1 /, { from })
}

async function soon<T>(promise: Promise<T>): Promise<T | undefined> {
  return within(promise, { timeoutMs: LEFTOVER_MS, otherwise: () => '' }).catch(() => undefined)
}

function spawnHaraka(dir: string, options: HarakaOptions, log: CapturedLog): HarakaRun {
  const child = spawn(process.execPath, [harakaProgram(options.version), '-c', dir], {
    cwd: dir,
    env: harakaEnvironment(options.env),
    // A process group of its own, so that it can be ended as a whole.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const { pid } = child
  if (pid === undefined) throw new Error(`cannot start ${harakaProgram(options.version)}`)
  follow(child.stdout, log)
  follow(child.stderr, log)
  // A test that fails before its stop() must still come to its end, where Haraka is killed.
  child.unref()

  let running = true
  const exited = new Promise<Exit>((resolve) => {
    child.once('exit', (code, signal) => {
      running = false
      resolve({ code, signal })
    })
  })
  const ended = new Promise<Exit>((resolve) => {
    child.once('close', (code, signal) => {
      log.end(`Haraka ended (${signal ?? `code ${String(code)}`})`)
      resolve({ code, signal })
    })
  })

  const leader = pid
  // Robots leave the process group, and their parent may die first: those seen alive once are remembered.
  const seen = new Map<number, ProcessRef>()
  function processes(): ProcessRef[] {
    for (const ref of familyOf(leader)) seen.set(ref.pid, ref)
    return [...seen.values()].filter(isAlive)
  }
  const forget = atExit(() => {
    for (const ref of processes()) sendSignal(ref, 'SIGKILL')
  })

  async function stop(): Promise<void> {
    processes()
    let complaint: string | undefined
    if (running) {
      process.kill(leader, 'SIGINT')
      await within(exited, { timeoutMs: STOP_MS, otherwise: () => 'SIGINT did not end Haraka' }).catch(
        (error: unknown) => {
          complaint = `${String(error)}\n${log.tail()}`
        },
      )
    }
    await allGone(processes, LEFTOVER_MS).catch(() => killAll(processes))
    forget()
    // The log is whole only now; a restart goes on in it.
    await within(ended, { timeoutMs: STOP_MS, otherwise: () => 'the log of Haraka did not end' }).catch(() => undefined)
    if (complaint !== undefined) throw new Error(complaint)
  }

  return { pid, exited, ended, processes, workers: () => childrenOf(pid), stop }
}

async function killAll(processes: () => ProcessRef[]): Promise<void> {
  for (const ref of processes()) sendSignal(ref, 'SIGKILL')
  await allGone(processes, STOP_MS)
}

function follow(stream: Readable, log: CapturedLog): void {
  const sink = log.sink()
  stream.setEncoding('utf8')
  stream.on('data', sink.write)
  stream.once('end', sink.end)
  if (stream instanceof Socket) stream.unref()
}
