import { Transform } from 'node:stream'

const DOT = 0x2e
const LF = 0x0a

/** Puts a dot before each line that begins with one (RFC 5321 4.5.2). */
export function stuffDots(message: Buffer): Buffer {
  // Latin-1: a character is a byte.
  return Buffer.from(message.toString('latin1').replace(/^\./gm, '..'), 'latin1')
}

/** Takes a message piece by piece; how it is cut never changes the result. */
export type Unstuffer = (piece: Buffer) => Buffer

/** Takes the dot away that SMTP puts before lines starting with one (RFC 5321 4.5.2). */
export function createUnstuffer(): Unstuffer {
  let atLineStart = true
  return (piece) => {
    const kept: Buffer[] = []
    let from = 0
    let at = 0
    while (at < piece.length) {
      if (atLineStart && piece[at] === DOT) {
        kept.push(piece.subarray(from, at))
        from = at + 1
      }
      const lf = piece.indexOf(LF, at)
      atLineStart = lf >= 0
      at = lf < 0 ? piece.length : lf + 1
    }
    return kept.length === 0 ? piece : Buffer.concat([...kept, piece.subarray(from)])
  }
}

/** The same as a stream. */
export function removeDotStuffing(): Transform {
  const unstuff = createUnstuffer()
  return new Transform({
    transform(piece: Buffer, _encoding, done) {
      done(null, unstuff(piece))
    },
  })
}
