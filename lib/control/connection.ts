import type { Socket } from 'node:net'
import { errorText } from '../error.js'
import type { Log } from '../log.js'
import { ClientGone, Refusal, type Handlers, type OverNodes, type Talk } from './handlers.js'
import { isNodeCommand } from './over-nodes.js'
import type { Answer, CommandName, ControlError, Request } from './protocol.js'
import { readRequest } from './request.js'

/** A filter may name many messages. */
const MAX_REQUEST = 1024 * 1024

export interface Limits {
  /** Until the whole request is there, and for the client to close when it has its answer. */
  readonly idleMs: number
  /** For the client to take what it is sent. */
  readonly takeMs: number
}

export const LIMITS: Limits = { idleMs: 30_000, takeMs: 300_000 }

/** What carries out commands. */
export interface Serving {
  readonly handlers: Handlers
  readonly overNodes?: OverNodes | undefined
}

/** Serves one client: one request, its answer, and the end. Never rejects. */
export async function serveClient(
  socket: Socket,
  { handlers, overNodes }: Serving,
  log: Log,
  limits: Limits,
): Promise<void> {
  // After an error comes close, where everything that waits ends.
  socket.on('error', () => undefined)
  const say = (answer: unknown): Promise<void> => write(socket, `${JSON.stringify(answer)}\n`, limits)
  try {
    const line = await readLine(socket, limits)
    if (line === undefined) return
    const read = readRequest(line)
    if (!read.ok) {
      await say({ error: read.error })
      return
    }
    const { request } = read
    const talk = talkTo(socket, limits)
    const { command, args, on } = request
    if (on === undefined) await say({ result: await run(handlers, request, talk) })
    else if (overNodes !== undefined && isNodeCommand(command)) {
      await say({ result: await overNodes(on, command, args, talk) })
    } else throw new Refusal('this socket is for commands of this node', '')
  } catch (error) {
    if (!(error instanceof ClientGone)) await say({ error: inWords(error, log) }).catch(() => undefined)
  } finally {
    socket.end()
    // A client that does not close its side either has had its answer.
    const late = setTimeout(() => socket.destroy(), limits.idleMs).unref()
    socket.once('close', () => {
      clearTimeout(late)
    })
  }
}

/** Tells a client that it is not served, and closes. */
export function turnAway(socket: Socket, error: ControlError): void {
  socket.on('error', () => undefined)
  socket.end(`${JSON.stringify({ error } satisfies Answer)}\n`)
  socket.resume()
}

function run<Name extends CommandName>(
  handlers: Handlers,
  { command, args }: Request<Name>,
  talk: Talk<never>,
): Promise<Extract<Answer<Name>, { result: unknown }>['result']> {
  return handlers[command](args, talk)
}

function talkTo(socket: Socket, limits: Limits): Talk<unknown> {
  return {
    items: (items) => write(socket, items.map((item) => `${JSON.stringify({ item })}\n`).join(''), limits),
    progress: (progress) => write(socket, `${JSON.stringify({ progress } satisfies Answer)}\n`, limits),
  }
}

function inWords(error: unknown, log: Log): ControlError {
  if (error instanceof Refusal) return { message: error.message, hint: error.hint }
  log('error', `control socket: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`)
  return { message: errorText(error), hint: "see Haraka's log" }
}

/** The request line; undefined when the client goes away before. Rejects with a Refusal for one that is too long or late. */
function readLine(socket: Socket, { idleMs }: Limits): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = []
    let bytes = 0
    const late = setTimeout(() => {
      end(() => {
        reject(new Refusal('no request came in time', 'a request is one line of JSON'))
      })
    }, idleMs)
    const gone = (): void => {
      end(() => {
        resolve(undefined)
      })
    }
    const take = (piece: Buffer): void => {
      const at = piece.indexOf(0x0a)
      bytes += at < 0 ? piece.length : at
      if (bytes > MAX_REQUEST) {
        end(() => {
          reject(
            new Refusal('the request is too long', `it may have ${MAX_REQUEST} bytes: name fewer messages at a time`),
          )
        })
        return
      }
      pieces.push(at < 0 ? piece : piece.subarray(0, at))
      if (at >= 0) {
        end(() => {
          resolve(Buffer.concat(pieces).toString('utf8'))
        })
      }
    }
    function end(settle: () => void): void {
      clearTimeout(late)
      socket.off('data', take)
      socket.off('close', gone)
      // The end of the connection is noticed only while it is read from.
      socket.resume()
      settle()
    }
    socket.on('data', take)
    socket.once('close', gone)
  })
}

/** Resolves when there is room for more. */
function write(socket: Socket, text: string, { takeMs }: Limits): Promise<void> {
  if (socket.destroyed || socket.writableEnded) return Promise.reject(new ClientGone())
  if (text === '' || socket.write(text)) return Promise.resolve()
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => socket.destroy(), takeMs)
    const settle = (): void => {
      clearTimeout(late)
      socket.off('drain', settle)
      socket.off('close', settle)
      if (socket.destroyed) reject(new ClientGone())
      else resolve()
    }
    socket.on('drain', settle)
    socket.on('close', settle)
  })
}
