import { spawn, type ChildProcess, type ChildProcessByStdio } from 'node:child_process'
import { Readable, type Writable } from 'node:stream'
import { asError } from '../error.js'
import { becoming, type Account } from './account.js'
import { limitTime, signalGroup } from './group.js'
import { collect, feed, type Input } from './pipes.js'

/** What a process is made of. */
export interface ProcessStart {
  readonly file: string
  readonly args: readonly string[]
  readonly cwd: string
  /** The whole environment. */
  readonly env: Readonly<Record<string, string>>
  /** Whom to become; undefined = nobody. */
  readonly account: Account | undefined
}

export interface TimeRules {
  /** Time for everything, in milliseconds; then TERM to the group. */
  readonly timeoutMs: number
  /** Time between TERM and KILL, in milliseconds; 5 s unless given. */
  readonly graceMs?: number | undefined
}

/** How a program ended; `output` is the first 2 KiB of what it wrote. */
export type Ended =
  | { readonly how: 'not-started'; readonly error: Error }
  | { readonly how: 'timed-out'; readonly output: Buffer }
  /** The input could not be read to its end; the program was killed before it could take the part for the whole. */
  | { readonly how: 'unread'; readonly error: Error }
  | { readonly how: 'signal'; readonly signal: string; readonly output: Buffer }
  | { readonly how: 'exit'; readonly code: number; readonly tookAll: boolean; readonly output: Buffer }

/** What every pipe holds, in bytes. */
export const PIPE_BYTES = 64 * 1024

const MAX_OUTPUT = 2048

const GRACE_MS = 5000

/** How long the pipes may take to run dry once the program and its group are gone, in milliseconds. */
const SETTLE_MS = 1000

const NO_INPUT: Input = { head: '', open: () => Readable.from([]), fitsPipe: true }

type Child = ChildProcessByStdio<Writable, Readable, Readable>

/**
 * Runs a program, without a shell and in a process group of its own. What is left of the group is killed when its leader
 * ends.
 *
 * Bytes in the pipe count as taken: whether a program read what fits into the pipe (PIPE_BYTES at least, some 200 KB on
 * Linux) cannot be told. So that a program that never reads is not sometimes too quick for a short input, `fitsPipe` counts
 * that as taken in any case. The standard input is a socket, as Node makes it: it can be read, but not opened anew as
 * /dev/stdin.
 *
 * Never rejects, and always ends, at the latest 2 x `graceMs` after the time is over.
 */
export async function runProcess(
  start: ProcessStart,
  { timeoutMs, graceMs = GRACE_MS }: TimeRules,
  input: Input = NO_INPUT,
): Promise<Ended> {
  let child: Child
  try {
    child = spawn(start.file, start.args, { ...optionsOf(start), stdio: ['pipe', 'pipe', 'pipe'] })
  } catch (error) {
    return { how: 'not-started', error: asError(error) }
  }
  const exited = exitOf(child)
  const startError = await startErrorOf(child)
  const leader = child.pid
  if (startError !== undefined || leader === undefined) {
    return { how: 'not-started', error: startError ?? new Error('it has no process id') }
  }

  let source: Readable
  try {
    source = input.open()
  } catch (error) {
    signalGroup(leader, 'SIGKILL')
    return { how: 'unread', error: asError(error) }
  }
  const limit = limitTime(leader, timeoutMs, graceMs)
  const output = collect([child.stdout, child.stderr], MAX_OUTPUT)
  const fed = feed(child.stdin, input, source, () => {
    signalGroup(leader, 'SIGKILL')
  })
  const exit = await Promise.race([exited, limit.abandoned])
  limit.stop()
  signalGroup(leader, 'SIGKILL')
  await atMost(SETTLE_MS, Promise.all([fed.done, output.done]))
  const tookAll = input.fitsPipe || fed.tookAll()
  // A program that left the group may hold the pipes open for ever.
  for (const stream of [child.stdin, source, child.stdout, child.stderr]) stream.destroy()

  const unread = fed.unread()
  if (unread !== undefined) return { how: 'unread', error: unread }
  if (limit.isOver() || exit === undefined) return { how: 'timed-out', output: output.bytes() }
  if (exit.code === null) return { how: 'signal', signal: exit.signal ?? 'unknown', output: output.bytes() }
  return { how: 'exit', code: exit.code, tookAll, output: output.bytes() }
}

/** Starts a program and lets it go: for the moment in which this process ends. */
export function startAndLetGo(start: ProcessStart): void {
  const child = spawn(start.file, start.args, { ...optionsOf(start), stdio: 'ignore' })
  child.on('error', () => undefined)
  child.unref()
}

function optionsOf({ cwd, env, account }: ProcessStart) {
  return { cwd, env, ...becoming(account), detached: true, shell: false } as const
}

interface Exit {
  readonly code: number | null
  readonly signal: string | null
}

function exitOf(child: ChildProcess): Promise<Exit> {
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => {
      resolve({ code, signal })
    })
  })
}

function startErrorOf(child: ChildProcess): Promise<Error | undefined> {
  return new Promise((resolve) => {
    child.once('spawn', () => {
      resolve(undefined)
    })
    // Stays for the life of the process: an error event nobody hears ends the server.
    child.on('error', resolve)
  })
}

async function atMost(ms: number, promise: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms)
  })
  await Promise.race([promise, late])
  clearTimeout(timer)
}
