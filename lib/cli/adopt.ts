import path from 'node:path'
import { adoptedText } from '../text/adopt.js'
import { complain, printed, progressLine, withServer, type ServerOptions } from './server.js'
import { EXIT, printJson, type Exit, type Terminal } from './terminal.js'

export type AdoptOptions = ServerOptions & { readonly force?: boolean }

/**
 * `dmail queue adopt DIR`: the running server takes over the queue of a dead node. Exit 1 when it may not, when something that may be
 * mail was left, or when it was stopped before the end.
 */
export function adoptCommand(dir: string, options: AdoptOptions, terminal: Terminal): Promise<Exit> {
  if (options.node !== undefined || options.all === true) {
    complain(terminal, 'queue adopt is for the node whose server is asked: it takes neither --node nor --all')
    return Promise.resolve(EXIT.usage)
  }
  return withServer(options, terminal, async (ask) => {
    const progress = progressLine(terminal)
    try {
      const args = { dir: path.resolve(dir), force: options.force === true }
      const result = await ask('queue.adopt', args, { progress: progress.show })
      progress.clear()
      if (options.json) printJson(terminal, result)
      else await printed(terminal, `${adoptedText(result)}\n`)
      return result.left.length === 0 && result.stopped === '' ? EXIT.done : EXIT.problems
    } finally {
      progress.clear()
    }
  })
}
