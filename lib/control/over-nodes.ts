import { isNodeName } from '../cluster/names.js'
import { isRecord } from '../record.js'
import type { Commands } from './protocol.js'

/** Where a command is carried out in a cluster: on the node of this name, or on all that are up. */
export type On = { readonly node: string } | 'all'

const APART = [
  'queue.list',
  'queue.show',
  'queue.send',
  'queue.hold',
  'queue.release',
  'queue.drop',
  'status',
  'route',
] as const
const TOGETHER = ['suspend', 'resume', 'etrn'] as const

/** Commands that each node carries out for itself: all of them give an answer for each. */
export type ApartCommand = (typeof APART)[number]

/** Commands that are about all nodes whichever is given them: all of them give one answer. */
export type TogetherCommand = (typeof TOGETHER)[number]

export type NodeCommand = ApartCommand | TogetherCommand

/** What one of all nodes answered, or why it has no answer. */
export type NodeAnswer<Result> =
  | { readonly node: string; readonly result: Result }
  | {
      readonly node: string
      readonly error: string
      readonly hint: string
      /** It is dead, or did not answer; false: it refused. */
      readonly silent: boolean
    }

/** What all nodes answered, in the order of their names. */
export interface FromNodes<Result> {
  readonly nodes: readonly NodeAnswer<Result>[]
  /** Why no other node could be asked; absent where they could. */
  readonly alone?: string
}

export type AllResult<Name extends ApartCommand> = FromNodes<Commands[Name]['result']>
export type AllItem<Name extends ApartCommand> = { readonly node: string } & Commands[Name]['item']

export function isNodeCommand(name: string): name is NodeCommand {
  return isApart(name) || TOGETHER.some((one) => one === name)
}

export function isApart(name: string): name is ApartCommand {
  return APART.some((one) => one === name)
}

/** Of a request; undefined for what is no place. */
export function readOn(value: unknown): On | undefined {
  if (value === 'all') return value
  if (!isRecord(value)) return undefined
  const { node } = value
  return typeof node === 'string' && isNodeName(node) ? { node } : undefined
}
