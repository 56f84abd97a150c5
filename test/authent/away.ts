import { createServer, type Server, type Socket } from 'node:net'
import type { AddressInfo } from 'node:net'
import { PATIENCE_MS } from '../support/wait.js'
import type { ModuleSession } from './session.js'

/** A server that takes connections and never says a word. */
export interface Silent {
  readonly port: number
  close(): void
}

export async function silentServer(): Promise<Silent> {
  const sockets = new Set<Socket>()
  const server: Server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    close() {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}

/** Asks, as a sending server's next attempts would, until the module can tell again; all answers, the last one included. */
export async function askUntilTold(module: ModuleSession, command: string): Promise<string[]> {
  const end = performance.now() + PATIENCE_MS
  for (const replies: string[] = []; ;) {
    const reply = await module.ask(command)
    replies.push(reply)
    if (!reply.startsWith('-DEAD') || performance.now() > end) return replies
  }
}
