import { randomInt } from 'node:crypto'
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { createServer, type Server } from 'node:net'

// Below the ports the kernel hands out to clients (32768 and up on Linux): none of the connections of the tests that
// run beside this one can take the port between this look and the server's own listen().
const LOWEST = 20_000
const HIGHEST = 32_000
const TRIES = 100
const HOST = '127.0.0.1'

/**
 * A port on 127.0.0.1 that nobody listens on. It is this process's until that ends: other tests are given none of its ports, not
 * even while a server is down that comes back. A process that is no test may still be quicker: be ready for EADDRINUSE.
 */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < TRIES; tries++) {
    const port = randomInt(LOWEST, HIGHEST)
    if ((await isReserved(port)) && (await isFree(port))) return port
  }
  throw new Error(`no free port among ${TRIES} tried between ${LOWEST} and ${HIGHEST}`)
}

/** Whether the UDP port of this number, which no server here uses, could be taken as the mark of who has the port. */
async function isReserved(port: number): Promise<boolean> {
  const mark = createSocket('udp4')
  const isMine = await opened(mark, () => mark.bind({ port, address: HOST, exclusive: true }))
  if (isMine) mark.unref()
  else mark.close()
  return isMine
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer()
  if (!(await opened(server, () => server.listen(port, HOST)))) return false
  server.close()
  await once(server, 'close')
  return true
}

async function opened(one: Server | Socket, open: () => unknown): Promise<boolean> {
  const listening = once(one, 'listening')
  open()
  return listening.then(
    () => true,
    () => false,
  )
}
