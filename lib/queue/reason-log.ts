import { lstat, rename, unlink } from 'node:fs/promises'
import path from 'node:path'
import { processExists } from '../process/exists.js'
import { errorText } from '../error.js'
import type { Entry } from './entry.js'
import type { QueueIndex } from './index.js'
import { isMissing, listReasonFiles, parseReasonFileName, readReasonFile } from './reason-files.js'
import { createReasonWriter, type ReasonWriterOptions } from './reason-writer.js'

export interface ReasonLogOptions extends ReasonWriterOptions {
  readonly index: Pick<QueueIndex, 'all' | 'get'>
  /** Whether there is a process with this pid. */
  readonly isAlive?: (pid: number) => boolean
}

/** Keeps why the last attempt at each message failed over restarts and crashes. A crash may lose the latest. */
export interface ReasonLog {
  /** The attempt at this message has failed; its reason is tidy. Returns at once. */
  note(entry: Entry): void
  /**
   * This process takes over the queue of another, or, where there is one only, of all: entries without a reason get what those
   * had, once the files are in the index (`loaded`). Never rejects.
   */
  takeOver(whose: number | 'all', loaded: Promise<unknown>): Promise<void>
  /** Removes what has been nobody's since the call before: there was no queue file left to take over with it. */
  sweep(): Promise<void>
  /** Everything noted so far is in the file, or could not be written. */
  settled(): Promise<void>
  close(): void
}

export function createReasonLog(options: ReasonLogOptions): ReasonLog {
  const { directory, owner, index, warn, isAlive = processExists } = options
  const writer = createReasonWriter(options)
  let takeOvers = 0
  /** Ids that failed while something is taken over: what is read of them is older. */
  const fresh = new Set<string>()
  let ownerless = new Set<string>()

  function isDead(name: string): boolean {
    const file = parseReasonFileName(name)
    if (file === undefined) return false
    if (file.run !== owner.run) return true
    return file.pid !== owner.pid && !isAlive(file.pid)
  }

  /** Files become this process's own before they are read: if it dies too, they go with its queue. Oldest first. */
  async function claim(whose: number | 'all'): Promise<string[]> {
    const found: { readonly name: string; readonly mtimeMs: number }[] = []
    for (const name of await listReasonFiles(directory)) {
      if (!isDead(name) || (whose !== 'all' && parseReasonFileName(name)?.pid !== whose)) continue
      const seen = await lstat(path.join(directory, name)).catch(() => undefined)
      if (seen !== undefined) found.push({ name, mtimeMs: seen.mtimeMs })
    }
    const claimed: string[] = []
    for (const { name } of found.sort((a, b) => a.mtimeMs - b.mtimeMs)) {
      const mine = writer.newPath()
      try {
        await rename(path.join(directory, name), mine)
        claimed.push(mine)
      } catch (error) {
        // Another process was first.
        if (!isMissing(error)) throw error
      }
    }
    return claimed
  }

  /** The files that could be read. */
  async function readAll(files: readonly string[]): Promise<string[]> {
    const read: string[] = []
    for (const file of files) {
      try {
        await readReasonFile(file, restore)
        read.push(file)
      } catch (error) {
        complain(error)
      }
    }
    return read
  }

  function complain(error: unknown): void {
    const why = errorText(error)
    warn(`why mail of an earlier process could not be sent is not known, ${directory} cannot be read: ${why}`)
  }

  function restore(id: string, reason: string): void {
    const entry = fresh.has(id) ? undefined : index.get(id)
    if (entry !== undefined) entry.reason = reason
  }

  return {
    note(entry) {
      if (takeOvers > 0) fresh.add(entry.id)
      writer.add(entry)
    },
    async takeOver(whose, loaded) {
      takeOvers++
      try {
        // Haraka deals with a queue that cannot be loaded; what is in the index then is served all the same.
        const [files] = await Promise.all([claim(whose), loaded.catch(() => undefined)])
        const read = await readAll(files)
        if (read.length > 0) writer.replace(read)
      } catch (error) {
        complain(error)
      } finally {
        if (--takeOvers === 0) fresh.clear()
      }
    },
    async sweep() {
      const dead = (await listReasonFiles(directory)).filter(isDead)
      for (const name of dead) {
        if (ownerless.has(name)) await unlink(path.join(directory, name)).catch(() => undefined)
      }
      ownerless = new Set(dead)
    },
    settled: () => writer.settled(),
    close() {
      writer.close()
    },
  }
}
