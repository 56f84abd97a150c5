import { utimes } from 'node:fs'
import { open } from 'node:fs/promises'
import { setTimeout as wait } from 'node:timers/promises'
import { errorCode } from '../error.js'

/** How often a mark is renewed, for those on other machines that look at it. */
const RENEW_MS = 5_000
/** A mark that is not renewed for so long is nobody's. */
export const WATCH_MS = 2 * RENEW_MS + 1_000
const LOOK_MS = 500

/** Renews a mark until what is returned is called. */
export function keepRenewed(file: string, everyMs = RENEW_MS): () => void {
  const timer = setInterval(() => {
    const now = new Date()
    // It may be gone, or out of reach: whoever looks sees that it is not renewed.
    utimes(file, now, now, () => undefined)
  }, everyMs)
  timer.unref()
  return () => {
    clearInterval(timer)
  }
}

/** Whether a mark is renewed while it is watched: true as soon as it is. One that is gone is not. */
export async function isRenewed(file: string, watchMs = WATCH_MS): Promise<boolean> {
  const before = await touched(file)
  for (const endMs = performance.now() + watchMs; before !== undefined;) {
    const leftMs = endMs - performance.now()
    if (leftMs <= 0) break
    await wait(Math.min(LOOK_MS, leftMs))
    const now = await touched(file)
    if (now !== before) return now !== undefined
  }
  return false
}

/** It is opened for that: NFS tells then what it is now, and not what it was. */
async function touched(file: string): Promise<number | undefined> {
  try {
    const handle = await open(file, 'r')
    try {
      return (await handle.stat()).mtimeMs
    } finally {
      await handle.close()
    }
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined
    throw error
  }
}
