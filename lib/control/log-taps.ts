/** A line of Haraka's log. */
export interface LogLine {
  readonly atMs: number
  readonly pid: number
  /** Haraka's name of the level: `INFO`. */
  readonly level: string
  readonly text: string
}

/** What somebody who follows the log wants to see. */
export interface LogWanted {
  /** The highest level, in Haraka's numbers; undefined: whatever is logged. */
  readonly level: number | undefined
  /** Parts of a line that must all be in it, upper and lower case being the same. */
  readonly words: readonly string[]
}

export interface Taken {
  readonly lines: readonly LogLine[]
  /** Lines that were not kept: they came faster than they were taken. */
  readonly dropped: number
}

export interface LogTaps {
  /** What came since the last time; the first time begins. One that nobody takes from for some seconds ends. */
  take(id: string, wanted: LogWanted): Taken
  end(id: string): void
  /** The highest level that anybody wants; undefined: nobody wants more than what is logged. */
  level(): number | undefined
  /** Whether anybody follows. */
  any(): boolean
  /** A line was logged; `level` in Haraka's numbers. */
  see(line: LogLine, level: number): void
  close(): void
}

const MAX_LINES = 2000
/** Lines of the protocol may be as long as a message. */
const MAX_LENGTH = 4096
/** Whoever takes does so several times a second; a process that has died does not say so. */
const FORGET_MS = 10_000

interface Tap {
  readonly wanted: LogWanted
  lines: LogLine[]
  dropped: number
  timer: NodeJS.Timeout
}

/** Keeps log lines for those who follow the log, a bounded number for each. `changed` is called when `level` may have. */
export function createLogTaps(changed: () => void): LogTaps {
  const taps = new Map<string, Tap>()

  function end(id: string): void {
    const tap = taps.get(id)
    if (tap === undefined) return
    clearTimeout(tap.timer)
    taps.delete(id)
    changed()
  }

  function begin(id: string, wanted: LogWanted): Tap {
    const timer = setTimeout(() => {
      end(id)
    }, FORGET_MS)
    timer.unref()
    const words = wanted.words.map((word) => word.toLowerCase())
    const tap: Tap = { wanted: { level: wanted.level, words }, lines: [], dropped: 0, timer }
    taps.set(id, tap)
    changed()
    return tap
  }

  return {
    take(id, wanted) {
      const tap = taps.get(id) ?? begin(id, wanted)
      tap.timer.refresh()
      const taken = { lines: tap.lines, dropped: tap.dropped }
      tap.lines = []
      tap.dropped = 0
      return taken
    },
    end,
    level() {
      const levels = [...taps.values()].flatMap(({ wanted }) => wanted.level ?? [])
      return levels.length === 0 ? undefined : Math.max(...levels)
    },
    any: () => taps.size > 0,
    see(line, level) {
      let lower: string | undefined
      for (const tap of taps.values()) {
        if (tap.wanted.level !== undefined && level > tap.wanted.level) continue
        const { words } = tap.wanted
        if (words.length > 0) {
          lower ??= line.text.toLowerCase()
          if (!holdsAll(lower, words)) continue
        }
        if (tap.lines.length >= MAX_LINES) tap.dropped++
        else tap.lines.push(line.text.length > MAX_LENGTH ? { ...line, text: line.text.slice(0, MAX_LENGTH) } : line)
      }
    },
    close() {
      for (const id of [...taps.keys()]) end(id)
    },
  }
}

function holdsAll(text: string, words: readonly string[]): boolean {
  return words.every((word) => text.includes(word))
}
