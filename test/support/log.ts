import { within, PATIENCE_MS } from './wait.js'

const TAIL_LINES = 100

/** A line of a captured log; `end` is the offset behind it, to go on waiting from. */
export interface LogLine {
  readonly line: string
  readonly end: number
}

export interface LogWait {
  /** Offset into `text()`; a wait sees the lines from there on. Default 0. */
  readonly from?: number
  readonly timeoutMs?: number
}

/** Text that grows line by line, with waiting for a line. */
export interface CapturedLog {
  text(): string
  tail(): string
  /** Adds whole lines; for text that arrives in pieces use `sink()`. */
  append(text: string): void
  /** Takes the pieces of one stream and adds each line when it is complete, so that two streams do not mix in a line. */
  sink(): { readonly write: (piece: string) => void; readonly end: () => void }
  /** No more lines for now: those who wait are told so. Waiting again is allowed, a restart adds lines. */
  end(reason: string): void
  /** The first line that `pattern` matches. Rejects after `timeoutMs` (45 s) or at `end()`, with the log's tail. */
  waitFor(pattern: RegExp, wait?: LogWait): Promise<LogLine>
}

interface Waiter {
  readonly pattern: RegExp
  readonly from: number
  readonly resolve: (line: LogLine) => void
  readonly reject: (error: Error) => void
}

/** An empty log. `name` stands in error messages. */
export function captureLog(name: string): CapturedLog {
  let text = ''
  const waiters = new Set<Waiter>()

  function tail(): string {
    return text.split('\n').slice(-TAIL_LINES).join('\n')
  }

  function append(lines: string): void {
    for (const line of lines.replace(/\n$/, '').split('\n')) {
      const start = text.length
      text += `${line}\n`
      for (const waiter of waiters) {
        if (start >= waiter.from && waiter.pattern.test(line)) waiter.resolve({ line, end: text.length })
      }
    }
  }

  function sink(): { write: (piece: string) => void; end: () => void } {
    let partial = ''
    return {
      write: (piece) => {
        const at = (partial + piece).lastIndexOf('\n') + 1
        const whole = (partial + piece).slice(0, at)
        partial = (partial + piece).slice(at)
        if (whole !== '') append(whole)
      },
      end: () => {
        if (partial !== '') append(partial)
        partial = ''
      },
    }
  }

  async function waitFor(pattern: RegExp, { from = 0, timeoutMs = PATIENCE_MS }: LogWait = {}): Promise<LogLine> {
    // A pattern with the flag g or y remembers where it matched and would skip lines.
    const plain = new RegExp(pattern.source, pattern.flags.replace(/[gy]/g, ''))
    const found = findLine(text, plain, from)
    if (found !== undefined) return found
    let waiter: Waiter | undefined
    const line = new Promise<LogLine>((resolve, reject) => {
      waiter = { pattern: plain, from, resolve, reject }
      waiters.add(waiter)
    })
    try {
      return await within(line, { timeoutMs, otherwise: () => `no line ${String(pattern)} in ${name}:\n${tail()}` })
    } finally {
      if (waiter !== undefined) waiters.delete(waiter)
    }
  }

  return {
    text: () => text,
    tail,
    append,
    sink,
    end: (reason) => {
      for (const { pattern, reject } of waiters) {
        reject(new Error(`${reason} before a line ${String(pattern)} in ${name}:\n${tail()}`))
      }
    },
    waitFor,
  }
}

function findLine(text: string, pattern: RegExp, from: number): LogLine | undefined {
  let start = from
  while (start < text.length) {
    const end = text.indexOf('\n', start)
    const line = text.slice(start, end)
    if (pattern.test(line)) return { line, end: end + 1 }
    start = end + 1
  }
  return undefined
}
