import { IN_MEMORY_UP_TO } from '../../lib/delivery/source.js'
import { attachments } from './attachments.js'
import type { HarakaMessageStream, HarakaTransaction } from './types.js'

/*
 * Haraka's message stream gives a message back through four streams, line by line, which costs as much as everything
 * else the suite does with a small message. So the lines of small messages are kept as they go into the stream, and the
 * message is put together from them: the headers as Haraka has them in the end, the body without dot-stuffing. That is
 * what `pipe` gives (test/plugins/tap.test.ts compares the two on both versions of Haraka).
 */

/** Bytes from which a message is shared between threads instead of copied. */
const SHARED_FROM = 64 * 1024

/** Room that a body begins with; it doubles as the body grows. */
const FIRST_BYTES = 8 * 1024

const CR = 0x0d
const LF = 0x0a
const STUFFED = Buffer.from('\n..')

interface Tap {
  /** The body so far. Copied at once: lines kept until the 250 would each have to be moved by the garbage collector. */
  body: Buffer
  /** Bytes of the body. */
  length: number
  /** Bytes that went into the stream. */
  seen: number
  inHeader: boolean
}

const taps = attachments<HarakaMessageStream, Tap | undefined>('tap')

/** Begins to keep the body of a message; called before the first line. A message that turns out large is let go. */
export function tapMessage({ message_stream: stream }: HarakaTransaction): void {
  const tap: Tap = { body: Buffer.alloc(0), length: 0, seen: 0, inHeader: true }
  const add = stream.add_line
  taps.set(stream, tap)
  stream.add_line = (line) => {
    if (typeof line === 'string' || tap.seen + line.length > IN_MEMORY_UP_TO) {
      taps.set(stream, undefined)
      stream.add_line = add
    } else {
      tap.seen += line.length
      if (!tap.inHeader) append(tap, line)
      else if (isBlank(line)) tap.inHeader = false
    }
    add.call(stream, line)
  }
}

function append(tap: Tap, line: Buffer): void {
  const length = tap.length + line.length
  if (length > tap.body.length) {
    const larger = Buffer.allocUnsafeSlow(Math.max(FIRST_BYTES, 2 * length))
    larger.set(tap.body.subarray(0, tap.length))
    tap.body = larger
  }
  tap.body.set(line, tap.length)
  tap.length = length
}

/** The message of a transaction in memory; undefined when it was not kept. */
export function tappedMessage({ message_stream: stream }: HarakaTransaction): Uint8Array | undefined {
  const tap = taps.get(stream)
  taps.set(stream, undefined)
  // Without headers `pipe` gives the lines from the first, which Haraka wrote itself before there was a tap.
  if (tap === undefined || stream.headers.length === 0) return undefined
  const message = join(headerBytes(stream.headers), tap.body.subarray(0, tap.length))
  // The stream has the tap as long as the transaction lasts.
  tap.body = Buffer.alloc(0)
  return message
}

function headerBytes(list: readonly string[]): Buffer {
  return Buffer.from(`${list.map((header) => header.replace(/\r?\n/g, '\r\n')).join('')}\r\n`)
}

function isBlank(line: Buffer): boolean {
  return (line.length === 2 && line[0] === CR && line[1] === LF) || (line.length === 1 && line[0] === LF)
}

function join(head: Buffer, body: Buffer): Uint8Array {
  const length = head.length + body.length
  // Several drop files are written from one copy of a large message; a small one costs less to copy than to share.
  const joined = new Uint8Array(length > SHARED_FROM ? new SharedArrayBuffer(length) : new ArrayBuffer(length))
  joined.set(head)
  joined.set(body, head.length)
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
