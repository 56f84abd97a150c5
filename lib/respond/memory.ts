import { mkdirSync, renameSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { tryLock } from '../delivery/dotlock.js'
import { memoryFileName, readAnswered, writeAnswered, type Answered } from './memory-file.js'

/** `claimed`: nobody else answers this sender now. `full`: so many were answered that no more are. */
export type Claim = 'claimed' | 'answered' | 'full'

/** Who was answered for one user. Several processes may use it at once. What it cannot do it throws: the file system's error. */
export interface Memory {
  /** Whether a sender was answered in the last `everyMs`. Waits for nobody and writes nothing. */
  isAnswered(sender: string, nowMs: number): boolean
  /** Writes a sender down as answered, unless he is already; on disk when it resolves. */
  claim(sender: string, nowMs: number): Promise<Claim>
  /** Takes a claim back: the answer did not go out. */
  release(sender: string): Promise<void>
}

/** Another process has the lock for longer than anybody needs it. */
export class MemoryBusy extends Error {
  override readonly name = 'MemoryBusy'
}

/**
 * So many senders are remembered for a user. When they are that many, no more are answered until some are forgotten: who sends
 * with ten thousand forged senders must not get ten thousand answers sent, nor have it forget whom it answered.
 */
export const MAX_SENDERS = 10_000

export interface MemoryOptions {
  /** A directory of drespond's own, made where it is missing. */
  readonly directory: string
  readonly userKey: string
  readonly everyMs: number
  readonly maxSenders?: number
  readonly lockWaitMs?: number
  readonly warn: (text: string) => void
}

/** A lock is held while a small file is written. */
const STALE = { staleMs: 60_000, lockId: '' }
const LOCK_WAIT_MS = 10_000
const POLL_MS = 20

/** Opens the memory of a user; nothing is read or made before it is asked. */
export function openMemory(options: MemoryOptions): Memory {
  const { directory, userKey, everyMs, maxSenders = MAX_SENDERS, lockWaitMs = LOCK_WAIT_MS, warn } = options
  const file = path.join(directory, memoryFileName(userKey))
  // A clock that was set back must not make anybody wait for years.
  const isRecent = (atMs: number | undefined, nowMs: number): boolean =>
    atMs !== undefined && Math.abs(nowMs - atMs) < everyMs

  async function locked<T>(action: () => T): Promise<T> {
    mkdirSync(directory, { recursive: true, mode: 0o700 })
    const end = performance.now() + lockWaitMs
    for (;;) {
      const lock = tryLock(file, STALE)
      if (!('busy' in lock)) {
        try {
          return action()
        } finally {
          lock.release()
        }
      }
      if (performance.now() >= end) throw new MemoryBusy(`${file} is locked by ${lock.holder}`)
      await sleep(POLL_MS)
    }
  }

  /** A damaged file is put aside for the operator, and what could be read of it is still known. */
  function readMended(nowMs: number): Answered {
    const { answered, damage } = readAnswered(file)
    if (damage === undefined) return answered
    const aside = `${file}.damaged-${new Date(nowMs).toISOString().replace(/[:.]/g, '')}`
    renameSync(file, aside)
    warn(`${file} is damaged (${damage}): it was put aside as ${path.basename(aside)}`)
    return answered
  }

  return {
    isAnswered: (sender, nowMs) => isRecent(readAnswered(file).answered.get(sender), nowMs),
    claim: (sender, nowMs) =>
      locked(() => {
        const known = readMended(nowMs)
        if (isRecent(known.get(sender), nowMs)) return 'answered'
        const kept = new Map([...known].filter(([, atMs]) => isRecent(atMs, nowMs)))
        if (kept.size >= maxSenders) return 'full'
        writeAnswered(file, kept.set(sender, nowMs))
        return 'claimed'
      }),
    release: (sender) =>
      locked(() => {
        const { answered } = readAnswered(file)
        if (answered.delete(sender)) writeAnswered(file, answered)
      }),
  }
}
