import { etrnText } from '../text/etrn.js'
import { leavesOut } from '../text/nodes.js'
import { printed, withServer, type ServerOptions } from './server.js'
import { EXIT, printJson, type Exit, type Terminal } from './terminal.js'

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
    const lacking = result.missing > 0 || (result.nodes?.silent.length ?? 0) > 0 || leavesOut(result.nodes)
    return result.running || lacking ? EXIT.problems : EXIT.done
  })
}
