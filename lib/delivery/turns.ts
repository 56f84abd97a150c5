/** Ends a turn; calling it again does nothing. */
export type Leave = () => void

/** Longest wait a timer of Node can express, in milliseconds. */
const MAX_TIMER = 2 ** 31 - 1

const queues = new Map<string, Set<() => void>>()

/**
 * Waits for one's turn at `key` among the deliveries of this process, first come, first served. Resolves to undefined
 * when `waitMs` milliseconds pass first; rejects with the reason when the signal is aborted.
 *
 * Two deliveries of one process thus hand a lock over at once instead of both polling the file system for it.
 */
export function takeTurn(key: string, waitMs: number, signal?: AbortSignal): Promise<Leave | undefined> {
  const queue = queues.get(key)
  if (queue === undefined) {
    queues.set(key, new Set())
    return Promise.resolve(leaving(key))
  }
  return new Promise((resolve, reject) => {
    const forget = (): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', onAbort)
      queue.delete(enter)
    }
    const enter = (): void => {
      forget()
      resolve(leaving(key))
    }
    const onAbort = (): void => {
      forget()
      reject(abortReason(signal))
    }
    const timer = setTimeout(
      () => {
        forget()
        resolve(undefined)
      },
      Math.min(waitMs, MAX_TIMER),
    )
    signal?.addEventListener('abort', onAbort)
    queue.add(enter)
  })
}

/** Why a signal was aborted, as an Error. */
export function abortReason(signal: AbortSignal | undefined): Error {
  return signal?.reason instanceof Error ? signal.reason : new Error('the wait was ended')
}

function leaving(key: string): Leave {
  let inside = true
  return () => {
    if (!inside) return
    inside = false
    for (const next of queues.get(key) ?? []) {
      next()
      return
    }
    queues.delete(key)
  }
}
