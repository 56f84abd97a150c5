import { connect as connectSocket, isIP, type Socket } from 'node:net'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { asError, errorCode, errorText } from '../error.js'
import type { HostPort } from '../conf/value.js'
import { printable } from '../log.js'
import { createReplyReader, type SmtpReply } from './reply.js'

/** How long to wait for the connection, and for each reply or TLS handshake, in milliseconds. */
export interface Limits {
  readonly connectMs: number
  readonly replyMs: number
}

/** Begins to connect. Tests put another in its place. */
export type OpenSocket = (target: HostPort) => Socket

export const openSocket: OpenSocket = ({ host, port }) => connectSocket({ host, port })

/** One SMTP connection. Every promise rejects with an Error whose message is fit for a log. */
export interface Connection {
  say(line: string): void
  /** The next reply; waits `atMost` milliseconds where that is less than its limit. */
  read(atMost?: number): Promise<SmtpReply>
  /** Begins TLS; resolves to what was agreed on, `TLSv1.3`. The certificate is looked at, but any is good. */
  secure(): Promise<string>
  /** The server said something that nobody asked for. */
  isOutOfTurn(): boolean
  close(): void
}

/** Connects. `signal` ends it, and the connection, at any time; `peer` is what messages call the other side. */
export async function openConnection(
  target: HostPort,
  { connectMs, replyMs }: Limits,
  open: OpenSocket,
  signal: AbortSignal,
  peer = 'the provider',
): Promise<Connection> {
  signal.throwIfAborted()
  const first = open(target)
  let socket: Socket = first
  let reader = createReplyReader()
  let failure: Error | undefined
  let wake: () => void = () => undefined

  const fail = (error: Error): void => {
    failure ??= error
    wake()
    first.destroy()
    socket.destroy()
  }
  const stop = (): void => {
    fail(new Error('stopped'))
  }
  const listen = (to: Socket): void => {
    to.on('data', (bytes: Buffer) => {
      try {
        reader.push(bytes)
        wake()
      } catch (error) {
        fail(asError(error))
      }
    })
    to.on('error', (error) => {
      fail(new Error(connectionError(error)))
    })
    to.on('close', () => {
      fail(new Error(`${peer} closed the connection`))
    })
  }

  /** Waits until `probe` has something, or the connection is broken. What came before the end still counts. */
  async function wait<T>(probe: () => T | undefined, ms: number, late: string): Promise<T> {
    const timer = setTimeout(() => {
      fail(new Error(late))
    }, ms)
    try {
      for (;;) {
        const found = probe()
        if (found !== undefined) return found
        if (failure !== undefined) throw failure
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    } finally {
      clearTimeout(timer)
    }
  }

  signal.addEventListener('abort', stop)
  first.once('close', () => {
    signal.removeEventListener('abort', stop)
  })
  listen(first)
  let connected: true | undefined
  first.once('connect', () => {
    connected = true
    wake()
  })
  await wait(() => connected, connectMs, `no connection in ${connectMs / 1000} s`)

  return {
    say(line) {
      socket.write(`${line}\r\n`)
    },
    read(atMost = replyMs) {
      const ms = Math.min(atMost, replyMs)
      return wait(() => reader.next(), ms, `no reply in ${ms / 1000} s`)
    },
    async secure() {
      // What came in the clear behind the reply to STARTTLS could be anybody's (RFC 3207 6).
      if (!reader.isEmpty()) throw new Error(`${peer} spoke in the clear after STARTTLS`)
      first.removeAllListeners('data')
      reader = createReplyReader()
      const secured = connectTls({
        socket: first,
        // As Haraka sends mail: who would intercept ETRN learns nothing but a domain's name, and many a mail server has a
        // certificate of its own making.
        rejectUnauthorized: false,
        ...(isIP(target.host) === 0 ? { servername: target.host } : {}),
      })
      socket = secured
      listen(secured)
      let agreed: string | undefined
      secured.once('secureConnect', () => {
        agreed = describeTls(secured)
        wake()
      })
      return wait(() => agreed, replyMs, `no TLS in ${replyMs / 1000} s`)
    },
    isOutOfTurn: () => !reader.isEmpty(),
    close() {
      failure ??= new Error('closed')
      socket.destroy()
      first.destroy()
    },
  }
}

function describeTls(socket: TLSSocket): string {
  const version = socket.getProtocol() ?? 'TLS'
  return socket.authorized ? version : `${version}, certificate not verified`
}

/** OpenSSL's messages are lines of its source; its reason is for people. The error of several addresses has a code alone. */
function connectionError(error: Error): string {
  if ('reason' in error && typeof error.reason === 'string') return `TLS failed: ${error.reason}`
  return printable(errorText(error)) || (errorCode(error) ?? 'the connection failed')
}
