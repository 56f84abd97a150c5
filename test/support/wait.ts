/**
 * How long a test waits for something that is going to happen: long for a machine that is slow or stands still for seconds, and less
 * than the minute after which much is looked at again that should have been seen before.
 */
export const PATIENCE_MS = 45_000
const POLL_MS = 50

export interface WaitOptions {
  readonly timeoutMs?: number
  /** What to say when it did not happen; called then, so it can show how far things came. */
  readonly otherwise: () => string
}

/** The promise's value, or an Error made of `otherwise` after `timeoutMs` (default 45 s). */
export async function within<T>(promise: Promise<T>, { timeoutMs = PATIENCE_MS, otherwise }: WaitOptions): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`waited ${timeoutMs} ms: ${otherwise()}`))
    }, timeoutMs)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}

/**
 * Asks `probe` every 50 ms until it answers something other than undefined or false; that is the result. A file that
 * is not there yet (ENOENT) counts as "not yet", any other exception ends the wait with it.
 */
export async function until<T>(probe: () => T | undefined | false, options: WaitOptions): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const seen = new Promise<T>((resolve, reject) => {
    const look = (): void => {
      try {
        const answer = probe()
        if (answer !== undefined && answer !== false) {
          resolve(answer)
          return
        }
      } catch (error) {
        if (!isMissingFile(error)) {
          reject(error instanceof Error ? error : new Error(String(error)))
          return
        }
      }
      timer = setTimeout(look, POLL_MS)
    }
    look()
  })
  try {
    return await within(seen, options)
  } finally {
    clearTimeout(timer)
  }
}

function isMissingFile(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}
