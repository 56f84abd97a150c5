import type { FlushResult } from '../queue/shown.js'
import { onNodesText, silentText } from './nodes.js'
import { lacks } from './queue.js'
import { counted, visible } from './values.js'

/** What `dmail etrn` says when it is done, in one line. */
export function etrnText(asked: string, result: FlushResult): string {
  const node = asked.startsWith('@') ? `${visible(asked.slice(1))} and its sub-domains` : visible(asked)
  if (result.running) return `mail for ${node} is being sent already: nothing was begun`
  const where = onNodesText(result.nodes)
  const what =
    result.count === 0
      ? `nothing waits for ${node}${where}`
      : `${counted(result.count, 'message')} for ${node} tried now${where}`
  const silent = silentText(result.nodes, 'may have more')
  if (silent !== '') return `${what}${silent}`
  if (result.missing > 0) return `${what}; there may be more: ${lacks(result) ?? ''}`
  return result.complete ? what : `${what}; the queue is still being read: what is found for it is tried too`
}
