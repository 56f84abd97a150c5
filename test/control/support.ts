import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import path from 'node:path'
import type { Limits } from '../../lib/control/connection.js'
import type { Handlers, OverNodes } from '../../lib/control/handlers.js'
import { openControlServer, type ControlServer } from '../../lib/control/server.js'
import { socketAddress } from '../../lib/control/socket-address.js'
import type { Log } from '../../lib/log.js'
import { tempDir } from '../support/cleanup.js'

function unexpected(): never {
  throw new Error('this command is not expected')
}

/** Commands of which all but those given are a fault. */
export function handlers(some: Partial<Handlers>): Handlers {
  return {
    'queue.list': unexpected,
    'queue.show': unexpected,
    'queue.send': unexpected,
    'queue.hold': unexpected,
    'queue.release': unexpected,
    'queue.drop': unexpected,
    'queue.adopt': unexpected,
    suspend: unexpected,
    resume: unexpected,
    etrn: unexpected,
    status: unexpected,
    'clear-cache': unexpected,
    reload: unexpected,
    config: unexpected,
    route: unexpected,
    log: unexpected,
    'log-level': unexpected,
    'respond.claim': unexpected,
    'respond.release': unexpected,
    ...some,
  }
}

export interface Serving {
  readonly dir: string
  readonly server: ControlServer
  readonly logged: string[]
}

/** Serves a fresh directory, or one with a path of this many bytes. */
export async function serve(
  some: Partial<Handlers>,
  options: { limits?: Limits; dir?: string; file?: string; overNodes?: OverNodes } = {},
): Promise<Serving> {
  const logged: string[] = []
  const log: Log = (level, text) => logged.push(`${level} ${text}`)
  const dir = options.dir ?? tempDir('control')
  const { limits, file, overNodes } = options
  const place = { ...(file === undefined ? {} : { file }), ...(overNodes === undefined ? {} : { overNodes }) }
  return { dir, server: await openControlServer(dir, handlers(some), log, limits, place), logged }
}

/** A directory whose path is far longer than a socket's address may be. */
export function longDir(): string {
  const dir = path.join(tempDir('control'), 'd'.repeat(120), 'e'.repeat(120))
  mkdirSync(dir, { recursive: true })
  return dir
}

/** A connection to the control socket without the client's manners. */
export async function raw(dir: string): Promise<Socket> {
  const name = socketAddress(dir)
  const socket = connect({ path: name.address })
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  name.close()
  return socket
}

/** What comes until the server closes. */
export async function allFrom(socket: Socket): Promise<unknown[]> {
  let text = ''
  for await (const piece of socket.setEncoding('utf8')) text += String(piece)
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line): unknown => JSON.parse(line))
}
