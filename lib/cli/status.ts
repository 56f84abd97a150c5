import type { AllResult } from '../control/over-nodes.js'
import { noAnswerLines } from '../text/nodes.js'
import { allStatusText, statusText } from '../text/status.js'
import { printed, widthOf, withServer, type ServerOptions } from './server.js'
import { EXIT, painter, printJson, type Exit, type Terminal } from './terminal.js'

/** `dmail status`: what the running server has in its queue and what it keeps back. Exit 1 when a worker or a node did not answer. */
export function statusCommand(options: ServerOptions, terminal: Terminal): Promise<Exit> {
  return withServer(options, terminal, async (ask, askAll) => {
    const sheet = { nowMs: Date.now(), width: widthOf(terminal) }
    if (options.all === true) {
      const found = await askAll('status', {})
      if (options.json) printJson(terminal, found)
      else await printed(terminal, `${allStatusText(found, sheet, painter(terminal))}\n`)
      return isWhole(found) ? EXIT.done : EXIT.problems
    }
    const status = await ask('status', {})
    if (options.json) printJson(terminal, status)
    else await printed(terminal, `${statusText(status, sheet, painter(terminal))}\n`)
    return status.missing > 0 ? EXIT.problems : EXIT.done
  })
}

function isWhole(found: AllResult<'status'>): boolean {
  return noAnswerLines(found).length === 0 && found.nodes.every((one) => 'result' in one && one.result.missing === 0)
}
