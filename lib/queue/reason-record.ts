/** Longest reason that is kept, in characters: enough for what servers say, and a stranger chooses what is said. */
export const MAX_REASON = 500

/** A record of MAX_REASON characters of three bytes each fits; what is longer is none of ours. */
const MAX_LINE = 2048
const LF = 0x0a
const NOTHING = Buffer.alloc(0)
const RECORD = /^([0-9A-Za-z]{1,64}) (.*)$/

/** A reason as it is kept and shown: one line without control characters, cut to MAX_REASON. */
export function tidyReason(text: string): string {
  return (
    text
      .slice(0, 8 * MAX_REASON)
      .replace(/[\p{Cc}\p{Bidi_Control}\u2028\u2029]+/gu, ' ')
      .trim()
      .slice(0, MAX_REASON)
      // Half a character at the cut, and what UTF-8 cannot hold.
      .replace(/\p{Cs}/gu, '\ufffd')
  )
}

/** One line of a file of reasons: `id reason`. The reason is tidy. */
export function formatRecord(id: string, reason: string): string {
  return `${id} ${reason}\n`
}

/**
 * Reads records from the chunks of a file and calls `found` for each, in order. The last line counts only with its end: a crash
 * may have cut it off. Lines that are no records are passed over, however long they are.
 */
export function createRecordReader(found: (id: string, reason: string) => void): (chunk: Buffer) => void {
  let rest = NOTHING
  let tooLong = false

  function line(bytes: Buffer): void {
    const [, id, reason] = RECORD.exec(bytes.toString('utf8')) ?? []
    if (id !== undefined && reason !== undefined) found(id, tidyReason(reason))
  }

  return (chunk) => {
    let from = 0
    for (let end = chunk.indexOf(LF); end >= 0; end = chunk.indexOf(LF, from)) {
      const piece = chunk.subarray(from, end)
      if (!tooLong && rest.length + piece.length <= MAX_LINE) line(Buffer.concat([rest, piece]))
      from = end + 1
      rest = NOTHING
      tooLong = false
    }
    const tail = chunk.subarray(from)
    tooLong ||= rest.length + tail.length > MAX_LINE
    rest = tooLong ? NOTHING : Buffer.concat([rest, tail])
  }
}
