import { Transform } from 'node:stream'

const DOT = 0x2e
const LF = 0x0a

/** Takes the dot away that SMTP puts before lines starting with one (RFC 5321 4.5.2); queue files keep it. */
export function removeDotStuffing(): Transform {
  let atLineStart = true
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      let from = 0
      let at = 0
      while (at < chunk.length) {
        if (atLineStart && chunk[at] === DOT) {
          this.push(chunk.subarray(from, at))
          from = at + 1
        }
        const lf = chunk.indexOf(LF, at)
        atLineStart = lf >= 0
        at = lf < 0 ? chunk.length : lf + 1
      }
      done(null, chunk.subarray(from))
    },
  })
}
