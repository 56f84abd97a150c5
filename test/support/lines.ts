import type { Socket } from 'node:net'

/** Lines of an SMTP connection, without their CRLF. Bytes are kept one to one (latin1). */
export interface LineReader {
  /** The next line; undefined when the other side has closed (an unfinished last line is dropped). */
  next(): Promise<string | undefined>
}

/**
 * Reads lines that end in CRLF and in nothing else (RFC 5321 2.3.8): a lone LF stays inside its line, where a test can
 * see it.
 */
export function readLines(socket: Socket): LineReader {
  let partial = ''
  let closed = false
  const lines: string[] = []
  const waiting: ((line: string | undefined) => void)[] = []

  function settle(): void {
    while (waiting.length > 0 && (lines.length > 0 || closed)) waiting.shift()?.(lines.shift())
  }
  socket.setEncoding('latin1')
  socket.on('data', (piece: string) => {
    const parts = (partial + piece).split('\r\n')
    partial = parts.pop() ?? ''
    lines.push(...parts)
    settle()
  })
  // After an error (a reset, say) comes close as well.
  socket.on('error', () => undefined)
  for (const event of ['end', 'close']) {
    socket.once(event, () => {
      closed = true
      settle()
    })
  }

  return {
    next: () =>
      new Promise((resolve) => {
        waiting.push(resolve)
        settle()
      }),
  }
}
