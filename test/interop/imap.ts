import { connect, type Socket } from 'node:net'
import { readLines } from '../support/lines.js'
import { within } from '../support/wait.js'

/** Longer than any lock of a test is held. */
const REPLY_MS = 60_000

/** One untagged response (RFC 3501 7). */
export interface ImapResponse {
  /** Its text behind `* `, literals left out. */
  readonly text: string
  /** Its literals, bytes one to one (latin1). */
  readonly literals: readonly string[]
}

/** An IMAP session (RFC 3501), one command at a time. */
export interface Imap {
  readonly socket: Socket
  /** Sends a command without its tag; resolves to the untagged responses. Rejects when the answer is not OK. */
  command(line: string): Promise<ImapResponse[]>
  close(): void
}

/** Connects and logs in. */
export async function openImap(port: number, user: string): Promise<Imap> {
  const socket = connect(port, '127.0.0.1')
  const reader = readLines(socket)
  let count = 0
  const line = async (after: string): Promise<string> => {
    const next = await within(reader.next(), { timeoutMs: REPLY_MS, otherwise: () => `IMAP: no reply to ${after}` })
    if (next === undefined) throw new Error(`IMAP: the server closed the connection instead of replying to ${after}`)
    return next
  }
  const response = async (after: string): Promise<ImapResponse> => {
    let text = await line(after)
    const literals: string[] = []
    for (;;) {
      const announced = /\{(\d+)\}$/.exec(text)
      if (announced === null) return { text: text.replace(/^\* /, ''), literals }
      const size = Number(announced[1])
      // A literal is bytes, of which lines are made here: their ends are put back.
      let bytes = ''
      while (bytes.length <= size) bytes += `${await line(after)}\r\n`
      literals.push(bytes.slice(0, size))
      text = text.slice(0, announced.index) + bytes.slice(size, -2)
    }
  }
  const command = async (text: string): Promise<ImapResponse[]> => {
    const tag = `a${++count}`
    socket.write(`${tag} ${text}\r\n`)
    const untagged: ImapResponse[] = []
    for (;;) {
      const next = await response(text)
      if (!next.text.startsWith(`${tag} `)) untagged.push(next)
      else if (next.text.startsWith(`${tag} OK`)) return untagged
      else throw new Error(`IMAP: ${text}: ${next.text}`)
    }
  }
  try {
    await response('the connection')
    await command(`LOGIN ${user} secret`)
  } catch (error) {
    socket.destroy()
    throw error
  }
  return {
    socket,
    command,
    close: () => {
      socket.destroy()
    },
  }
}
