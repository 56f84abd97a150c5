import { IN_MEMORY_UP_TO } from '../../lib/delivery/source.js'
import type { HarakaMessageStream, HarakaTransaction } from './types.js'

/*
 * Haraka's message stream gives a message back through four streams, line by line, which costs as much as everything
 * else the suite does with a small message. So the lines of small messages are kept as they go into the stream, and the
 * message is put together from them: the headers as Haraka has them in the end, the body without dot-stuffing. That is
 * what `pipe` gives (test/plugins/tap.test.ts compares the two on both versions of Haraka).
 */

/** Bytes from which a message is shared between threads instead of copied. */
const SHARED_FROM = 64 * 1024

const DOT = 0x2e
const CR = 0x0d
const LF = 0x0a

interface Tap {
  lines: Buffer[]
  bytes: number
}

const taps = new WeakMap<HarakaMessageStream, Tap>()

/** Begins to keep the lines of a message; called before the first one. A message that turns out large is let go. */
export function tapMessage({ message_stream: stream }: HarakaTransaction): void {
  const tap: Tap = { lines: [], bytes: 0 }
  const add = stream.add_line
  taps.set(stream, tap)
  stream.add_line = (line) => {
    if (typeof line === 'string' || tap.bytes + line.length > IN_MEMORY_UP_TO) {
      tap.lines = []
      taps.delete(stream)
      stream.add_line = add
    } else {
      tap.bytes += line.length
      tap.lines.push(line)
    }
    add.call(stream, line)
  }
}

/** The message of a transaction in memory; undefined when its lines were not kept. */
export function tappedMessage({ message_stream: stream, header }: HarakaTransaction): Uint8Array | undefined {
  const tap = taps.get(stream)
  if (tap === undefined) return undefined
  taps.delete(stream)
  const { lines } = tap
  const end = lines.findIndex(isBlank)
  const headers = header.header_list.length === 0 ? undefined : headerBytes(header.header_list)
  const body = headers === undefined ? lines : end < 0 ? [] : lines.slice(end + 1)
  return join(headers ?? Buffer.alloc(0), body)
}

function headerBytes(list: readonly string[]): Buffer {
  return Buffer.from(`${list.map((header) => header.replace(/\r?\n/g, '\r\n')).join('')}\r\n`)
}

function isBlank(line: Buffer): boolean {
  return (line.length === 2 && line[0] === CR && line[1] === LF) || (line.length === 1 && line[0] === LF)
}

function join(head: Buffer, lines: readonly Buffer[]): Uint8Array {
  const length = lines.reduce((sum, line) => sum + line.length, head.length)
  // Several drop files are written from one copy of a large message; a small one costs less to copy than to share.
  const joined = new Uint8Array(length > SHARED_FROM ? new SharedArrayBuffer(length) : new ArrayBuffer(length))
  joined.set(head)
  let at = head.length
  for (const line of lines) {
    const stuffed = line[0] === DOT && line[1] === DOT
    joined.set(stuffed ? line.subarray(1) : line, at)
    at += stuffed ? line.length - 1 : line.length
  }
  return joined.subarray(0, at)
}

/** Haraka removes the stream's spool file when the transaction ends, also where none was made: a call for nothing. */
export function forgetSpoolFile({ message_stream: stream }: HarakaTransaction): void {
  if (!stream.spooling) stream.destroy = () => undefined
}
