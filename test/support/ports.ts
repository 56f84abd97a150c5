import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'

// Below the ports the kernel hands out to clients (32768 and up on Linux): none of the connections of the tests that
// run beside this one can take the port between this look and the server's own listen().
const LOWEST = 20_000
const HIGHEST = 32_000
const TRIES = 100

/** A port on 127.0.0.1 that nobody listens on. Another process may still be quicker: be ready for EADDRINUSE. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < TRIES; tries++) {
    const port = randomInt(LOWEST, HIGHEST)
    if (await isFree(port)) return port
  }
  throw new Error(`no free port among ${TRIES} tried between ${LOWEST} and ${HIGHEST}`)
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer()
  try {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
  } catch {
    return false
  }
  server.close()
  await once(server, 'close')
  return true
}
