import { closeSync, openSync, readSync, writevSync } from 'node:fs'
import type { AppendJob } from './append-job.js'
import { createUnstuffer } from './dot-stuffing.js'
import { createFieldFilter, withoutReaderFields } from './mailbox-fields.js'
import { toMbox, type Dialect } from './mbox.js'
import { createRewriter } from './rewrite.js'
import type { MessageFile } from './types.js'

/** A message in a file is taken in pieces of this size, so that memory does not grow with it. */
const PIECE_BYTES = 256 * 1024

/** A job made ready: its mbox form in memory, or the file to take it from. */
export type ReadyJob = { readonly head: Buffer } & ({ readonly bytes: Buffer } | { readonly file: MessageFile })

export function makeReady({ head, body }: AppendJob, dialect: Dialect): ReadyJob {
  const begin = Buffer.from(head)
  if (!(body instanceof Uint8Array)) return { head: begin, file: body }
  const message = Buffer.from(body.buffer, body.byteOffset, body.byteLength)
  return { head: begin, bytes: toMbox(withoutReaderFields(message), dialect) }
}

/** Bytes the job will take; undefined for one that comes from a file. */
export function lengthOf(job: ReadyJob): number | undefined {
  return 'bytes' in job ? job.head.length + job.bytes.length : undefined
}

/**
 * Writes `separator` and the jobs at the end of the file; throws the error of the file system, and what `before` throws,
 * which is called before each write.
 */
export function writeJobs(
  fd: number,
  separator: Buffer,
  jobs: readonly ReadyJob[],
  dialect: Dialect,
  before: () => void,
): void {
  let pending: Buffer[] = [separator]
  for (const job of jobs) {
    pending.push(job.head)
    if ('bytes' in job) {
      pending.push(job.bytes)
    } else {
      writeAll(fd, pending, before)
      pending = []
      for (const piece of piecesOf(job.file, dialect)) writeAll(fd, [piece], before)
    }
  }
  writeAll(fd, pending, before)
}

/** What goes wrong with the message is not the mailbox's fault, whatever its code. */
function* piecesOf(file: MessageFile, dialect: Dialect): Generator<Buffer> {
  const rewriter = createRewriter(dialect, true)
  const filter = createFieldFilter()
  const unstuff = file.dotStuffed ? createUnstuffer() : (piece: Buffer): Buffer => piece
  const fd = reading(() => openSync(file.path, 'r'))
  try {
    const buffer = Buffer.alloc(PIECE_BYTES)
    let at = file.start
    for (;;) {
      const length = reading(() => readSync(fd, buffer, 0, buffer.length, at))
      if (length === 0) break
      at += length
      yield rewriter.push(filter.push(unstuff(buffer.subarray(0, length))))
    }
    yield rewriter.push(filter.end())
    yield rewriter.end()
  } finally {
    closeSync(fd)
  }
}

function reading<T>(action: () => T): T {
  try {
    return action()
  } catch (error) {
    throw new Error('the message could not be read', { cause: error })
  }
}

/** Writes all of the buffers, in one system call where the file system takes them so. */
function writeAll(fd: number, buffers: readonly Buffer[], before: () => void): void {
  let left = buffers.filter((buffer) => buffer.length > 0)
  while (left.length > 0) {
    before()
    const written = writevSync(fd, left)
    if (written === 0) throw new Error('the file takes no more bytes')
    left = withoutFirst(left, written)
  }
}

function withoutFirst(buffers: readonly Buffer[], count: number): Buffer[] {
  let skip = count
  return buffers.flatMap((buffer) => {
    const gone = Math.min(skip, buffer.length)
    skip -= gone
    return gone === buffer.length ? [] : [buffer.subarray(gone)]
  })
}
