import type { Commands } from '../control/protocol.js'
import { complain, printed, withServer, type ServerOptions } from './server.js'
import { leavesOut } from '../text/nodes.js'
import { resumeText, suspendText } from '../text/suspend.js'
import { EXIT, printJson, type Exit, type Terminal } from './terminal.js'
import { parseUntil, type Until } from '../text/until.js'

export interface SuspendOptions extends ServerOptions {
  readonly reason?: string
  readonly until?: string
}

/** `dmail suspend DOMAIN`: mail for it waits until it is resumed, until its end, or for ETRN. Exit 2 for an end that is none. */
export async function suspendCommand(domain: string, options: SuspendOptions, terminal: Terminal): Promise<Exit> {
  const until: Until | undefined = options.until === undefined ? undefined : parseUntil(options.until, Date.now())
  if (until !== undefined && 'error' in until) {
    complain(terminal, `--until ${until.error}`)
    return EXIT.usage
  }
  const args: Commands['suspend']['args'] = {
    domain,
    ...(options.reason === undefined ? {} : { reason: options.reason }),
    ...until,
  }
  return await withServer(options, terminal, async (ask) => {
    const result = await ask('suspend', args)
    if (options.json) printJson(terminal, result)
    else await printed(terminal, `${suspendText(result)}\n`)
    return leavesOut(result.nodes) ? EXIT.problems : EXIT.done
  })
}

/** `dmail resume DOMAIN`: exit 1 when it was not suspended by an operator, or is suspended still. */
export function resumeCommand(domain: string, options: ServerOptions, terminal: Terminal): Promise<Exit> {
  return withServer(options, terminal, async (ask) => {
    const result = await ask('resume', { domain })
    if (options.json) printJson(terminal, result)
    else await printed(terminal, `${resumeText(domain, result)}\n`)
    return result.resumed && result.still === undefined && !leavesOut(result.nodes) ? EXIT.done : EXIT.problems
  })
}
