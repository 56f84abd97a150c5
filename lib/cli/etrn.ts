import type { FlushResult } from '../queue/shown.js'
import { lacks } from '../text/queue.js'
import { silentText } from '../text/nodes.js'
import { printed, withServer, type ServerOptions } from './server.js'
import { EXIT, printJson, type Exit, type Terminal } from './terminal.js'
import { counted, visible } from '../text/values.js'

/**
 * `dmail etrn DOMAIN`: sends what waits for a domain (`@DOMAIN`: and its sub-domains), as if its server had said ETRN; no
 * permission is needed and no rate counts. Exit 1 when an earlier one is under way, or a worker did not answer.
 */
export function etrnCommand(node: string, options: ServerOptions, terminal: Terminal): Promise<Exit> {
  return withServer(options, terminal, async (ask) => {
    const result = await ask('etrn', { node })
    if (options.json) printJson(terminal, result)
    else await printed(terminal, `${etrnText(node, result)}\n`)
    // Mail that is found while the queue is being read is sent as well.
    const lacking = result.missing > 0 || (result.nodes?.silent.length ?? 0) > 0
    return result.running || lacking ? EXIT.problems : EXIT.done
  })
}

/** What became of it, in one line. */
export function etrnText(asked: string, result: FlushResult): string {
  const node = asked.startsWith('@') ? `${visible(asked.slice(1))} and its sub-domains` : visible(asked)
  if (result.running) return `mail for ${node} is being sent already: nothing was begun`
  const what =
    result.count === 0 ? `nothing waits for ${node}` : `${counted(result.count, 'message')} for ${node} tried now`
  const silent = silentText(result.nodes, 'may have more')
  if (silent !== '') return `${what}${silent}`
  if (result.missing > 0) return `${what}; there may be more: ${lacks(result) ?? ''}`
  return result.complete ? what : `${what}; the queue is still being read: what is found for it is tried too`
}
