import type { HarakaTimer, HarakaTimerQueue } from './types.js'

export interface TimerEvents {
  /** Haraka set a timer. */
  waits(file: string, dueMs: number): void
  /** A timer fired; it is not there any more. */
  due(file: string): void
}

/** Haraka's `temp_fail_queue`, with its timers found by file name. */
export interface Timers {
  /** Sets a timer without telling `waits`. */
  park(file: string, forMs: number): void
  /** Takes a timer away, so that it never fires. False when there is none. */
  unpark(file: string): boolean
}

/**
 * Takes Haraka's timer queue over. A timer of Haraka's holds its message in memory, cannot be found without looking at all
 * others, and takes a walk over all others to be set. Here it is a file name and a time: a message that waits is a file and
 * nothing else, and is loaded when its time comes. The array stays what Haraka and its status plugin expect, sorted by time.
 */
export function takeOverTimers(queue: HarakaTimerQueue, events: TimerEvents): Timers {
  const byFile = new Map<string, HarakaTimer>()

  function park(file: string, forMs: number): HarakaTimer {
    const timer: HarakaTimer = {
      id: file,
      fire_time: Date.now() + Math.max(forMs, 0),
      cb: () => {
        if (byFile.get(file) === timer) byFile.delete(file)
        events.due(file)
      },
      cancel() {
        timer.cb = null
        if (byFile.get(file) === timer) byFile.delete(file)
      },
    }
    unpark(file)
    byFile.set(file, timer)
    queue.queue.splice(firstAfter(queue.queue, timer.fire_time), 0, timer)
    return timer
  }

  function unpark(file: string): boolean {
    const timer = byFile.get(file)
    if (timer === undefined) return false
    byFile.delete(file)
    for (let at = firstAfter(queue.queue, timer.fire_time) - 1; at >= 0; at--) {
      if (queue.queue[at] !== timer) continue
      queue.queue.splice(at, 1)
      return true
    }
    return false
  }

  queue.add = (file, ms) => {
    const timer = park(file, ms)
    events.waits(file, timer.fire_time)
    return timer
  }
  // Haraka's own takes them off the front one by one, which moves the whole array every time.
  queue.fire = () => {
    const due = queue.queue.splice(0, firstAfter(queue.queue, Date.now()))
    for (const { cb } of due) cb?.()
  }
  return {
    park: (file, forMs) => {
      park(file, forMs)
    },
    unpark,
  }
}

/** Index of the first timer that fires after `time`. */
function firstAfter(timers: readonly HarakaTimer[], time: number): number {
  let low = 0
  let high = timers.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((timers[middle]?.fire_time ?? Infinity) <= time) low = middle + 1
    else high = middle
  }
  return low
}
