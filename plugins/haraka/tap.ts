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

/** Most lines kept: each costs memory of its own, and a message may be nothing but line ends. */
const MAX_LINES = 20_000

const CR = 0x0d
const LF = 0x0a
const STUFFED = Buffer.from('\n..')

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
    if (typeof line === 'string' || tap.bytes + line.length > IN_MEMORY_UP_TO || tap.lines.length >= MAX_LINES) {
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
export function tappedMessage({ message_stream: stream }: HarakaTransaction): Uint8Array | undefined {
  const tap = taps.get(stream)
  taps.delete(stream)
  // Without headers `pipe` gives the lines from the first, which Haraka wrote itself before there was a tap.
  if (tap === undefined || stream.headers.length === 0) return undefined
  const { lines } = tap
  const end = lines.findIndex(isBlank)
  return join(headerBytes(stream.headers), end < 0 ? [] : lines.slice(end + 1))
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
    joined.set(line, at)
    at += line.length
  }
  return removeStuffing(joined, head.length)
}

/**
 * Takes away one dot of lines that begin with two, as `pipe` does; a line with a single dot was not stuffed by its sender.
 * In place, and not line by line: what Haraka adds after a banner was set has several lines in one, or half of one. The
 * line before `from` has ended.
 */
function removeStuffing(bytes: Uint8Array, from: number): Uint8Array {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let to = from
  let at = from
  for (;;) {
    const dots = view.indexOf(STUFFED, at - 1)
    const end = dots < 0 ? view.length : dots + 1
    if (to < at) view.copyWithin(to, at, end)
    to += end - at
    if (dots < 0) return bytes.subarray(0, to)
    at = end + 1
  }
}

/** Haraka removes the stream's spool file when the transaction ends, also where none was made: a call for nothing. */
export function forgetSpoolFile({ message_stream: stream }: HarakaTransaction): void {
  if (!stream.spooling) stream.destroy = () => undefined
}
