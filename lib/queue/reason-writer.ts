import { writeSync } from 'node:fs'
import { unlink, type FileHandle } from 'node:fs/promises'
import path from 'node:path'
import { errorText } from '../error.js'
import type { Entry } from './entry.js'
import type { QueueIndex } from './index.js'
import { isMissing, makeReasonDirectory, openNewFile, reasonFileName, type ReasonOwner } from './reason-files.js'
import { formatRecord } from './reason-record.js'

export interface ReasonWriterOptions {
  readonly directory: string
  /** The owner of this directory is the account Haraka runs as. */
  readonly like: string
  readonly owner: ReasonOwner
  readonly index: Pick<QueueIndex, 'all'>
  /** A file below this size (bytes) is not made smaller; default 1 MiB. */
  readonly room?: number
  readonly now?: () => number
  readonly warn: (text: string) => void
}

/** The file that holds the reasons of this process's queue. */
export interface ReasonWriter {
  /** The reason of an entry is new. Returns at once. */
  add(entry: Entry): void
  /** The path of a file of this process that there is not yet. */
  newPath(): string
  /** The index has everything that these files have: a new file takes their place. */
  replace(files: readonly string[]): void
  /** Everything asked for so far is done, or has failed. */
  settled(): Promise<void>
  close(): void
}

const ROOM = 1024 * 1024
/** Bytes written, and entries looked at, before others have their turn. */
const CHUNK = 64 * 1024
const SLICE = 2000
/** Milliseconds after which a directory that could not be written is tried again. */
const AGAIN_MS = 60_000

/**
 * Appends, and never syncs: a reason is a help to the operator, and mail does not wait for it. A file that has grown to more than
 * twice what is of use is written anew from the index, under the next number; a crash meanwhile leaves both, which say the same.
 */
export function createReasonWriter(options: ReasonWriterOptions): ReasonWriter {
  const { directory, like, owner, index, room = ROOM, now = Date.now, warn } = options
  let handle: FileHandle | undefined
  let current: string | undefined
  /** Files that go when a new one is complete. */
  let replaced: string[] = []
  let number = 0
  let size = 0
  let limit = room
  let buffer: string[] = []
  let buffered = 0
  /** The index has reasons that no file has. */
  let behind = false
  let againMs = 0
  let warned = false
  let closed = false
  let scheduled = false
  let work: Promise<void> = Promise.resolve()

  function schedule(): void {
    if (scheduled || closed) return
    scheduled = true
    work = work.then(flush).catch(failed)
  }

  function failed(error: unknown): void {
    if (closed) return
    leaveFile()
    takeBuffer()
    behind = true
    againMs = now() + AGAIN_MS
    if (warned) return
    warned = true
    const why = errorText(error)
    warn(
      `why mail could not be sent is known until the next restart only, ${directory} cannot be written (${why}): ` +
        'let the account that Haraka runs as write there, or make room',
    )
  }

  async function flush(): Promise<void> {
    scheduled = false
    if (closed) return
    if (behind) {
      if (now() >= againMs) await rewrite()
      else takeBuffer()
      return
    }
    const text = takeBuffer()
    if (text === '') return
    await append(text)
    warned = false
    if (size > limit) await rewrite()
  }

  function takeBuffer(): string {
    const text = buffer.join('')
    buffer = []
    buffered = 0
    return text
  }

  async function append(text: string): Promise<void> {
    if (handle === undefined) {
      makeReasonDirectory(directory, like)
      const file = newPath()
      const opened = await openNewFile(file)
      // Stopped meanwhile: what is written then is for nobody to close.
      if (closed) {
        await opened.close()
        return
      }
      handle = opened
      current = file
      size = 0
    }
    await handle.appendFile(text)
    size += Buffer.byteLength(text)
  }

  async function rewrite(): Promise<void> {
    leaveFile()
    takeBuffer()
    try {
      await writeAll()
    } catch (error) {
      // A part is of no use, what it was to replace is still there.
      if (current !== undefined) await unlink(current).catch(() => undefined)
      current = undefined
      throw error
    }
    if (closed) return
    behind = false
    warned = false
    limit = Math.max(room, 2 * (current === undefined ? 0 : size))
    for (const file of replaced.splice(0)) await remove(file)
  }

  async function writeAll(): Promise<void> {
    let text = ''
    let looked = 0
    for (const { id, reason } of index.all()) {
      if (reason !== '') text += formatRecord(id, reason)
      if (text.length >= CHUNK) {
        await append(text)
        text = ''
      }
      if (++looked % SLICE === 0) await new Promise((resolve) => setImmediate(resolve))
      if (closed) return
    }
    if (text !== '') await append(text)
  }

  /** The present file gets no more records. */
  function leaveFile(): void {
    if (current !== undefined) replaced.push(current)
    handle?.close().catch(() => undefined)
    handle = undefined
    current = undefined
  }

  function newPath(): string {
    return path.join(directory, reasonFileName({ ...owner, number: ++number }))
  }

  return {
    add({ id, reason }) {
      const record = formatRecord(id, reason)
      buffer.push(record)
      buffered += record.length
      // The disk does not keep up: the index has it all.
      if (buffered > ROOM) {
        takeBuffer()
        behind = true
      }
      schedule()
    },
    newPath,
    replace(files) {
      replaced = [...replaced, ...files]
      behind = true
      schedule()
    },
    async settled() {
      while (scheduled) await work
      await work
    },
    close() {
      const text = takeBuffer()
      closed = true
      try {
        if (handle !== undefined && !behind && text !== '') writeSync(handle.fd, text)
      } catch {
        // Haraka ends, and what is lost is a help only.
      }
      handle?.close().catch(() => undefined)
      handle = undefined
    },
  }
}

async function remove(file: string): Promise<void> {
  try {
    await unlink(file)
  } catch (error) {
    if (!isMissing(error)) throw error
  }
}
