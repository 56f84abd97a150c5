/** Time and timers, so that tests can move them by hand. */
export interface Clock {
  /** Milliseconds since an arbitrary moment; never goes back. */
  readonly now: () => number
  /**
   * Calls `run` once after `ms` milliseconds and returns what cancels it. `hold` keeps the process alive
   * meanwhile: only for a timer that somebody waits for.
   */
  after(ms: number, run: () => void, hold: boolean): () => void
}

export const systemClock: Clock = {
  now: () => performance.now(),
  after(ms, run, hold) {
    const timer = setTimeout(run, ms)
    if (!hold) timer.unref()
    return () => {
      clearTimeout(timer)
    }
  },
}
