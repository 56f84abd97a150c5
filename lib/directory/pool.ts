import { moduleChild, type Answer, type ChildOptions } from './child.js'
import { systemClock, type Clock } from './clock.js'
import { encodeLookup, parseReply, type DropFileRules } from './protocol.js'
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
  close(): void
}

const MAX_WAITING = 1_000

/**
 * Starts no process yet; a request goes to the first copy that is idle, else it waits for at most `timeoutMs` in a line
 * of at most 1000. The time for the reply itself counts from when the command is sent, so a busy hour does not get
 * a module killed that answers in time; an answer takes at most twice `timeoutMs`.
 */
export function modulePool(options: PoolOptions): ModulePool {
  const { argv, cwd, timeoutMs, log, clock = systemClock } = options
  const line = waitingLine<{ command: string; done: (answer: Answer) => void }>({ max: MAX_WAITING, timeoutMs, clock })
  const children = Array.from({ length: Math.max(1, options.number) }, () =>
    moduleChild({ argv, cwd, timeoutMs, log, clock, onReady: serve }),
  )

  function serve(): void {
    for (;;) {
      const child = children.find((each) => each.ready())
      const request = child === undefined ? undefined : line.take()
      if (child === undefined || request === undefined) return
      child.ask(request.command, request.done)
    }
  }

  return {
    ask(command) {
      return new Promise((resolve) => {
        line.add({ command, done: resolve }, (detail) => {
          resolve({ kind: 'failed', detail })
        })
        serve()
      })
    },
    close() {
      line.close()
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
    clear() {
      // A module keeps its own data; nothing is held here.
    },
    close() {
      pool.close()
    },
  })
}
