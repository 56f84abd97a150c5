const LF = 10
const CR = 13

/**
 * Cuts a byte stream into lines and holds at most `limit` bytes. `onLine` gets a line without its LF or CRLF; a line
 * longer than `limit` is given once, cut, with `whole` false, and its rest is skipped. Bytes after the last LF
 * are never given: half a line is no answer.
 */
export function lineSplitter(limit: number, onLine: (line: Buffer, whole: boolean) => void): (chunk: Buffer) => void {
  let parts: Buffer[] = []
  let held = 0
  let skipping = false

  const take = (): Buffer => {
    const line = Buffer.concat(parts)
    parts = []
    held = 0
    return line
  }

  return (chunk) => {
    let from = 0
    while (from < chunk.length) {
      const end = chunk.indexOf(LF, from)
      const piece = chunk.subarray(from, end === -1 ? chunk.length : end)
      from += piece.length + 1
      if (!skipping) {
        parts.push(piece)
        held += piece.length
        if (held > limit) {
          skipping = true
          onLine(take().subarray(0, limit), false)
        }
      }
      if (end === -1) return
      if (skipping) skipping = false
      else onLine(withoutCr(take()), true)
    }
  }
}

function withoutCr(line: Buffer): Buffer {
  return line.at(-1) === CR ? line.subarray(0, -1) : line
}
