import { connect, type Socket } from 'node:net'

/** What is sent, and how. */
export interface Load {
  readonly port: number
  /** Connections at once. */
  readonly clients: number
  readonly messages: number
  /** True: each client sends all its messages over one connection; false: a connection for each. */
  readonly kept: boolean
  /** Size of a message in bytes, about. */
  readonly bytes: number
  /** Recipient of the n-th message. */
  readonly recipient: (n: number) => string
  /** Begin of the Message-IDs: `<prefix.n@bench.example>`. */
  readonly prefix: string
}

export interface LoadResult {
  readonly seconds: number
  /** From MAIL to the reply to the message, milliseconds, sorted. */
  readonly latencies: readonly number[]
  /** Replies other than 250 to a message or recipient. */
  readonly refused: number
}

const LINE = `${'x'.repeat(76)}\r\n`

/** Sends messages as fast as the server takes them. Small on purpose: it shares the machine with the server. */
export async function runLoad(load: Load): Promise<LoadResult> {
  const body = LINE.repeat(Math.max(1, Math.floor((load.bytes - 150) / LINE.length)))
  const latencies: number[] = []
  let next = 0
  let refused = 0
  const began = process.hrtime.bigint()

  async function client(): Promise<void> {
    let session: Session | undefined
    while (next < load.messages) {
      const n = next++
      session ??= await greet(load.port)
      const from = process.hrtime.bigint()
      const id = `${load.prefix}.${n}@bench.example`
      await session.command('MAIL FROM:<sender@bench.example>')
      if (!(await session.command(`RCPT TO:<${load.recipient(n)}>`)).startsWith('2')) refused++
      await session.command('DATA')
      const head = `From: <sender@bench.example>\r\nSubject: bench\r\nMessage-ID: <${id}>\r\n\r\n`
      if (!(await session.command(`${head}${body}.`)).startsWith('2')) refused++
      latencies.push(Number(process.hrtime.bigint() - from) / 1e6)
      if (!load.kept) {
        session.end()
        session = undefined
      }
    }
    session?.end()
  }

  await Promise.all(Array.from({ length: load.clients }, client))
  const seconds = Number(process.hrtime.bigint() - began) / 1e9
  return { seconds, latencies: latencies.sort((a, b) => a - b), refused }
}

interface Session {
  /** Sends a line and resolves to the last line of the reply. */
  command(text: string): Promise<string>
  end(): void
}

async function greet(port: number): Promise<Session> {
  const socket = connect(port, '127.0.0.1')
  socket.setNoDelay(true)
  const session = talk(socket)
  await session.reply()
  await session.command('EHLO bench.example')
  return session
}

function talk(socket: Socket): Session & { reply(): Promise<string> } {
  let text = ''
  let waiting: { resolve: (line: string) => void; reject: (error: Error) => void } | undefined
  const fail = (error: Error): void => waiting?.reject(error)
  socket.setEncoding('latin1')
  socket.on('data', (chunk: string) => {
    text += chunk
    if (!text.endsWith('\n')) return
    const last = text.slice(text.lastIndexOf('\n', text.length - 2) + 1)
    if (last.charAt(3) === '-') return
    text = ''
    const { resolve } = waiting ?? {}
    waiting = undefined
    resolve?.(last)
  })
  socket.on('error', fail)
  socket.on('close', () => {
    fail(new Error('the server closed the connection'))
  })
  const reply = (): Promise<string> =>
    new Promise((resolve, reject) => {
      waiting = { resolve, reject }
    })
  return {
    reply,
    command(line) {
      const answer = reply()
      socket.write(`${line}\r\n`, 'latin1')
      return answer
    },
    end() {
      waiting = undefined
      socket.end('QUIT\r\n')
    },
  }
}
