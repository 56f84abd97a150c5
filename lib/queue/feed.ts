/** Files whose time has come, until there is a free place for them. */
export interface Feed {
  /** `first`: before those that are merely due. */
  add(file: string, first: boolean): void
  /** One that waits for a place goes before those that are merely due; any other is not touched. */
  hurry(file: string): void
  /** The attempt at this file has ended, or there was none. */
  done(file: string): void
  readonly length: number
}

/**
 * Starts at most `limit` files at once. Haraka would load every file that is due into memory, however many there are, and only
 * then limit the attempts.
 */
export function createFeed(limit: number, start: (file: string) => void): Feed {
  const urgent = new Set<string>()
  const due = new Set<string>()
  const running = new Set<string>()
  const next = (): void => {
    for (const line of [urgent, due]) {
      for (const file of line) {
        if (running.size >= limit) return
        line.delete(file)
        running.add(file)
        start(file)
      }
    }
  }
  return {
    add(file, first) {
      if (running.has(file)) return
      if (first) due.delete(file)
      if (first || !urgent.has(file)) (first ? urgent : due).add(file)
      next()
    },
    hurry(file) {
      if (due.delete(file)) urgent.add(file)
    },
    done(file) {
      if (running.delete(file) || urgent.delete(file) || due.delete(file)) next()
    },
    get length() {
      return urgent.size + due.size + running.size
    },
  }
}
