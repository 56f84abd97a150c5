/** One SMTP reply as it came (RFC 5321 4.2). */
export interface SmtpReply {
  readonly code: number
  /** The text of each line without its code; control characters and malformed UTF-8 are replaced. */
  readonly lines: readonly string[]
}

/** What comes from the other side is no SMTP, or more of it than anybody needs; the message says so in words. */
export class NotSmtp extends Error {
  override readonly name = 'NotSmtp'
}

/** Turns bytes into replies. */
export interface ReplyReader {
  /** Throws NotSmtp; the reader is of no use afterwards. */
  push(bytes: Uint8Array): void
  /** The next whole reply. */
  next(): SmtpReply | undefined
  /** True when every byte has been given out as a reply. */
  isEmpty(): boolean
}

// RFC 5321 4.5.3.1.5 allows 512 octets; a server that says more is still understood.
const MAX_LINE = 2048
/** EHLO replies of 20 lines are seen. */
const MAX_LINES = 100
/** A client that sends one command at a time is owed one reply; a second may be the 421 of a server that goes away. */
const MAX_WAITING = 2

// RFC 5321 4.2: Reply-code. A lone code is a whole line too.
const LINE = /^([2-5]\d\d)(?:([ -])(.*))?$/s

/** Reads replies with line ends CRLF or LF. What it holds is bounded, whatever is sent. */
export function createReplyReader(): ReplyReader {
  const whole: SmtpReply[] = []
  let lines: string[] = []
  let code = 0
  let rest = ''

  function takeLine(bytes: string): void {
    const [, digits, mark, text = ''] = LINE.exec(bytes) ?? []
    if (digits === undefined) throw new NotSmtp(`this is no SMTP: "${clean(bytes).slice(0, 60)}"`)
    if (lines.length > 0 && Number(digits) !== code) {
      throw new NotSmtp(`a reply begins with ${code} and goes on with ${digits}`)
    }
    code = Number(digits)
    lines.push(clean(text))
    if (lines.length > MAX_LINES) throw new NotSmtp(`a reply of more than ${MAX_LINES} lines`)
    if (mark === '-') return
    whole.push({ code, lines })
    lines = []
    if (whole.length > MAX_WAITING) throw new NotSmtp('more replies than commands')
  }

  return {
    push(bytes) {
      // One character a byte, so that a character may come in two pieces.
      const parts = (rest + Buffer.from(bytes).toString('latin1')).split('\n')
      rest = parts.pop() ?? ''
      for (const part of parts) takeLine(bounded(part.endsWith('\r') ? part.slice(0, -1) : part))
      bounded(rest)
    },
    next: () => whole.shift(),
    isEmpty: () => whole.length === 0 && lines.length === 0 && rest === '',
  }
}

/** A reply on one line, for logs and people: `250 2.0.0 started`. */
export function replyText({ code, lines }: SmtpReply): string {
  return [String(code), ...lines.filter((line) => line !== '')].join(' ').slice(0, MAX_LINE)
}

function bounded(line: string): string {
  if (line.length > MAX_LINE) throw new NotSmtp(`a line of more than ${MAX_LINE} bytes`)
  return line
}

/** Bytes of a stranger as text for logs and terminals. */
function clean(bytes: string): string {
  return Buffer.from(bytes, 'latin1')
    .toString('utf8')
    .replace(/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu, '?')
    .trim()
}
