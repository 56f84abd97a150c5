import type { IncomingMessage, ServerResponse } from 'node:http'
import { isRecord } from '../../lib/record.js'
import type { Desk, Here } from '../../lib/page/desk.js'
import type { PageRequest, PageResponse } from '../../lib/page/request.js'
import { plain } from '../../lib/page/respond.js'
import { answer } from '../../lib/page/site.js'

/** Requests answered at once by a process. */
const MAX_AT_ONCE = 16
/** Of a form. */
const MAX_BODY = 16 * 1024
const BODY_MS = 10_000
const FORM = 'application/x-www-form-urlencoded'

/** Answers requests below /dmail; Express has taken that off the URL. */
export function pageListener(
  desk: Desk,
  here: Here,
  complain: (error: unknown) => void,
): (request: IncomingMessage, response: ServerResponse) => void {
  let atOnce = 0
  return (request, response) => {
    if (atOnce >= MAX_AT_ONCE) {
      send(request, response, plain(503, 'Too many requests at once, try again.', { 'Retry-After': '1' }))
      return
    }
    atOnce++
    take(request)
      .then((taken) => ('status' in taken ? taken : answer(taken, desk, here)))
      .catch((error: unknown) => {
        complain(error)
        return plain(503, "The server cannot answer just now, see Haraka's log.")
      })
      .then((answered) => {
        send(request, response, answered)
      })
      .catch(complain)
      .finally(() => atOnce--)
  }
}

async function take(request: IncomingMessage): Promise<PageRequest | PageResponse> {
  const { method = '', url = '/', headers, socket } = request
  // The folder without its slash: links of the page would lead elsewhere.
  const { originalUrl = url } = request as { originalUrl?: string }
  if (/^\/[^/?]*(?:\?|$)/.test(originalUrl)) return plain(308, 'dmail/', { Location: 'dmail/' })
  const { pathname, searchParams } = new URL(url, 'http://page')
  const taken = {
    method,
    path: pathname.replace(/^\/+/, ''),
    query: searchParams,
    address: socket.remoteAddress ?? '',
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, value?.toString()])),
    secure: 'encrypted' in socket,
  }
  if (method === 'GET' || method === 'HEAD') return taken
  if (headers['content-type']?.split(';')[0]?.trim().toLowerCase() !== FORM) return plain(415, `Send a form (${FORM}).`)
  const body = await readBody(request)
  return body === undefined ? plain(413, 'The form is too long, or came too slowly.') : { ...taken, fields: body }
}

/** The fields of a form; undefined when it is too long or too slow. */
function readBody(request: IncomingMessage): Promise<URLSearchParams | undefined> {
  // Another plugin may have Express read bodies.
  const { body } = request as { body?: unknown }
  if (request.readableEnded) return Promise.resolve(new URLSearchParams(isRecord(body) ? textsOf(body) : ''))
  return new Promise((resolve) => {
    const pieces: Buffer[] = []
    let bytes = 0
    const end = (fields: URLSearchParams | undefined): void => {
      clearTimeout(late)
      request.removeAllListeners('data')
      request.resume()
      resolve(fields)
    }
    const late = setTimeout(end, BODY_MS, undefined)
    request.on('data', (piece: Buffer) => {
      bytes += piece.length
      if (bytes > MAX_BODY) end(undefined)
      else pieces.push(piece)
    })
    request.once('end', () => {
      end(new URLSearchParams(Buffer.concat(pieces).toString('utf8')))
    })
    request.once('close', () => {
      end(undefined)
    })
  })
}

function textsOf(body: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(body).flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])),
  )
}

function send(request: IncomingMessage, response: ServerResponse, { status, headers, body }: PageResponse): void {
  const bytes = Buffer.from(body)
  // A browser that asks every few seconds would keep a worker from its end, and what was not read of a body is no request.
  response.writeHead(status, { ...headers, Connection: 'close', 'Content-Length': bytes.length })
  response.end(request.method === 'HEAD' ? undefined : bytes)
}
