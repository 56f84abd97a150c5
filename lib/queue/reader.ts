import type { EntryHeader } from './entry.js'

/** Learns the headers of waiting files, some hundred at a time, while mail goes on. */
export interface HeaderReader {
  add(file: string): void
  /** It is not wanted any more. */
  forget(file: string): void
  /** Everything was read. */
  readonly isIdle: () => boolean
}

export interface ReaderPorts {
  /** In order; undefined for one that cannot be read. */
  readHeaders(files: readonly string[]): Promise<readonly (EntryHeader | undefined)[]>
  /** Each file that was added comes by once, unless it was forgotten; without a header when it cannot be read. */
  found(file: string, header: EntryHeader | undefined): void
  /** Everything was read. */
  ended(): void
  problem(text: string): void
}

/** Headers read in one go. */
const BATCH = 500
/** The thread that reads may have died; another one may live. */
const TRIES = 2

export function createHeaderReader(ports: ReaderPorts): HeaderReader {
  /** In order. */
  const unread = new Set<string>()
  let reading = false

  async function readBatch(files: readonly string[]): Promise<readonly (EntryHeader | undefined)[]> {
    for (let tries = 1; ; tries++) {
      try {
        return await ports.readHeaders(files)
      } catch (error) {
        if (tries < TRIES) continue
        ports.problem(
          `${files.length} queue files could not be read, they are tried without being known: ${String(error)}`,
        )
        return []
      }
    }
  }

  async function readAll(): Promise<void> {
    while (unread.size > 0) {
      const files: string[] = []
      for (const file of unread) {
        files.push(file)
        if (files.length === BATCH) break
      }
      const headers = await readBatch(files)
      files.forEach((file, at) => {
        if (unread.delete(file)) ports.found(file, headers[at])
      })
    }
    // Nothing comes between the end of the loop and this.
    reading = false
    ports.ended()
  }

  return {
    isIdle: () => !reading && unread.size === 0,
    add(file) {
      unread.add(file)
      if (reading) return
      reading = true
      setImmediate(() => {
        readAll().catch((error: unknown) => {
          reading = false
          ports.problem(`the queue was not read to its end: ${String(error)}`)
        })
      })
    },
    forget(file) {
      unread.delete(file)
    },
  }
}
