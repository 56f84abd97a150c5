import type { LogLine } from '../control/log-taps.js'
import { complain, printed, withServer, type ServerOptions } from './server.js'
import { EXIT, painter, printJson, type Exit, type Terminal } from './terminal.js'
import { counted, visible, visibleJson } from '../text/values.js'

export interface LogOptions extends ServerOptions {
  readonly level?: string
  readonly lines?: number
}

/** `dmail log [WORD...]`: the log as it is written, until it is interrupted or so many lines have come. */
export function logCommand(words: readonly string[], options: LogOptions, terminal: Terminal): Promise<Exit> {
  const { level, lines } = options
  const paint = painter(terminal)
  const item = (line: LogLine): Promise<void> =>
    printed(terminal, options.json ? `${visibleJson(line)}\n` : `${logText(line, paint)}\n`)
  return withServer(options, terminal, async (ask) => {
    const wanted = { words, ...(level === undefined ? {} : { level }), ...(lines === undefined ? {} : { lines }) }
    await ask('log', wanted, { item })
    return EXIT.done
  })
}

/** With the time, which Haraka leaves to whoever keeps its log. */
function logText({ atMs, level, text }: LogLine, paint: ReturnType<typeof painter>): string {
  const line = visible(text)
  const urgent = /^(?:WARN|ERROR|CRIT|ALERT|EMERG)$/.test(level)
  return `${paint('dim', new Date(atMs).toISOString())} ${urgent ? paint('red', line) : line}`
}

/** `dmail log-level [LEVEL]`. Exit 1 when a worker did not answer. */
export function logLevelCommand(level: string | undefined, options: ServerOptions, terminal: Terminal): Promise<Exit> {
  return withServer(options, terminal, async (ask) => {
    const result = await ask('log-level', level === undefined ? {} : { level })
    if (options.json) printJson(terminal, result)
    else await printed(terminal, `the log is written up to level ${visible(result.level)}\n`)
    if (result.missing === 0) return EXIT.done
    complain(terminal, `${counted(result.missing, 'worker')} did not answer in time and may go on as before`)
    return EXIT.problems
  })
}
