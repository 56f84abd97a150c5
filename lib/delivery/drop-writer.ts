import type { BatchResult } from './append-job.js'
import { deferredBy } from './failure.js'
import { threadRoom, takeBatch, targetOf, type AppendRequest, type FileQueue, type Pending } from './file-queue.js'
import type { Lane } from './lane.js'
import type { Outcome } from './types.js'

/** A drop file that is written to without pause leaves its lock alone now and then, for the mail readers. */
const BUSY_MS = 2_000
const REST_MS = 250
/** A thread that takes longer than this sits on a disk that hangs; another one goes on with the other files. */
const STUCK_MS = 1_000

export interface Threads {
  readonly start: () => Lane
  /** Threads that work when none is stuck: few, so that more messages share a sync. */
  readonly usual: number
  /** Threads when others are stuck. */
  readonly most: number
}

/** Writes drop files, many at a time. */
export interface DropWriter {
  /** Resolves when the message is on disk, or cannot be now. Never rejects. */
  append(request: AppendRequest): Promise<Outcome>
  close(): Promise<void>
}

interface Running {
  readonly queue: FileQueue
  readonly batch: readonly Pending[]
}

interface Thread {
  readonly lane: Lane
  /** When its work began; undefined while it has none. */
  busySince: number | undefined
}

/**
 * Messages for one drop file that arrive together are written under one lock with one sync, in the order they came;
 * different drop files share syncs and threads. A drop file whose lock somebody else holds takes no thread while it
 * waits.
 */
export function createDropWriter({ start, usual, most }: Threads): DropWriter {
  const queues = new Map<string, FileQueue>()
  const line: FileQueue[] = []
  const threads: Thread[] = []
  let scheduled = false

  function append(request: AppendRequest): Promise<Outcome> {
    const { file } = request.target
    return new Promise((resolve) => {
      const now = performance.now()
      const queue = queues.get(file) ?? { file, waiting: [], state: 'idle', since: now }
      queues.set(file, queue)
      queue.waiting.push({ ...request, deadline: now + request.lockWaitMs, resolve })
      if (queue.state === 'idle') enter(queue)
    })
  }

  function enter(queue: FileQueue): void {
    queue.state = 'ready'
    line.push(queue)
    if (scheduled) return
    scheduled = true
    // What other connections bring in this turn of the event loop goes along.
    setImmediate(() => {
      scheduled = false
      dispatch()
    })
  }

  function dispatch(): void {
    while (line.length > 0) {
      let thread: Thread | undefined
      try {
        thread = freeThread()
      } catch (error) {
        // No thread to be had: out of memory, or of processes.
        for (const { queue, batch } of takeWork()) fail(queue, batch, error)
        continue
      }
      if (thread === undefined) return
      run(thread, takeWork())
    }
  }

  function freeThread(): Thread | undefined {
    const now = performance.now()
    const working = threads.filter(({ busySince }) => busySince !== undefined && now - busySince <= STUCK_MS)
    if (working.length >= usual) return undefined
    const idle = threads.find(({ busySince }) => busySince === undefined)
    if (idle !== undefined || threads.length >= most) return idle
    const thread = { lane: start(), busySince: undefined }
    threads.push(thread)
    return thread
  }

  /** As much of the line as fits, one batch for each file. */
  function takeWork(): Running[] {
    const work: Running[] = []
    const room = threadRoom()
    for (let queue = line[0]; queue !== undefined; queue = line[0]) {
      const batch = takeBatch(queue, room, work.length === 0)
      if (batch.length === 0) break
      line.shift()
      queue.state = 'running'
      work.push({ queue, batch })
    }
    return work
  }

  function run(thread: Thread, work: readonly Running[]): void {
    thread.busySince = performance.now()
    const alarm = setTimeout(dispatch, STUCK_MS + 1)
    thread.lane
      .run(work.map(({ batch }) => ({ target: targetOf(batch), jobs: batch.map(({ job }) => job) })))
      .then((results) => {
        thread.busySince = undefined
        work.forEach(({ queue, batch }, index) => {
          settle(queue, batch, results[index])
        })
      })
      .catch((error: unknown) => {
        // The next work starts another thread. Whether these are on disk is not known; twice is better than never.
        const at = threads.indexOf(thread)
        if (at >= 0) threads.splice(at, 1)
        for (const { queue, batch } of work) fail(queue, batch, error)
      })
      .finally(() => {
        clearTimeout(alarm)
        dispatch()
      })
  }

  function settle(queue: FileQueue, batch: readonly Pending[], result: BatchResult | undefined): void {
    if (result === undefined) {
      fail(queue, batch, new Error('the delivery thread gave no answer'))
    } else if (result.busy) {
      waitForLock(queue, batch, result.holder)
    } else {
      for (const warning of result.warnings) batch[0]?.warn(warning)
      batch.forEach(({ resolve }, index) => {
        const outcome = result.outcomes[index]
        if (outcome !== undefined) resolve(outcome)
      })
      leave(queue)
    }
  }

  function fail(queue: FileQueue, batch: readonly Pending[], error: unknown): void {
    const outcome = deferredBy(error, `cannot deliver to ${queue.file}`)
    for (const { resolve } of batch) resolve(outcome)
    leave(queue)
  }

  /** Back to the front of the queue, but for those whose time is up. */
  function waitForLock(queue: FileQueue, batch: readonly Pending[], holder: string): void {
    const now = performance.now()
    const all = [...batch, ...queue.waiting.splice(0)]
    queue.waiting.push(...all.filter(({ deadline }) => deadline > now))
    for (const { resolve } of all.filter(({ deadline }) => deadline <= now)) {
      resolve({
        state: 'deferred',
        status: '4.2.0',
        text: 'the mailbox is busy',
        detail: `the lock of ${queue.file} is held by ${holder}`,
      })
    }
    const soonest = Math.min(...queue.waiting.map(({ deadline }) => deadline - now))
    if (queue.waiting.length === 0) leave(queue)
    else rest(queue, Math.min(soonest, 20 + Math.random() * 180))
  }

  function leave(queue: FileQueue): void {
    if (queue.waiting.length === 0) {
      queues.delete(queue.file)
    } else if (performance.now() - queue.since > BUSY_MS) {
      rest(queue, REST_MS)
    } else {
      enter(queue)
    }
  }

  function rest(queue: FileQueue, ms: number): void {
    queue.state = 'resting'
    setTimeout(() => {
      queue.since = performance.now()
      enter(queue)
    }, ms)
  }

  return {
    append,
    async close() {
      await Promise.all(threads.splice(0).map(({ lane }) => lane.close()))
    },
  }
}
