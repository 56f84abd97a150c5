import { closeSync, constants, fsyncSync, ftruncateSync, openSync, readSync, unlinkSync, writeSync } from 'node:fs'
import path from 'node:path'
import type { AppendRange } from './lock-holder.js'

const PIECE_BYTES = 256 * 1024

/** What a drop file of this length lacks to end in an empty line; another program may have left less. */
export function missingSeparator(fd: number, length: number): Buffer {
  const size = Math.min(length, 2)
  const buffer = Buffer.alloc(size)
  const end = buffer.toString('latin1', 0, readSync(fd, buffer, 0, size, length - size))
  if (length === 0 || end === '\n\n' || (end === '\n' && length === 1)) return Buffer.alloc(0)
  return Buffer.from(end.endsWith('\n') ? '\n' : '\n\n')
}

/**
 * Moves away what a crash left of an append that its lock announced (D4): the bytes go to `.torn-<name>-<time>` beside
 * the file, the file back to its length before. Nothing of it was ever acknowledged: that takes the whole append on disk.
 * An append whose end was not announced was never finished, however well its bytes look. Returns the new file's name if
 * there is one. Throws the error of the file system, and where `mayCut` says no once the bytes are saved.
 */
export function repairTail(
  file: string,
  fd: number,
  length: number,
  { from, to }: AppendRange,
  mayCut: () => boolean,
): string | undefined {
  if (length <= from || (to !== undefined && length >= to)) return undefined
  const aside = path.join(path.dirname(file), tornName(path.basename(file), Date.now()))
  copyTail(fd, from, aside)
  if (!mayCut()) {
    unlinkSync(aside)
    throw new Error('somebody else repaired it meanwhile')
  }
  ftruncateSync(fd, from)
  return aside
}

/** The name begins with a dot, as no drop file does (U8), and fits into the 255 bytes of a file name. */
function tornName(name: string, nowMs: number): string {
  const end = `-${nowMs}`
  let begin = `.torn-${name}`
  while (Buffer.byteLength(begin) + end.length > 255) begin = begin.slice(0, -1)
  return begin + end
}

function copyTail(fd: number, from: number, aside: string): void {
  const copy = openSync(aside, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, 0o600)
  let whole = false
  try {
    const buffer = Buffer.alloc(PIECE_BYTES)
    let at = from
    for (;;) {
      const length = readSync(fd, buffer, 0, buffer.length, at)
      if (length === 0) break
      // A write may take less than it was given.
      at += writeSync(copy, buffer, 0, length)
    }
    fsyncSync(copy)
    whole = true
  } finally {
    closeSync(copy)
    if (!whole) unlinkSync(aside)
  }
}
