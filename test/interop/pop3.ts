import { connect } from 'node:net'
import { readLines } from '../support/lines.js'
import { within } from '../support/wait.js'

/** Longer than any lock of a test is held. */
const REPLY_MS = 60_000

/** A POP3 session (RFC 1939). Bytes are kept one to one (latin1), line ends are CRLF. */
export interface Pop3 {
  /** Sends a command; resolves to the first line of the reply, whether `+OK` or `-ERR`. */
  command(line: string): Promise<string>
  /** RETR: the message, or undefined where the server says that it is not there any more. */
  retrieve(number: number): Promise<string | undefined>
  close(): void
}

/** Connects and logs in, which opens the mailbox. Rejects when it cannot be opened. */
export async function openPop3(port: number, user: string): Promise<Pop3> {
  const socket = connect(port, '127.0.0.1')
  const reader = readLines(socket)
  const line = async (after: string): Promise<string> => {
    const next = await within(reader.next(), { timeoutMs: REPLY_MS, otherwise: () => `POP3: no reply to ${after}` })
    if (next === undefined) throw new Error(`POP3: the server closed the connection instead of replying to ${after}`)
    return next
  }
  const command = (text: string): Promise<string> => {
    socket.write(`${text}\r\n`)
    return line(text)
  }
  const pop3: Pop3 = {
    command,
    async retrieve(number) {
      const status = await command(`RETR ${number}`)
      if (status.startsWith('-ERR')) {
        if (/expunged/i.test(status)) return undefined
        throw new Error(`POP3: RETR ${number}: ${status}`)
      }
      const lines: string[] = []
      for (let next = await line('RETR'); next !== '.'; next = await line('RETR')) {
        lines.push(next.startsWith('.') ? next.slice(1) : next)
      }
      return lines.map((each) => `${each}\r\n`).join('')
    },
    close: () => {
      socket.destroy()
    },
  }
  try {
    await line('the connection')
    await command(`USER ${user}`)
    const opened = await command('PASS secret')
    if (!opened.startsWith('+OK')) throw new Error(`POP3: ${user} cannot log in: ${opened}`)
    return pop3
  } catch (error) {
    socket.destroy()
    throw error
  }
}
