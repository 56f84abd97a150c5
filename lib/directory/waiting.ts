import type { Clock } from '../clock.js'

/** Requests that wait for their turn, first come first served. */
export interface WaitingLine<T> {
  /** Adds one; `giveUp` is called instead of a turn: at once when the line is full, else after the time-out. */
  add(item: T, giveUp: (detail: string) => void): void
  /** Takes the one that waited longest out of the line. */
  take(): T | undefined
  /** Gives up all of them and every later one. */
  close(): void
}

export interface WaitingOptions {
  readonly max: number
  readonly timeoutMs: number
  readonly clock: Clock
}

/** A bounded line in which nobody waits longer than `timeoutMs`. */
export function waitingLine<T>({ max, timeoutMs, clock }: WaitingOptions): WaitingLine<T> {
  const waiting = new Set<{ item: T; giveUp: (detail: string) => void; cancel: () => void }>()
  let closed = false
  return {
    add(item, giveUp) {
      if (closed) {
        giveUp('the user directory is closed')
        return
      }
      if (waiting.size >= max) {
        giveUp(`${max} look-ups are waiting already`)
        return
      }
      const expire = () => {
        waiting.delete(entry)
        giveUp(`no turn within ${timeoutMs / 1000} s`)
      }
      const entry = { item, giveUp, cancel: clock.after(timeoutMs, expire, true) }
      waiting.add(entry)
    },
    take() {
      for (const entry of waiting) {
        waiting.delete(entry)
        entry.cancel()
        return entry.item
      }
      return undefined
    },
    close() {
      closed = true
      for (const entry of waiting) {
        waiting.delete(entry)
        entry.cancel()
        entry.giveUp('the user directory is closed')
      }
    },
  }
}
