import { closeSync, constants, fsyncSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs'
import path from 'node:path'
import type { AppendRange } from './lock-holder.js'

const PIECE_BYTES = 256 * 1024

/** True when a drop file of this length ends as a message does: in an empty line. */
export function endsInEmptyLine(fd: number, length: number): boolean {
  const end = endOf(fd, length)
  return length === 0 || end === '\n\n' || (end === '\n' && length === 1)
}

/** What the file lacks to end in an empty line; another program may have left less. */
export function missingSeparator(fd: number, length: number): Buffer {
  if (endsInEmptyLine(fd, length)) return Buffer.alloc(0)
  return Buffer.from(endOf(fd, length).endsWith('\n') ? '\n' : '\n\n')
}

function endOf(fd: number, length: number): string {
  const size = Math.min(length, 2)
  const buffer = Buffer.alloc(size)
  return buffer.toString('latin1', 0, readSync(fd, buffer, 0, size, length - size))
}

/**
 * Moves away what a crash left of an append that its lock announced (D4): the bytes go to `.torn-<name>-<time>` beside
 * the file, the file back to its length before. Nothing of it was ever acknowledged: that takes the whole append on disk.
 * Returns the length of the file now, and the new file's name if there is one. Throws the error of the file system.
 */
export function repairTail(
  file: string,
  fd: number,
  length: number,
  { from, to }: AppendRange,
): { readonly length: number; readonly aside?: string } {
  if (length <= from) return { length }
  const torn = to === undefined ? !endsInEmptyLine(fd, length) : length < to
  if (!torn) return { length }
  // The name begins with a dot, as no drop file does (U8).
  const aside = path.join(path.dirname(file), `.torn-${path.basename(file)}-${Date.now()}`)
  copyTail(fd, from, aside)
  ftruncateSync(fd, from)
  return { length: from, aside }
}

function copyTail(fd: number, from: number, aside: string): void {
  const copy = openSync(aside, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, 0o600)
  try {
    const buffer = Buffer.alloc(PIECE_BYTES)
    let at = from
    for (;;) {
      const length = readSync(fd, buffer, 0, buffer.length, at)
      if (length === 0) break
      writeSync(copy, buffer, 0, length)
      at += length
    }
    fsyncSync(copy)
  } finally {
    closeSync(copy)
  }
}
