import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { readLines } from './lines.js'
import { captureLog, type LogWait } from './log.js'
import { PATIENCE_MS } from './wait.js'

/** A message the next hop took. */
export interface ReceivedMessage {
  readonly helo: string
  readonly mailFrom: string
  /** ESMTP parameters as on the wire, e.g. `RET=FULL ENVID=x1`; '' for none. */
  readonly mailParams: string
  readonly rcpts: readonly { readonly address: string; readonly params: string }[]
  /** CRLF line ends, dot-stuffing undone. */
  readonly data: Buffer
}

type Answer = string | undefined
type Answering<T> = (arg: T) => Answer | Promise<Answer>

/**
 * Replies that differ from the usual ones; undefined keeps the usual. A text without a code is wrong; `close` closes the
 * connection without a word, and a reply 421 closes it afterwards. A promise makes the server wait.
 */
export interface NextHopReplies {
  connect?: Answering<undefined>
  ehlo?: Answering<string>
  /** Asked with the address. */
  mail?: Answering<string>
  /** Asked with the address. */
  rcpt?: Answering<string>
  data?: Answering<undefined>
  /** The reply to the message itself; it counts as taken when that is 250. */
  message?: Answering<ReceivedMessage>
  /** Any other command line: ETRN, VRFY, AUTH... Usual reply: 502. */
  other?: Answering<string>
}

export interface NextHop {
  readonly port: number
  /** May be changed between messages: refuse first, accept later. */
  reply: NextHopReplies
  readonly messages: readonly ReceivedMessage[]
  /** What was said: `C: ` the client's lines, `S: ` ours, message text left out. `transcript.length` is a mark. */
  readonly transcript: string
  /** How many connections there have been. */
  readonly connections: number
  /** The n-th message taken since the start, counted from 1 (default 1). */
  waitForMessage(n?: number, timeoutMs?: number): Promise<ReceivedMessage>
  /** The first transcript line that matches. */
  waitForLine(pattern: RegExp, wait?: LogWait): Promise<string>
  /** Closes the port and every connection. */
  close(): Promise<void>
}

export interface NextHopOptions {
  readonly reply?: NextHopReplies
  /** EHLO keywords; default PIPELINING, 8BITMIME, SMTPUTF8, ENHANCEDSTATUSCODES. Add DSN or ETRN here. */
  readonly keywords?: readonly string[]
  /** To come back on the port of one that was closed. */
  readonly port?: number
}

const KEYWORDS = ['PIPELINING', '8BITMIME', 'SMTPUTF8', 'ENHANCEDSTATUSCODES']

/** Starts an SMTP server on 127.0.0.1 that accepts everything, unless told otherwise, and remembers it. */
export async function startNextHop(options: NextHopOptions = {}): Promise<NextHop> {
  const messages: ReceivedMessage[] = []
  const sockets = new Set<Socket>()
  const log = captureLog("the next hop's transcript")
  let connections = 0

  const server = createServer((socket) => {
    connections++
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    serve(
      socket,
      hop,
      options.keywords ?? KEYWORDS,
      (line) => {
        log.append(line)
      },
      (message) => {
        messages.push(message)
        log.append(`taken: ${messages.length}`)
      },
    ).catch((error: unknown) => {
      log.append(`error: ${String(error)}`)
      socket.destroy()
    })
  })
  server.listen(options.port ?? 0, '127.0.0.1')
  await once(server, 'listening')
  // A test that fails before its close() must still come to its end.
  server.unref()
  const { port } = server.address() as AddressInfo

  const hop: NextHop = {
    port,
    reply: options.reply ?? {},
    messages,
    get transcript() {
      return log.text()
    },
    get connections() {
      return connections
    },
    waitForMessage: async (n = 1, timeoutMs = PATIENCE_MS) => {
      await log.waitFor(new RegExp(`^taken: ${n}$`), { timeoutMs })
      const message = messages[n - 1]
      if (message === undefined) throw new Error(`there is no message number ${n}`)
      return message
    },
    waitForLine: async (pattern, wait) => (await log.waitFor(pattern, wait)).line,
    close: async () => {
      for (const socket of sockets) socket.destroy()
      if (!server.listening) return
      server.close()
      await once(server, 'close')
    },
  }
  return hop
}

interface Session {
  helo: string
  mailFrom: string
  mailParams: string
  rcpts: { address: string; params: string }[]
}

async function serve(
  socket: Socket,
  hop: Pick<NextHop, 'reply'>,
  keywords: readonly string[],
  record: (line: string) => void,
  take: (message: ReceivedMessage) => void,
): Promise<void> {
  const reader = readLines(socket)
  const session: Session = { helo: '', mailFrom: '', mailParams: '', rcpts: [] }

  /** Sends the reply; returns its code, 0 when the connection is closed instead. */
  async function say(special: Answer | Promise<Answer>, usual: string): Promise<number> {
    const reply = (await special) ?? usual
    if (reply === 'close') {
      record('S: closes')
      socket.destroy()
      return 0
    }
    for (const line of reply.split('\n')) record(`S: ${line}`)
    socket.write(`${reply.split('\n').join('\r\n')}\r\n`)
    if (reply.startsWith('421')) socket.end()
    return Number(reply.slice(0, 3))
  }

  await say(hop.reply.connect?.(undefined), '220 next-hop.example.com ESMTP')
  for (;;) {
    const line = await reader.next()
    if (line === undefined) return
    record(`C: ${line}`)
    const { verb, address, params, argument } = parseCommand(line)
    switch (verb) {
      case 'EHLO':
      case 'HELO':
        Object.assign(session, { helo: argument, mailFrom: '', rcpts: [] })
        await say(hop.reply.ehlo?.(argument), verb === 'HELO' ? '250 next-hop.example.com' : ehloReply(keywords))
        break
      case 'MAIL':
        if ((await say(hop.reply.mail?.(address), '250 2.1.0 ok')) === 250) {
          Object.assign(session, { mailFrom: address, mailParams: params, rcpts: [] })
        }
        break
      case 'RCPT':
        if ((await say(hop.reply.rcpt?.(address), '250 2.1.5 ok')) === 250) session.rcpts.push({ address, params })
        break
      case 'DATA': {
        const usual = session.rcpts.length === 0 ? '503 5.5.1 no valid recipients' : '354 go ahead'
        if ((await say(hop.reply.data?.(undefined), usual)) !== 354) break
        const data = await readData(reader)
        if (data === undefined) return
        const message: ReceivedMessage = { ...session, rcpts: [...session.rcpts], data }
        session.rcpts = []
        // Recorded before the reply goes out: a client that has its 250 finds the message here.
        const reply = (await hop.reply.message?.(message)) ?? '250 2.0.0 taken'
        if (reply.startsWith('250')) take(message)
        await say(reply, '')
        break
      }
      case 'RSET':
        session.rcpts = []
        await say(undefined, '250 2.0.0 ok')
        break
      case 'NOOP':
        await say(undefined, '250 2.0.0 ok')
        break
      case 'QUIT':
        await say(undefined, '221 2.0.0 bye')
        socket.end()
        return
      default:
        await say(hop.reply.other?.(line), '502 5.5.1 not implemented')
    }
  }
}

function ehloReply(keywords: readonly string[]): string {
  const lines = ['next-hop.example.com', ...keywords]
  return lines.map((line, at) => `250${at === lines.length - 1 ? ' ' : '-'}${line}`).join('\n')
}

function parseCommand(line: string): { verb: string; argument: string; address: string; params: string } {
  const [verb = '', ...rest] = line.split(' ')
  const argument = rest.join(' ')
  const [, address = '', params = ''] = /^(?:FROM|TO):\s*<((?:"(?:[^"\\]|\\.)*"|[^>])*)>\s*(.*)$/i.exec(argument) ?? []
  return { verb: verb.toUpperCase(), argument, address, params }
}

async function readData(reader: { next(): Promise<string | undefined> }): Promise<Buffer | undefined> {
  const lines: string[] = []
  for (;;) {
    const line = await reader.next()
    if (line === undefined) return undefined
    if (line === '.') return Buffer.from(lines.map((each) => `${each}\r\n`).join(''), 'latin1')
    lines.push(line.startsWith('.') ? line.slice(1) : line)
  }
}
