import { createServer, type Socket } from 'node:net'
import path from 'node:path'
import { SOCKET_FILE, type Answer, type CommandName, type Request } from '../../lib/control/protocol.js'
import { tempDir } from '../support/cleanup.js'
import { dmail, type Ran } from './support.js'

/** What a fake server says to one request; without a last line it closes in the middle. */
export type Script = (request: Request) => readonly Answer[]

export interface Talk extends Ran {
  readonly requests: readonly Request[]
}

/** Runs `dmail` against a server in a directory of its own that answers as scripted. */
export async function talk(
  args: readonly string[],
  script: Script,
  surroundings?: Parameters<typeof dmail>[1],
): Promise<Talk> {
  const requests: Request[] = []
  return await withFakeServer(
    (socket, request) => {
      requests.push(request)
      socket.end(
        script(request)
          .map((answer) => `${JSON.stringify(answer)}\n`)
          .join(''),
      )
    },
    async (dir) => ({ ...(await dmail([...args, '-c', dir], surroundings)), requests }),
  )
}

/** A server with the result and nothing before it. */
export function resultOf<Name extends CommandName>(
  name: Name,
  result: Extract<Answer<Name>, { result: unknown }>['result'],
): Script {
  return ({ command }) => (command === name ? [{ result }] : [{ error: { message: `asked for ${command}`, hint: '' } }])
}

/** A server whose answers to a request `serve` writes. */
export async function withFakeServer<Value>(
  serve: (socket: Socket, request: Request) => void,
  use: (dir: string) => Promise<Value>,
): Promise<Value> {
  const dir = tempDir('fake-server')
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    let text = ''
    // A client that has enough goes away in the middle.
    socket.on('error', () => undefined)
    socket.on('data', (piece) => {
      text += piece.toString()
      const end = text.indexOf('\n')
      if (end < 0) return
      socket.removeAllListeners('data').resume()
      serve(socket, JSON.parse(text.slice(0, end)) as Request)
    })
  })
  await new Promise<void>((resolve) => server.listen(path.join(dir, SOCKET_FILE), resolve))
  try {
    return await use(dir)
  } finally {
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  }
}
