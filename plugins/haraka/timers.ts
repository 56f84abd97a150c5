import { createHeap } from '../../lib/queue/heap.js'
import type { HarakaTimer, HarakaTimerQueue } from './outbound-types.js'

export interface TimerEvents {
  /** Haraka set a timer. */
  waits(file: string, dueMs: number): void
  /** A timer fired; it is not there any more. */
  due(file: string): void
  /** The file was removed. */
  gone(file: string): void
}

/** Haraka's `temp_fail_queue`, with its timers found by file name. */
export interface Timers {
  /** Sets a timer without telling `waits`, in place of one that is there. */
  park(file: string, forMs: number): void
  /** Takes a timer away, so that it never fires. False when there is none. */
  unpark(file: string): boolean
}

/** For a time that is none: a plugin may answer `deferred` with words instead of seconds. */
const SOME_TIME_MS = 60_000
/** So many timers that were taken away may lie in the heap, besides as many as there are others. */
const DEAD = 1000

/**
 * Takes Haraka's timer queue over. A timer of Haraka's holds its message in memory, cannot be found without looking at all
 * others, and takes a walk over all others to be set. Here it is a file name and a time: a message that waits is a file and
 * nothing else, and is loaded when its time comes. What Haraka and its status plugin do with the queue works as before; the
 * array they see is made when they look.
 */
export function takeOverTimers(queue: HarakaTimerQueue, events: TimerEvents): Timers {
  const waiting = new Map<string, Timer>()
  let heap = createHeap<Timer>((timer) => timer.fire_time)

  /** Small: there may be hundreds of thousands. One that is not in `waiting` any more is dead and does nothing. */
  class Timer implements HarakaTimer {
    constructor(
      readonly id: string,
      readonly fire_time: number,
    ) {}

    cb(): void {
      if (take(this)) events.due(this.id)
    }

    cancel(): void {
      take(this)
    }
  }

  function take(timer: Timer): boolean {
    return waiting.get(timer.id) === timer && waiting.delete(timer.id)
  }

  function park(file: string, forMs: number): Timer {
    const timer = new Timer(file, Date.now() + (Number.isNaN(forMs) ? SOME_TIME_MS : Math.max(forMs, 0)))
    waiting.set(file, timer)
    heap.add(timer)
    if (heap.size > 2 * waiting.size + DEAD) {
      heap = createHeap((one) => one.fire_time)
      for (const one of sorted()) heap.add(one)
    }
    return timer
  }

  function sorted(): Timer[] {
    return [...waiting.values()].sort((a, b) => a.fire_time - b.fire_time)
  }

  Object.defineProperty(queue, 'queue', { get: sorted, configurable: true })
  queue.length = () => waiting.size
  queue.add = (file, ms) => {
    const timer = park(file, ms)
    events.waits(file, timer.fire_time)
    return timer
  }
  queue.fire = () => {
    for (const timer of heap.takeUntil(Date.now())) timer.cb()
  }
  // Of each one the timer it has now: what is suspended gets another at once.
  queue.drain = () => {
    for (const timer of sorted()) timer.cb()
  }
  // Only the status plugin does this, and removes the file.
  queue.discard = (file) => {
    const timer = waiting.get(file)
    if (timer === undefined) throw new Error(`${file} not found`)
    take(timer)
    events.gone(file)
    return [timer]
  }
  return {
    park: (file, forMs) => {
      park(file, forMs)
    },
    unpark: (file) => waiting.delete(file),
  }
}
