import { chownSync, lstatSync, unlinkSync } from 'node:fs'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { errorCode } from '../error.js'
import type { Log } from '../log.js'
import { LIMITS, serveClient, turnAway, type Limits } from './connection.js'
import type { Handlers, OverNodes } from './handlers.js'
import { socketAddress, type SocketAddress } from './socket-address.js'

/** Clients served at once; each may have a long action under way. */
const MAX_CLIENTS = 16

export interface ControlOptions {
  /** Another socket than that for operators, and whose it is. */
  readonly file?: string
  readonly owner?: { readonly uid: number; readonly gid: number }
  /** Without it every command is for this Haraka. */
  readonly overNodes?: OverNodes
}

export interface ControlServer {
  /** Ends every connection and removes the socket. Synchronous: it may be called when the process ends. */
  close(): void
}

/**
 * Listens at the control socket of a Haraka directory (`dmail.sock`, mode 0600). Replaces the socket of a server that is dead.
 * Rejects with an Error in words for the operator when it cannot: another server is alive there, or it cannot be made.
 */
export async function openControlServer(
  harakaDir: string,
  handlers: Handlers,
  log: Log,
  limits: Limits = LIMITS,
  { file, owner, overNodes }: ControlOptions = {},
): Promise<ControlServer> {
  const name = nameIn(harakaDir, file)
  try {
    await makeWay(name)
    const sockets = new Set<Socket>()
    const server = createServer((socket) => {
      if (sockets.size >= MAX_CLIENTS) {
        turnAway(socket, {
          message: `${MAX_CLIENTS} commands are being carried out already`,
          hint: 'try again when one of them has ended',
        })
        return
      }
      sockets.add(socket)
      socket.once('close', () => sockets.delete(socket))
      serveClient(socket, { handlers, overNodes }, log, limits).catch((error: unknown) => {
        log('error', `control socket: ${String(error)}`)
      })
    })
    await listen(server, name)
    // It is nobody's but ours until then.
    if (owner !== undefined) chownSync(name.file, owner.uid, owner.gid)
    server.on('error', (error) => {
      log('error', `control socket: ${error.message}`)
    })
    server.unref()
    let open = true
    return {
      close() {
        if (!open) return
        open = false
        for (const socket of sockets) socket.destroy()
        // This removes the file too, at once.
        server.close(() => {
          name.close()
        })
      },
    }
  } catch (error) {
    name.close()
    throw error
  }
}

function nameIn(harakaDir: string, file: string | undefined): SocketAddress {
  try {
    return socketAddress(harakaDir, file)
  } catch (error) {
    throw new Error(`the directory ${harakaDir} cannot be opened (${codeOf(error)})`, { cause: error })
  }
}

/** Removes what a dead server left. */
async function makeWay({ file, address }: SocketAddress): Promise<void> {
  const found = lstatSync(file, { throwIfNoEntry: false })
  if (found === undefined) return
  if (!found.isSocket()) throw new Error(`${file} is not a socket: remove it and start Haraka again`)
  if (await answers(address)) {
    throw new Error(`another Haraka serves this directory (it listens at ${file}): stop one of the two`)
  }
  const now = lstatSync(file, { throwIfNoEntry: false })
  // Somebody else may have replaced it just now.
  if (now?.ino === found.ino && now.dev === found.dev) unlinkSync(file)
}

/** Whether somebody listens. One that is too busy to take the connection does. */
function answers(address: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = connect({ path: address })
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', (error) => {
      const code = codeOf(error)
      if (code === 'ECONNREFUSED' || code === 'ENOENT') resolve(false)
      else if (code === 'EAGAIN') resolve(true)
      else reject(new Error(`${address} cannot be looked at (${code}): it belongs to another account, remove it`))
    })
  })
}

function listen(server: Server, { address, file }: SocketAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      const what = 'the account Haraka runs as must be able to write into the Haraka directory'
      reject(new Error(`${file} cannot be made (${codeOf(error)}): ${what}`))
    })
    server.once('listening', () => {
      server.removeAllListeners('error')
      resolve()
    })
    // listen() binds before it returns: nobody else ever finds the socket with another mode.
    const before = process.umask(0o177)
    try {
      server.listen(address)
    } finally {
      process.umask(before)
    }
  })
}

function codeOf(error: unknown): string {
  return errorCode(error) ?? String(error)
}
