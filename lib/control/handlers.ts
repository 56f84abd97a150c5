import type { NodeCommand, On } from './over-nodes.js'
import type { CommandName, Commands, Progress } from './protocol.js'

/** How a command says something before its result. */
export interface Talk<Item> {
  /** Resolves when the client has taken most of it; rejects with `ClientGone`, which ends the command. */
  items(items: readonly Item[]): Promise<void>
  progress(progress: Progress): Promise<void>
}

/** What carries out each command. Rejects with `Refusal` for what an operator can mend; anything else is a fault of ours. */
export type Handlers = {
  readonly [Name in CommandName]: (
    args: Commands[Name]['args'],
    talk: Talk<Commands[Name]['item']>,
  ) => Promise<Commands[Name]['result']>
}

/**
 * What has other nodes of a cluster carry out a command, given by an operator of this one. `args` are those of the command; it
 * resolves to its result, or to what all nodes answered (over-nodes.ts).
 */
export type OverNodes = (on: On, command: NodeCommand, args: unknown, talk: Talk<unknown>) => Promise<unknown>

/** The command is not carried out, in words for the operator. */
export class Refusal extends Error {
  override readonly name = 'Refusal'

  constructor(
    message: string,
    /** What to do; '' where there is nothing. */
    readonly hint: string,
  ) {
    super(message)
  }
}

/** Nobody is there any more to hear the answer. */
export class ClientGone extends Error {
  override readonly name = 'ClientGone'
}
