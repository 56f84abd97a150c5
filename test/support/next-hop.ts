import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import type { SecureContextOptions } from 'node:tls'
import { CERTIFICATE } from './certificate.js'
import { captureLog, type LogWait } from './log.js'
import { serveSession, type NextHopReplies, type ReceivedMessage } from './next-hop-session.js'
import { PATIENCE_MS, within } from './wait.js'

export type { NextHopReplies, ReceivedMessage } from './next-hop-session.js'

export interface NextHop {
  readonly port: number
  /** May be changed between messages: refuse first, accept later. */
  reply: NextHopReplies
  readonly messages: readonly ReceivedMessage[]
  /** What was said: `C: ` the client's lines, `S: ` ours, `tls: ` when TLS begins, message text left out. `transcript.length` is a mark. */
  readonly transcript: string
  /** How many connections there have been. */
  readonly connections: number
  /** The n-th message taken since the start, counted from 1 (default 1). */
  waitForMessage(n?: number, timeoutMs?: number): Promise<ReceivedMessage>
  /** The first transcript line that matches. */
  waitForLine(pattern: RegExp, wait?: LogWait): Promise<string>
  /** Resolves when every session that goes on now has ended, and what came in it is in `messages`. */
  settled(): Promise<void>
  /** Closes the port and every connection. */
  close(): Promise<void>
}

export interface NextHopOptions {
  readonly reply?: NextHopReplies
  /** EHLO keywords; default PIPELINING, 8BITMIME, SMTPUTF8, ENHANCEDSTATUSCODES. Add DSN or ETRN here. */
  readonly keywords?: readonly string[]
  /** Offers STARTTLS, with the tests' certificate unless another is given. */
  readonly tls?: SecureContextOptions
  /** To come back on the port of one that was closed. */
  readonly port?: number
  /** Default 127.0.0.1. */
  readonly host?: string
}

const KEYWORDS = ['PIPELINING', '8BITMIME', 'SMTPUTF8', 'ENHANCEDSTATUSCODES']

/** Starts an SMTP server on the loopback interface that accepts everything, unless told otherwise, and remembers it. */
export async function startNextHop(options: NextHopOptions = {}): Promise<NextHop> {
  const messages: ReceivedMessage[] = []
  const sockets = new Set<Socket>()
  const sessions = new Set<Promise<void>>()
  const log = captureLog("the next hop's transcript")
  let connections = 0

  const server = createServer((socket) => {
    connections++
    sockets.add(socket)
    // A test that fails before its close() must still come to its end; so the server below.
    socket.unref()
    socket.once('close', () => sockets.delete(socket))
    const session = serveSession(
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
    )
      .catch((error: unknown) => {
        log.append(`error: ${String(error)}`)
        socket.destroy()
      })
      .finally(() => sessions.delete(session))
    sessions.add(session)
  })
  server.listen(options.port ?? 0, options.host ?? '127.0.0.1')
  await once(server, 'listening')
  server.unref()
  const { port } = server.address() as AddressInfo

  const hop: NextHop & { readonly tls?: SecureContextOptions } = {
    ...(options.tls === undefined ? {} : { tls: { ...CERTIFICATE, ...options.tls } }),
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
    settled: async () => {
      await within(Promise.all(sessions), { otherwise: () => `a session goes on:\n${log.tail()}` })
    },
    close: async () => {
      for (const socket of sockets) socket.destroy()
      if (!server.listening) return
      server.close()
      await once(server, 'close')
    },
  }
  return hop
}
