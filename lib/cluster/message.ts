import { parseRecord } from '../record.js'
import { isNodeName } from './names.js'

/** What one node sends to another. Plain data. */
export type Message =
  | {
      readonly kind: 'ask'
      readonly id: string
      readonly from: string
      readonly question: string
      readonly args: unknown
    }
  | { readonly kind: 'part'; readonly id: string; readonly from: string; readonly value: unknown }
  /** The part has been dealt with: the next may come; `stop`: nobody wants it. */
  | { readonly kind: 'taken'; readonly id: string; readonly from: string }
  | { readonly kind: 'stop'; readonly id: string; readonly from: string }
  | { readonly kind: 'answer'; readonly id: string; readonly from: string; readonly value: unknown }
  | { readonly kind: 'failed'; readonly id: string; readonly from: string; readonly error: string }

/** Redis holds messages in memory for whoever reads them slowly. */
export const MAX_MESSAGE = 1024 * 1024
const MAX_ERROR = 1000

export function writeMessage(message: Message): string {
  const text = JSON.stringify(
    message.kind === 'failed' ? { ...message, error: message.error.slice(0, MAX_ERROR) } : message,
  )
  if (text.length > MAX_MESSAGE) throw new Error(`a message of ${text.length} characters is too long for other nodes`)
  return text
}

/** Undefined for what is none of ours. */
export function readMessage(text: string): Message | undefined {
  const read = parseRecord(text, MAX_MESSAGE)
  if (read === undefined) return undefined
  const { kind, id, from, question, args, value, error } = read
  if (typeof id !== 'string' || id.length > 100 || typeof from !== 'string' || !isNodeName(from)) return undefined
  switch (kind) {
    case 'ask':
      return typeof question === 'string' && question.length <= 100 ? { kind, id, from, question, args } : undefined
    case 'taken':
    case 'stop':
      return { kind, id, from }
    case 'part':
    case 'answer':
      return { kind, id, from, value }
    case 'failed':
      return typeof error === 'string' ? { kind, id, from, error: error.slice(0, MAX_ERROR) } : undefined
    default:
      return undefined
  }
}
