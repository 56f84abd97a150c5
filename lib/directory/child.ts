import { spawn, type ChildProcess } from 'node:child_process'
import { Socket } from 'node:net'
import { errorText } from '../error.js'
import type { Clock } from '../clock.js'
import { lineSplitter } from './lines.js'
import { boundedLog, printable, type Log } from '../log.js'
import { decodeLine, replyClass, REPLY_LIMIT } from './protocol.js'

/** The reply line to a command, or why there is none (for the log). */
export type Answer =
  { readonly kind: 'line'; readonly line: string } | { readonly kind: 'failed'; readonly detail: string }

/** One copy of the module program; it is started by the first request. */
export interface ModuleChild {
  /** True when a request can be sent at once: not busy, not in its back-off, not closed. */
  ready(): boolean
  /**
   * Sends one command (no line end in it) and calls `done` exactly once. Only while `ready()`. `secret` is the part of it that
   * must not be logged, should the process write it back.
   */
  ask(command: string, done: (answer: Answer) => void, secret?: string): void
  /** Fails a pending request, says `exit` and kills the process if that does not end it. */
  close(): void
}

export interface ChildOptions {
  /** Program and arguments; never given to a shell. */
  readonly argv: readonly [string, ...string[]]
  readonly cwd?: string | undefined
  /** authent_timeout: time for one reply. */
  readonly timeoutMs: number
  readonly log: Log
  readonly clock: Clock
  /** Called when `ready()` has become true. */
  readonly onReady: () => void
}

const FIRST_PAUSE_MS = 250
const LONGEST_PAUSE_MS = 30_000
const EXIT_GRACE_MS = 2_000
const HIDDEN_MS = 10_000
const MAX_DATA_LINES = 1_000
const STDERR_LINE = 1_024

/**
 * Runs the line protocol of semantics 5 with one process, one command at a time. The protocol has no request numbers:
 * an answer belongs to the command only because it comes next. So a process whose answers may no longer line up (late,
 * garbage, a line nobody asked for, a line over 16 KiB) is killed, and what it still writes is not read. The next one
 * is started by the next request, after a pause that doubles from 250 ms to 30 s until there is a good answer (U1).
 */
export function moduleChild(options: ChildOptions): ModuleChild {
  const { argv, clock, log, timeoutMs } = options
  const [program, ...args] = argv
  const errors = boundedLog(log, clock)
  let running: ChildProcess | undefined
  let pending: { readonly done: (answer: Answer) => void; readonly cancel: () => void; dataLines: number } | undefined
  const secrets = new Set<string>()
  let failures = 0
  let endPause: (() => void) | undefined
  let reading = false
  let closed = false

  return { ready, ask, close }

  function ready(): boolean {
    return !closed && !reading && pending === undefined && endPause === undefined
  }

  function ask(command: string, done: (answer: Answer) => void, secret?: string): void {
    if (!ready()) {
      done({ kind: 'failed', detail: 'the user module is not ready' })
      return
    }
    const late = () => {
      retire(running, `gave no answer within ${timeoutMs / 1000} s`)
    }
    pending = { done, cancel: clock.after(timeoutMs, late, true), dataLines: 0 }
    if (secret !== undefined) keepHidden(secret)
    running ??= start()
    running?.stdin?.write(`${command}\n`)
  }

  function start(): ChildProcess | undefined {
    let child: ChildProcess
    try {
      child = spawn(program, args, { cwd: options.cwd, stdio: 'pipe', shell: false, windowsHide: true })
    } catch (error) {
      retire(undefined, `cannot be started: ${messageOf(error)}`)
      return undefined
    }
    child.on('error', (error) => {
      retire(child, `cannot be started in ${options.cwd ?? process.cwd()}: ${error.message}`)
    })
    // While a request is pending, 'close' decides: the answer may still be in the pipe.
    child.on('exit', (code, signal) => {
      if (pending === undefined) retire(child, ending(code, signal))
    })
    child.on('close', (code, signal) => {
      retire(child, ending(code, signal))
    })
    // EPIPE: the end of the process, or the time-out, settles the request and has more to say.
    child.stdin?.on('error', () => undefined)
    const splitOut = lineSplitter(REPLY_LIMIT, (line, whole) => {
      if (child === running) takeLine(child, line, whole)
    })
    child.stdout?.on('data', (chunk: Buffer) => {
      // Not ready before the whole chunk is read: a second line in it must not answer the next request.
      reading = true
      splitOut(chunk)
      reading = false
      if (child === running && ready()) options.onReady()
    })
    const splitErr = lineSplitter(STDERR_LINE, (line) => {
      errors('warn', `user module ${program} says: ${printable(hide(line.toString()))}`)
    })
    child.stderr?.on('data', splitErr)
    letGo(child)
    return child
  }

  function takeLine(child: ChildProcess, bytes: Buffer, whole: boolean): void {
    if (pending === undefined) {
      retire(child, 'wrote a line that nobody had asked for')
      return
    }
    const line = whole ? decodeLine(bytes) : undefined
    if (line === undefined) {
      retire(child, whole ? 'answered with binary data' : `wrote a line of more than ${REPLY_LIMIT} bytes`)
      return
    }
    switch (replyClass(line)) {
      case 'data':
        if (++pending.dataLines > MAX_DATA_LINES) retire(child, `wrote more than ${MAX_DATA_LINES} +DATA lines`)
        return
      case 'garbage':
        retire(child, `answered "${printable(hide(line))}"`)
        return
      case 'ok':
      case 'err':
        failures = 0
        settle({ kind: 'line', line })
        return
      case 'dead':
        settle({ kind: 'line', line })
    }
  }

  /** What it says on stderr may arrive after its answer. */
  function keepHidden(secret: string): void {
    secrets.add(secret)
    clock.after(timeoutMs + HIDDEN_MS, () => secrets.delete(secret), false)
  }

  function hide(text: string): string {
    return [...secrets].reduce((shown, secret) => shown.replaceAll(secret, '***'), text)
  }

  function settle(answer: Answer): void {
    const settled = pending
    pending = undefined
    settled?.cancel()
    settled?.done(answer)
  }

  function retire(child: ChildProcess | undefined, why: string): void {
    if (child !== running) return
    running = undefined
    child?.kill('SIGKILL')
    child?.stdin?.destroy()
    child?.stdout?.destroy()
    const pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** failures)
    failures++
    endPause = clock.after(
      pause,
      () => {
        endPause = undefined
        options.onReady()
      },
      false,
    )
    log('warn', `user module ${program} ${why}; not started again for ${pause} ms`)
    settle({ kind: 'failed', detail: `user module ${program} ${why}` })
  }

  function close(): void {
    if (closed) return
    closed = true
    endPause?.()
    const child = running
    running = undefined
    settle({ kind: 'failed', detail: 'the user directory is closed' })
    if (child === undefined) return
    child.stdin?.end('exit\n')
    const cancel = clock.after(
      EXIT_GRACE_MS,
      () => {
        log('warn', `user module ${program} did not end when told to and is killed`)
        child.kill('SIGKILL')
      },
      false,
    )
    child.once('exit', (code, signal) => {
      cancel()
      log('debug', `user module ${program} ${ending(code, signal)}`)
    })
  }
}

/** An idle module must not keep the process from ending; a pending request does so with its timer. */
function letGo(child: ChildProcess): void {
  child.unref()
  // Pipes are sockets at run time; their type does not say so. None are there when descriptors ran out.
  for (const pipe of [child.stdin, child.stdout, child.stderr]) if (pipe instanceof Socket) pipe.unref()
}

function ending(code: number | null, signal: NodeJS.Signals | null): string {
  return signal === null ? `ended with exit status ${code ?? 'unknown'}` : `was ended by ${signal}`
}

function messageOf(error: unknown): string {
  return errorText(error)
}
