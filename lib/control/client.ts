import { connect, type Socket } from 'node:net'
import { StringDecoder } from 'node:string_decoder'
import { asError, errorCode, errorText } from '../error.js'
import type { AllItem, AllResult, ApartCommand, On } from './over-nodes.js'
import type { CommandName, Commands, ControlError, Progress, Request } from './protocol.js'
import { socketAddress } from './socket-address.js'

/** No Haraka with the suite serves the directory, or it went away before it had answered. */
export class ServerUnreachable extends Error {
  override readonly name = 'ServerUnreachable'

  constructor(
    message: string,
    /** There is no server, as far as can be seen; false: something is there. */
    readonly nobody: boolean,
    options?: ErrorOptions,
  ) {
    super(message, options)
  }
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

/** A server that says nothing for so long hangs: it waits for its workers for some seconds, and then says so. */
const SILENCE_MS = 120_000

export interface CallOptions {
  /** A server that says nothing for so long is given up. */
  readonly silenceMs?: number
  /** Another socket than that for operators. */
  readonly socketFile?: string
  /** Where in a cluster it is carried out. */
  readonly on?: On
}

/** What comes before the result. Called one after the other; a slow one, or its promise, holds the server back. */
export interface Hearing<Item> {
  /** What it returns is awaited. */
  item?(item: Item): unknown
  progress?(progress: Progress): void
}

export type Listening<Name extends CommandName> = Hearing<Commands[Name]['item']>

/**
 * Has the running server of a Haraka directory carry out a command. Rejects with `ServerUnreachable` or `ServerRefused`. What
 * `listening` throws ends the connection, and the server's work, and is what the promise rejects with.
 */
export function callServer<Name extends CommandName>(
  harakaDir: string,
  command: Name,
  args: Commands[Name]['args'],
  listening: Listening<Name> = {},
  options: CallOptions = {},
): Promise<Commands[Name]['result']> {
  return converse(harakaDir, command, args, listening, options)
}

/** Has all nodes of a cluster that are up carry out a command, and gives what each answered. */
export function callAllNodes<Name extends ApartCommand>(
  harakaDir: string,
  command: Name,
  args: Commands[Name]['args'],
  listening: Hearing<AllItem<Name>> = {},
): Promise<AllResult<Name>> {
  return converse(harakaDir, command, args, listening, { on: 'all' })
}

type Heard<Item, Result> =
  | { readonly item: Item }
  | { readonly progress: Progress }
  | { readonly result: Result }
  | { readonly error: ControlError }

function converse<Item, Result>(
  harakaDir: string,
  command: CommandName,
  args: Request['args'],
  listening: Hearing<Item>,
  { silenceMs = SILENCE_MS, socketFile, on }: CallOptions,
): Promise<Result> {
  return new Promise((resolve, reject) => {
    let socket: Socket
    try {
      const name = socketAddress(harakaDir, socketFile)
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
    const hear = async (answer: Heard<Item, Result>): Promise<void> => {
      if ('item' in answer) await listening.item?.(answer.item)
      else if ('progress' in answer) listening.progress?.(answer.progress)
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
    const hearAll = async (): Promise<void> => {
      const lines = lineSplitter()
      // While a callback takes its time nothing is read, and the server waits.
      socket.setTimeout(silenceMs)
      for await (const piece of socket) {
        socket.setTimeout(0)
        for (const line of lines(piece as Buffer)) await hear(readAnswer<Item, Result>(harakaDir, line))
        socket.setTimeout(silenceMs)
      }
      throw new ServerUnreachable(`the server of ${harakaDir} went away before it had answered`, false)
    }
    socket.once('connect', () => {
      socket.write(`${JSON.stringify({ command, args, on })}\n`)
    })
    let failed: Error | undefined
    socket.once('error', (error) => (failed = error))
    socket.once('timeout', () => socket.destroy(new Error(`it said nothing for ${silenceMs / 1000} s`)))
    hearAll().catch((error: unknown) => {
      settle(() => {
        if (error === failed) reject(unreachable(harakaDir, error))
        else reject(asError(error))
      })
    })
  })
}

function readAnswer<Item, Result>(harakaDir: string, line: string): Heard<Item, Result> {
  try {
    const value: unknown = JSON.parse(line)
    if (typeof value === 'object' && value !== null) return value as Heard<Item, Result>
  } catch {
    // What it is not is said below.
  }
  throw new ServerUnreachable(`what answers in ${harakaDir} does not speak this version's protocol`, false)
}

/** The whole lines of each piece; an unfinished last one is dropped. */
function lineSplitter(): (piece: Buffer) => string[] {
  const decoder = new StringDecoder('utf8')
  let partial = ''
  return (piece) => {
    const lines = (partial + decoder.write(piece)).split('\n')
    partial = lines.pop() ?? ''
    return lines
  }
}

function unreachable(harakaDir: string, error: unknown): ServerUnreachable {
  const code = errorCode(error)
  const nobody = code === 'ENOENT' || code === 'ECONNREFUSED'
  const why = (code === undefined ? undefined : WHY[code]) ?? errorText(error)
  return new ServerUnreachable(`no server reached in ${harakaDir}: ${why}`, nobody, { cause: error })
}

const NOT_OURS = 'the control socket is for root and the account Haraka runs as'

const WHY: Readonly<Record<string, string>> = {
  ENOENT: 'there is no control socket',
  ECONNREFUSED: 'nobody listens at the control socket',
  EACCES: NOT_OURS,
  EPERM: NOT_OURS,
}
