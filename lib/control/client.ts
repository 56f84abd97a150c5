import { connect, type Socket } from 'node:net'
import { StringDecoder } from 'node:string_decoder'
import type { Answer, CommandName, Commands, Progress } from './protocol.js'
import { socketAddress } from './socket-address.js'

/** No Haraka with the suite serves the directory, or it went away before it had answered. */
export class ServerUnreachable extends Error {
  override readonly name = 'ServerUnreachable'
}

/** The server's answer is no; `hint` names what to do, '' where there is nothing. */
export class ServerRefused extends Error {
  override readonly name = 'ServerRefused'
  readonly hint: string

  constructor(message: string, hint: string) {
    super(message)
    this.hint = hint
  }
}

/** What comes before the result. Called one after the other; a slow one holds the server back. */
export interface Listening<Name extends CommandName> {
  item?(item: Commands[Name]['item']): void
  progress?(progress: Progress): void
}

/**
 * Has the running server of a Haraka directory carry out a command. Rejects with `ServerUnreachable` or `ServerRefused`. What
 * `on` throws ends the connection, and the server's work, and is what the promise rejects with.
 */
export function callServer<Name extends CommandName>(
  harakaDir: string,
  command: Name,
  args: Commands[Name]['args'],
  on: Listening<Name> = {},
): Promise<Commands[Name]['result']> {
  return new Promise((resolve, reject) => {
    let socket: Socket
    try {
      const name = socketAddress(harakaDir)
      socket = connect({ path: name.address })
      for (const event of ['connect', 'close']) {
        socket.once(event, () => {
          name.close()
        })
      }
    } catch (error) {
      reject(unreachable(harakaDir, error))
      return
    }
    const settle = (end: () => void): void => {
      end()
      socket.destroy()
    }
    const hear = (answer: Answer<Name>): void => {
      if ('item' in answer) on.item?.(answer.item)
      else if ('progress' in answer) on.progress?.(answer.progress)
      else if ('error' in answer) {
        const { message, hint } = answer.error
        settle(() => {
          reject(new ServerRefused(message, hint))
        })
      } else {
        settle(() => {
          resolve(answer.result)
        })
      }
    }
    const lines = lineSplitter((line) => {
      hear(JSON.parse(line) as Answer<Name>)
    })
    socket.once('connect', () => {
      socket.write(`${JSON.stringify({ command, args })}\n`)
    })
    socket.on('data', (piece) => {
      try {
        lines(piece)
      } catch (error) {
        settle(() => {
          reject(error instanceof Error ? error : new Error(String(error)))
        })
      }
    })
    socket.once('error', (error) => {
      reject(unreachable(harakaDir, error))
    })
    // After a result or an error this is no news.
    socket.once('close', () => {
      reject(new ServerUnreachable(`the server of ${harakaDir} went away before it had answered`))
    })
  })
}

/** Calls `take` for each whole line; an unfinished last one is dropped. */
function lineSplitter(take: (line: string) => void): (piece: Buffer) => void {
  const decoder = new StringDecoder('utf8')
  let partial = ''
  return (piece) => {
    const lines = (partial + decoder.write(piece)).split('\n')
    partial = lines.pop() ?? ''
    for (const line of lines) take(line)
  }
}

function unreachable(harakaDir: string, error: unknown): ServerUnreachable {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  const why =
    code === 'ENOENT'
      ? 'there is no control socket'
      : code === 'ECONNREFUSED'
        ? 'nobody listens at the control socket'
        : code === 'EACCES' || code === 'EPERM'
          ? 'the control socket is for root and the account Haraka runs as'
          : error instanceof Error
            ? error.message
            : String(error)
  return new ServerUnreachable(`no server reached in ${harakaDir}: ${why}`, { cause: error })
}
