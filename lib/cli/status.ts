import { printed, widthOf, withServer, type ServerOptions } from './server.js'
import { statusText } from '../text/status.js'
import { EXIT, painter, printJson, type Exit, type Terminal } from './terminal.js'

/** `dmail status`: what the running server has in its queue and what it keeps back. Exit 1 when a worker did not answer. */
export function statusCommand(options: ServerOptions, terminal: Terminal): Promise<Exit> {
  return withServer(options, terminal, async (ask) => {
    const status = await ask('status', {})
    if (options.json) printJson(terminal, status)
    else {
      const sheet = { nowMs: Date.now(), width: widthOf(terminal) }
      await printed(terminal, `${statusText(status, sheet, painter(terminal))}\n`)
    }
    return status.missing > 0 ? EXIT.problems : EXIT.done
  })
}
