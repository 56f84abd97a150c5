const LF = 0x0a
const CR = 0x0d
const SPACE = 0x20
const TAB = 0x09

/** So much of a line tells its field. */
const NAME_BYTES = 64

/**
 * Header fields in which mail readers of mbox files keep what they know of a message. From a stranger they would be
 * believed: a Content-Length that reaches over the next `From ` line hides the next message, a Status makes mail
 * appear as read or deleted.
 */
const KEPT_BY_READERS = /^(?:content-length|status|x-status|x-uid|x-imap|x-imapbase|x-keywords)[ \t]*(?::|$)/i

/** Takes a message piece by piece; how it is cut never changes the result. */
export interface FieldFilter {
  push(piece: Buffer): Buffer
  end(): Buffer
}

/** Leaves those fields, folded lines included, out of a message on its way into a drop file. The body is not looked at. */
export function createFieldFilter(): FieldFilter {
  let held = Buffer.alloc(0)
  let inHeader = true
  let atStart = true
  let dropping = false

  function push(piece: Buffer): Buffer {
    if (!inHeader) return piece
    const input = held.length === 0 ? piece : Buffer.concat([held, piece])
    held = Buffer.alloc(0)
    const kept: Buffer[] = []
    let at = 0
    while (at < input.length) {
      const lf = input.indexOf(LF, at)
      if (atStart) {
        if (lf < 0 && input.length - at < NAME_BYTES) {
          held = Buffer.from(input.subarray(at))
          break
        }
        if (isBlank(input, at)) {
          inHeader = false
          kept.push(input.subarray(at))
          break
        }
        dropping = isDropped(input, at, dropping)
      }
      const end = lf < 0 ? input.length : lf + 1
      if (!dropping) kept.push(input.subarray(at, end))
      atStart = lf >= 0
      at = end
    }
    return kept.length === 1 && kept[0] !== undefined ? kept[0] : Buffer.concat(kept)
  }

  /** A message may end within its header. */
  function end(): Buffer {
    const rest = held
    held = Buffer.alloc(0)
    return rest.length > 0 && isDropped(rest, 0, dropping) ? Buffer.alloc(0) : rest
  }

  return { push, end }
}

/** The same for a message in memory; usually nothing is to be left out, and then nothing is copied. */
export function withoutReaderFields(message: Buffer): Buffer {
  const filter = createFieldFilter()
  const kept = filter.push(message)
  const rest = filter.end()
  return rest.length === 0 ? kept : Buffer.concat([kept, rest])
}

function isBlank(input: Buffer, at: number): boolean {
  return input[at] === LF || (input[at] === CR && input[at + 1] === LF)
}

/** A line that begins with a blank belongs to the field before. */
function isDropped(input: Buffer, at: number, before: boolean): boolean {
  if (input[at] === SPACE || input[at] === TAB) return before
  const line = input.toString('latin1', at, Math.min(at + NAME_BYTES, input.length)).replace(/[\r\n][^]*$/, '')
  return KEPT_BY_READERS.test(line)
}
