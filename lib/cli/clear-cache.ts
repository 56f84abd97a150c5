import { silentText } from '../text/nodes.js'
import { printed, withServer, type ServerOptions } from './server.js'
import { EXIT, printJson, type Exit, type Terminal } from './terminal.js'
import { counted } from '../text/values.js'

/** `dmail clear-cache`: the next mail for a user asks the user directory again. Exit 1 when a worker did not answer. */
export function clearCacheCommand(options: ServerOptions, terminal: Terminal): Promise<Exit> {
  return withServer(options, terminal, async (ask) => {
    const result = await ask('clear-cache', {})
    const { workers, missing, nodes } = result
    const others = silentText(nodes, 'may go on with what it knew')
    if (options.json) printJson(terminal, result)
    else {
      const lacking =
        missing === 0 ? '' : `; ${counted(missing, 'worker')} did not answer and may go on with what it knew`
      await printed(
        terminal,
        `the cache of user look-ups is empty in ${counted(workers, 'worker')}${lacking}${others}\n`,
      )
    }
    return missing > 0 || others !== '' ? EXIT.problems : EXIT.done
  })
}
