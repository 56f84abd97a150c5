import { once } from 'node:events'
import type { Socket } from 'node:net'
import { TLSSocket, type SecureContextOptions } from 'node:tls'
import { readLines, type LineReader } from './lines.js'

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
  /** Not given: HELO is answered as EHLO is. */
  helo?: Answering<string>
  /** Asked with the address. */
  mail?: Answering<string>
  /** Asked with the address. */
  rcpt?: Answering<string>
  data?: Answering<undefined>
  /** The reply to the message itself; it counts as taken when that is 250. */
  message?: Answering<ReceivedMessage>
  /** STARTTLS, where there is TLS. A reply of 220 begins it. */
  starttls?: Answering<undefined>
  /** Any other command line: ETRN, VRFY, AUTH... Usual reply: 502. */
  other?: Answering<string>
}

interface Session {
  helo: string
  mailFrom: string
  mailParams: string
  rcpts: { address: string; params: string }[]
}

/**
 * Talks to one client until it goes. `hop.reply` is looked at anew for each reply; `record` gets the transcript's lines and
 * `take` each message that is accepted.
 */
export async function serveSession(
  plain: Socket,
  hop: { readonly reply: NextHopReplies; readonly tls?: SecureContextOptions },
  keywords: readonly string[],
  record: (line: string) => void,
  take: (message: ReceivedMessage) => void,
): Promise<void> {
  let socket = plain
  let reader = readLines(socket)
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

  function offered(): readonly string[] {
    return hop.tls === undefined || socket !== plain ? keywords : [...keywords, 'STARTTLS']
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
        await say(greet(hop.reply, verb, argument), verb === 'HELO' ? '250 next-hop.example.com' : ehloReply(offered()))
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
      case 'STARTTLS': {
        if (hop.tls === undefined) {
          await say(hop.reply.other?.(line), '502 5.5.1 not implemented')
          break
        }
        if ((await say(hop.reply.starttls?.(undefined), '220 2.0.0 go ahead')) !== 220) break
        plain.removeAllListeners('data')
        const secured = new TLSSocket(plain, { ...hop.tls, isServer: true })
        await once(secured, 'secure')
        record(`tls: ${secured.getProtocol() ?? ''}`)
        socket = secured
        reader = readLines(secured)
        break
      }
      case 'QUIT':
        await say(undefined, '221 2.0.0 bye')
        socket.end()
        return
      default:
        await say(hop.reply.other?.(line), '502 5.5.1 not implemented')
    }
  }
}

function greet({ ehlo, helo = ehlo }: NextHopReplies, verb: string, name: string): Answer | Promise<Answer> {
  return (verb === 'HELO' ? helo : ehlo)?.(name)
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

async function readData(reader: LineReader): Promise<Buffer | undefined> {
  const lines: string[] = []
  for (;;) {
    const line = await reader.next()
    if (line === undefined) return undefined
    if (line === '.') return Buffer.from(lines.map((each) => `${each}\r\n`).join(''), 'latin1')
    lines.push(line.startsWith('.') ? line.slice(1) : line)
  }
}
