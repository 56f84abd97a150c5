import { once } from 'node:events'
import { connect as connectSocket, type Socket } from 'node:net'
import { readLines, type LineReader } from './lines.js'
import { within } from './wait.js'

// Haraka answers for a plugin that is silent for 30 s: that answer is to be seen.
const REPLY_MS = 45_000

/** One SMTP reply. */
export interface Reply {
  readonly code: number
  /** RFC 3463 status of the last line, e.g. `5.1.1`. */
  readonly enhanced?: string
  /** The texts of all lines without code and status, joined by line feeds. */
  readonly text: string
  /** Each line's text behind the code. */
  readonly lines: readonly string[]
}

/** A test's SMTP session: one command, one reply. */
export interface SmtpClient {
  readonly greeting: Reply
  readonly socket: Socket
  /** Any line; for AUTH, ETRN, RSET and for lines that are wrong. */
  command(line: string): Promise<Reply>
  ehlo(name?: string): Promise<Reply>
  /** `from` without angle brackets, '' for the null sender; `params` as on the wire, e.g. `RET=HDRS ENVID=x1`. */
  mail(from: string, params?: string): Promise<Reply>
  rcpt(to: string, params?: string): Promise<Reply>
  /**
   * DATA and the message, dot-stuffed (RFC 5321 4.5.2), line ends made CRLF. The reply is the one to the message; the one
   * to DATA if that was not 354.
   */
  data(message: string | Buffer): Promise<Reply>
  /** Says QUIT and closes. */
  quit(): Promise<Reply>
  /** Closes without a word. */
  close(): void
}

/** Connects to 127.0.0.1 and reads the greeting, whatever its code. `localAddress` is the client's IP, e.g. 127.0.0.2. */
export async function connect(port: number, options: { readonly localAddress?: string } = {}): Promise<SmtpClient> {
  const socket = connectSocket({ port, host: '127.0.0.1', ...options })
  const reader = readLines(socket)
  await within(once(socket, 'connect'), { otherwise: () => `no connection to port ${port}` })

  async function command(line: string): Promise<Reply> {
    socket.write(`${line}\r\n`)
    return readReply(reader, line)
  }
  return {
    greeting: await readReply(reader, 'the connection'),
    socket,
    command,
    ehlo: (name = 'client.example.com') => command(`EHLO ${name}`),
    mail: (from, params) => command(`MAIL FROM:<${from}>${params === undefined ? '' : ` ${params}`}`),
    rcpt: (to, params) => command(`RCPT TO:<${to}>${params === undefined ? '' : ` ${params}`}`),
    data: async (message) => {
      const ready = await command('DATA')
      if (ready.code !== 354) return ready
      socket.write(onTheWire(message), 'latin1')
      return readReply(reader, 'the message')
    },
    quit: async () => {
      const reply = await command('QUIT')
      socket.destroy()
      return reply
    },
    close: () => {
      socket.destroy()
    },
  }
}

/** The replies to one message. */
export interface Sent {
  readonly mail: Reply
  /** In the order of `to`; empty when MAIL was refused. */
  readonly rcpt: readonly Reply[]
  /** The last word on the message: to its data; when no recipient was taken, to the last RCPT or to MAIL. */
  readonly final: Reply
}

/** Sends one message in a session of its own; data only when a recipient was accepted. */
export async function send(
  port: number,
  {
    from,
    to,
    rcptParams,
    message,
    helo,
    localAddress,
  }: {
    readonly from: string
    readonly to: readonly string[]
    /** Of each RCPT, as on the wire. */
    readonly rcptParams?: string
    readonly message: string | Buffer
    readonly helo?: string
    readonly localAddress?: string
  },
): Promise<Sent> {
  const client = await connect(port, localAddress === undefined ? {} : { localAddress })
  try {
    await client.ehlo(helo)
    const mail = await client.mail(from)
    const rcpt: Reply[] = []
    if (mail.code === 250) for (const address of to) rcpt.push(await client.rcpt(address, rcptParams))
    const accepted = rcpt.some(({ code }) => code >= 250 && code < 260)
    const final = accepted ? await client.data(message) : (rcpt.at(-1) ?? mail)
    await client.quit()
    return { mail, rcpt, final }
  } finally {
    client.close()
  }
}

async function readReply(reader: LineReader, to: string): Promise<Reply> {
  const lines: string[] = []
  for (;;) {
    const line = await within(reader.next(), { timeoutMs: REPLY_MS, otherwise: () => `no reply to ${to}` })
    if (line === undefined) throw new Error(`the server closed the connection instead of replying to ${to}`)
    const [, code, mark, text] = /^(\d{3})([- ]?)(.*)$/s.exec(line) ?? []
    if (code === undefined || text === undefined) throw new Error(`not an SMTP reply: ${JSON.stringify(line)}`)
    lines.push(text)
    if (mark !== '-') return makeReply(Number(code), lines)
  }
}

const STATUS = /^([245]\.\d{1,3}\.\d{1,3})(?: |$)/

function makeReply(code: number, lines: readonly string[]): Reply {
  const enhanced = STATUS.exec(lines.at(-1) ?? '')?.[1]
  const text = lines.map((line) => line.replace(STATUS, '')).join('\n')
  return { code, text, lines, ...(enhanced === undefined ? {} : { enhanced }) }
}

function onTheWire(message: string | Buffer): string {
  const bytes = (typeof message === 'string' ? Buffer.from(message) : message).toString('latin1')
  const lines = bytes.replace(/\r?\n$/, '').split(/\r?\n/)
  return `${lines.map((line) => (line.startsWith('.') ? `.${line}` : line)).join('\r\n')}\r\n.\r\n`
}
