import path from 'node:path'
import {
  callAllNodes,
  callServer,
  ServerRefused,
  ServerUnreachable,
  type Hearing,
  type Listening,
} from '../control/client.js'
import type { AllItem, AllResult, ApartCommand } from '../control/over-nodes.js'
import type { CommandName, Commands } from '../control/protocol.js'
import { EXIT, type Exit, type Terminal } from './terminal.js'
import { visible } from '../text/values.js'

/** What every command that talks to the server is given. */
export interface ServerOptions {
  /** The Haraka directory. */
  readonly config: string
  readonly json: boolean
  /** The node of the cluster that carries it out; undefined = this one, as it does for any operator. */
  readonly node?: string
  readonly all?: boolean
}

export type Ask = <Name extends CommandName>(
  command: Name,
  args: Commands[Name]['args'],
  on?: Listening<Name>,
) => Promise<Commands[Name]['result']>

/** Asks all nodes of a cluster, each for what it has. */
export type AskAll = <Name extends ApartCommand>(
  command: Name,
  args: Commands[Name]['args'],
  on?: Hearing<AllItem<Name>>,
) => Promise<AllResult<Name>>

/**
 * Runs a command's conversation with the server of the Haraka directory. Exit 75 where no server answers, 1 where it refuses,
 * each with a message on stderr; else what `conversation` says. Where nobody serves the directory, `otherwise` does without, if it is
 * given: a server that is there and cannot be asked is told of all the same.
 */
export async function withServer(
  { config, node, all = false }: ServerOptions,
  terminal: Terminal,
  conversation: (ask: Ask, askAll: AskAll) => Promise<Exit>,
  otherwise?: () => Promise<Exit>,
): Promise<Exit> {
  const directory = path.resolve(config)
  try {
    const where = all ? { on: 'all' as const } : node === undefined ? {} : { on: { node } }
    return await conversation(
      (command, args, on) => callServer(directory, command, args, on, where),
      (command, args, on) => callAllNodes(directory, command, args, on),
    )
  } catch (error) {
    if (error instanceof ServerUnreachable && otherwise !== undefined) {
      if (!error.nobody) complain(terminal, error.message)
      return await otherwise()
    }
    if (error instanceof ServerUnreachable) {
      complain(
        terminal,
        error.message,
        'is Haraka running, with the line dmail or dmail/admin in config/plugins?',
        `if ${directory} is not its directory: -c DIR names it`,
      )
      return EXIT.unreachable
    }
    if (error instanceof ServerRefused) {
      complain(terminal, error.message, ...(error.hint === '' ? [] : [error.hint]))
      return EXIT.problems
    }
    throw error
  }
}

/** A line on stderr, and what to do below it. What the server says may hold words of a mail. */
export function complain({ err }: Terminal, text: string, ...hints: readonly string[]): void {
  err.write(`dmail: ${[text, ...hints].map(visible).join('\n       ')}\n`)
}

/** Writes, and waits while whoever reads is slower: a long list is never held in memory. */
export async function printed({ out }: Terminal, text: string): Promise<void> {
  if (!out.write(text)) await new Promise((resolve) => out.once('drain', resolve))
}

/** A line on stderr that is written over while a long action goes on; nothing where stderr is no terminal. */
export function progressLine(terminal: Terminal): {
  readonly show: (progress: { readonly done: number; readonly total: number }) => void
  readonly clear: () => void
} {
  const { err } = terminal
  if (err.isTTY !== true) return { show: () => undefined, clear: () => undefined }
  let shown = false
  return {
    show({ done, total }) {
      err.write(`\r\u001b[K${done} of ${total}`)
      shown = true
    },
    clear() {
      if (shown) err.write('\r\u001b[K')
      shown = false
    },
  }
}

/** How many characters a line of the terminal has; undefined where the output is no terminal. Never less than 80. */
export function widthOf({ out }: Terminal): number | undefined {
  if (out.isTTY !== true) return undefined
  return Math.max(out.columns ?? 0, 80)
}
