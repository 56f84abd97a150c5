import { Transform } from 'node:stream'

/** Which lines get one more `>`: `^>*From ` (mboxrd), `^From ` (mboxo), none. */
export type Quoting = 'mboxrd' | 'mboxo' | 'none'

/**
 * Turns a message with CRLF line ends into local form, piece by piece. `push` takes the next piece, `end` gives what is
 * left; how the message was cut into pieces never changes the result.
 */
export interface Rewriter {
  push(piece: Buffer): Buffer
  end(): Buffer
}

const LF = 0x0a
const CR = 0x0d
const GREATER = 0x3e
const FROM = Buffer.from('From ')
const NOTHING = Buffer.alloc(0)

/**
 * CRLF becomes LF, a lone CR is kept, and `From ` lines are quoted as asked (D1). With `closed`, the result also ends in
 * LF and one empty line, as an mbox message does; the empty line is the file's, never the message's.
 *
 * At most five bytes are held back between pieces, whatever the message: a run of `>` is passed on as it comes, since
 * one more `>` may stand anywhere in it.
 */
export function createRewriter(quoting: Quoting, closed: boolean): Rewriter {
  let held: Buffer = NOTHING
  let atStart = true
  let last = LF

  function push(piece: Buffer): Buffer {
    const input = held.length === 0 ? piece : Buffer.concat([held, piece])
    held = NOTHING
    // A CR at the very end waits for what follows it.
    const end = input.at(-1) === CR ? input.length - 1 : input.length
    // A quoted line has five bytes at least, so this is room enough for every `>`.
    const output = Buffer.allocUnsafe(input.length + Math.ceil(input.length / FROM.length))
    let from = 0
    let to = 0
    while (from < end) {
      if (atStart && quoting !== 'none') {
        while (quoting === 'mboxrd' && input[from] === GREATER) {
          output[to++] = GREATER
          from++
        }
        const matched = matchFrom(input, from)
        if (matched === FROM.length) output[to++] = GREATER
        else if (from + matched === end) break
      }
      atStart = false
      // A loop over bytes costs the same for every message; searching for each line's end is slow on empty lines.
      while (from < end) {
        const byte = input[from++] ?? 0
        if (byte === CR && input[from] === LF) continue
        output[to++] = byte
        if (byte === LF) {
          atStart = true
          break
        }
      }
    }
    held = Buffer.from(input.subarray(from))
    if (to > 0) last = output[to - 1] ?? LF
    return output.subarray(0, to)
  }

  function end(): Buffer {
    const rest = held
    held = NOTHING
    if (!closed) return rest
    last = rest.at(-1) ?? last
    return Buffer.concat([rest, Buffer.from(last === LF ? '\n' : '\n\n')])
  }

  return { push, end }
}

/** How many bytes of `From ` stand at `at`; fewer than five where the input ends or differs. */
function matchFrom(input: Buffer, at: number): number {
  let count = 0
  while (count < FROM.length && input[at + count] === FROM[count]) count++
  return count
}

/** The same as a stream; it never holds more than one piece. */
export function rewriteStream(rewriter: Rewriter): Transform {
  return new Transform({
    transform(piece: Buffer, _encoding, done) {
      done(null, rewriter.push(piece))
    },
    flush(done) {
      done(null, rewriter.end())
    },
  })
}

/** The same for a message that is in memory. */
export function rewriteAll(rewriter: Rewriter, message: Buffer): Buffer {
  return Buffer.concat([rewriter.push(message), rewriter.end()])
}
