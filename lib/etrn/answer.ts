import type { FlushResult } from '../queue/shown.js'
import { reply, type Reply } from '../reply.js'
import { nodeText, type EtrnNode } from './request.js'

/** What the one process says to a permitted ETRN. Plain data. */
export type EtrnResult =
  | { readonly kind: 'limited'; readonly waitMs: number }
  | ({ readonly kind: 'flush' } & Pick<FlushResult, 'count' | 'running' | 'complete'>)

/**
 * The reply (Q5). 253 tells the number only where it is all of them: while a queue is still being read, or a process did not
 * answer in time, what they have for the node is sent as it is found.
 */
export function etrnAnswer(node: EtrnNode, result: EtrnResult): Reply {
  const name = nodeText(node)
  if (result.kind === 'limited') return reply('etrnTooSoon', name, String(Math.max(1, Math.ceil(result.waitMs / 1000))))
  const { count, running, complete } = result
  if (count === 0 && running) return reply('etrnRunning', name)
  if (!complete) return reply('etrnStarted', name)
  return count === 0 ? reply('etrnNothing', name) : reply('etrnCounted', name, String(count))
}
