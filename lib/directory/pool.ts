import { moduleChild, type Answer, type ChildOptions } from './child.js'
import { systemClock, type Clock } from '../clock.js'
import { encodeCheck, encodeLookup, parseCheckReply, parseReply, type DropFileRules } from './protocol.js'
import { sharedLookups } from './share.js'
import type { UserDirectory } from './types.js'
import { waitingLine } from './waiting.js'

export interface PoolOptions extends Pick<ChildOptions, 'argv' | 'cwd' | 'timeoutMs' | 'log'> {
  /** authent_number: how many copies of the module run at once. */
  readonly number: number
  readonly clock?: Clock
}

/** Copies of one module program that share the work. */
export interface ModulePool {
  /** The reply to one command of the line protocol (no line end in it). Never rejects. */
  ask(command: string): Promise<Answer>
  /** The same for one that checks a password, which look-ups go before. */
  check(command: string, password: string): Promise<Answer>
  close(): void
}

const MAX_WAITING = 1_000
const MAX_CHECKS_WAITING = 100

interface Request {
  readonly command: string
  readonly done: (answer: Answer) => void
  readonly secret?: string
}

/**
 * Starts no process yet; a request goes to the first copy that is idle, else it waits for at most `timeoutMs` in a line
 * of at most 1000. The time for the reply itself counts from when the command is sent, so a busy hour does not get
 * a module killed that answers in time; an answer takes at most twice `timeoutMs`.
 *
 * Checking a password may be slow on purpose, and anybody may ask for it. So mail does not wait for it: checks have a line of
 * their own that is served after the other, and with two copies or more one of them is kept free of checks.
 */
export function modulePool(options: PoolOptions): ModulePool {
  const { argv, cwd, timeoutMs, log, clock = systemClock } = options
  const line = waitingLine<Request>({ max: MAX_WAITING, timeoutMs, clock })
  const checks = waitingLine<Request>({ max: MAX_CHECKS_WAITING, timeoutMs, clock })
  const children = Array.from({ length: Math.max(1, options.number) }, () =>
    moduleChild({ argv, cwd, timeoutMs, log, clock, onReady: serve }),
  )
  const mostChecking = Math.max(1, children.length - 1)
  let checking = 0

  function serve(): void {
    for (;;) {
      const child = children.find((each) => each.ready())
      if (child === undefined) return
      const lookup = line.take()
      if (lookup !== undefined) {
        child.ask(lookup.command, lookup.done)
        continue
      }
      const check = checking < mostChecking ? checks.take() : undefined
      if (check === undefined) return
      checking++
      const done = (answer: Answer): void => {
        checking--
        check.done(answer)
        serve()
      }
      child.ask(check.command, done, check.secret)
    }
  }

  function enter(into: typeof line, request: Request): void {
    into.add(request, (detail) => {
      request.done({ kind: 'failed', detail })
    })
    serve()
  }

  return {
    ask: (command) =>
      new Promise((done) => {
        enter(line, { command, done })
      }),
    check: (command, secret) =>
      new Promise((done) => {
        enter(checks, { command, done, secret })
      }),
    close() {
      line.close()
      checks.close()
      for (const child of children) child.close()
    },
  }
}

/**
 * The users an external module knows (authent_method external). Time-outs, crashes, `-DEAD` and garbage are
 * `unavailable` (U1); a name that must not be sent (U2, U8) is `unknown` without a request.
 */
export function externalDirectory(options: PoolOptions & DropFileRules): UserDirectory {
  const pool = modulePool(options)
  return sharedLookups({
    async lookup(name) {
      const command = encodeLookup(name)
      if (command === undefined) return { kind: 'unknown' }
      const answer = await pool.ask(command)
      return answer.kind === 'line' ? parseReply(answer.line, options) : { kind: 'unavailable', detail: answer.detail }
    },
    async check(name, password, ip) {
      const command = encodeCheck(name, password, ip)
      if (command === undefined) return { kind: 'wrong' }
      const answer = await pool.check(command, password)
      return answer.kind === 'line' ? parseCheckReply(answer.line) : { kind: 'unavailable', detail: answer.detail }
    },
    clear() {
      // A module keeps its own data; nothing is held here.
    },
    close() {
      pool.close()
    },
  })
}
