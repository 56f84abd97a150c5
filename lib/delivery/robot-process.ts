import { spawn, type ChildProcess, type ChildProcessByStdio } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'
import { asError } from '../error.js'
import { limitTime, signalGroup } from './process-group.js'
import { collect, feedMessage } from './robot-pipes.js'

export interface ProcessStart {
  readonly file: string
  readonly args: readonly string[]
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
  /** User to become; undefined = stay. */
  readonly user?: { readonly uid: number; readonly gid: number }
  /** The message counts as taken whether it was read or not (see runProcess). */
  readonly fitsPipe: boolean
  /** Time for everything, in milliseconds; then TERM to the group. */
  readonly timeoutMs: number
  /** Time between TERM and KILL, in milliseconds. */
  readonly graceMs: number
}

/** How a robot ended; `output` is the first 2 KiB of what it wrote. */
export type Ended =
  | { readonly how: 'not-started'; readonly error: Error }
  | { readonly how: 'timed-out'; readonly output: Buffer }
  /** The message could not be read to its end; the robot was killed before it could take the part for the whole. */
  | { readonly how: 'unread'; readonly error: Error }
  | { readonly how: 'signal'; readonly signal: string; readonly output: Buffer }
  | { readonly how: 'exit'; readonly code: number; readonly tookAll: boolean; readonly output: Buffer }

/** What every pipe holds, in bytes. */
export const PIPE_BYTES = 64 * 1024

const MAX_OUTPUT = 2048

/** How long the pipes may take to run dry once the robot and its group are gone, in milliseconds. */
const SETTLE_MS = 1000

type Robot = ChildProcessByStdio<Writable, Readable, Readable>

/**
 * Runs a program, without a shell and in a process group of its own, with `head` and then the message (LF line ends) on
 * its standard input. What is left of the group is killed when its leader ends. `open` is called once it runs.
 *
 * Bytes in the pipe count as taken: whether a robot read what fits into the pipe (PIPE_BYTES at least, some 200 KB on
 * Linux) cannot be told. So that a robot that never reads is not sometimes too quick for a short message, `fitsPipe` counts
 * that as taken in any case. The standard input is a socket, as Node makes it: it can be read, but not opened anew as
 * /dev/stdin.
 *
 * Never rejects, and always ends, at the latest 2 x `graceMs` after the time is over.
 */
export async function runProcess(start: ProcessStart, head: string, open: () => Readable): Promise<Ended> {
  let robot: Robot
  try {
    robot = startRobot(start)
  } catch (error) {
    return { how: 'not-started', error: asError(error) }
  }
  const exited = exitOf(robot)
  const startError = await startErrorOf(robot)
  const leader = robot.pid
  if (startError !== undefined || leader === undefined) {
    return { how: 'not-started', error: startError ?? new Error('it has no process id') }
  }

  let message: Readable
  try {
    message = open()
  } catch (error) {
    signalGroup(leader, 'SIGKILL')
    return { how: 'unread', error: asError(error) }
  }
  const limit = limitTime(leader, start.timeoutMs, start.graceMs)
  const output = collect([robot.stdout, robot.stderr], MAX_OUTPUT)
  const feed = feedMessage(robot.stdin, head, message, () => {
    signalGroup(leader, 'SIGKILL')
  })
  const exit = await Promise.race([exited, limit.abandoned])
  limit.stop()
  signalGroup(leader, 'SIGKILL')
  await atMost(SETTLE_MS, Promise.all([feed.done, output.done]))
  const tookAll = start.fitsPipe || feed.tookAll()
  // A program that left the group may hold the pipes open for ever.
  for (const stream of [robot.stdin, message, robot.stdout, robot.stderr]) stream.destroy()

  const unread = feed.unread()
  if (unread !== undefined) return { how: 'unread', error: unread }
  if (limit.isOver() || exit === undefined) return { how: 'timed-out', output: output.bytes() }
  if (exit.code === null) return { how: 'signal', signal: exit.signal ?? 'unknown', output: output.bytes() }
  return { how: 'exit', code: exit.code, tookAll, output: output.bytes() }
}

function startRobot(start: ProcessStart): Robot {
  return spawn(start.file, start.args, {
    cwd: start.cwd,
    env: start.env,
    detached: true,
    shell: false,
    stdio: ['pipe', 'pipe', 'pipe'],
    ...(start.user === undefined ? {} : { uid: start.user.uid, gid: start.user.gid }),
  })
}

interface Exit {
  readonly code: number | null
  readonly signal: string | null
}

function exitOf(robot: ChildProcess): Promise<Exit> {
  return new Promise((resolve) => {
    robot.once('exit', (code, signal) => {
      resolve({ code, signal })
    })
  })
}

function startErrorOf(robot: ChildProcess): Promise<Error | undefined> {
  return new Promise((resolve) => {
    robot.once('spawn', () => {
      resolve(undefined)
    })
    // Stays for the life of the process: an error event nobody hears ends the server.
    robot.on('error', resolve)
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
