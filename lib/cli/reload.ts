import type { CheckLine } from '../conf/check.js'
import type { ReloadResult } from '../control/protocol.js'
import { printed, withServer, type ServerOptions } from './server.js'
import { EXIT, painter, printJson, type Exit, type Terminal } from './terminal.js'
import { counted, visible } from '../text/values.js'

/**
 * `dmail reload`: every process reads the configuration anew, at once. Exit 1 when the one before stays in force, when it has
 * errors, or when a worker did not answer.
 */
export function reloadCommand(options: ServerOptions, terminal: Terminal): Promise<Exit> {
  return withServer(options, terminal, async (ask) => {
    const result = await ask('reload', {})
    if (options.json) printJson(terminal, result)
    else await printed(terminal, reloadText(result, painter(terminal)))
    const { nodes, notReloaded = [] } = result
    const elsewhere = notReloaded.length > 0 || (nodes?.silent.length ?? 0) > 0
    const here = result.reloaded && result.errors.length === 0 && result.missing === 0
    return here && !elsewhere ? EXIT.done : EXIT.problems
  })
}

type Paint = ReturnType<typeof painter>

function reloadText(result: ReloadResult, paint: Paint): string {
  const { reloaded, error, summary, errors, warnings, missing, nodes, notReloaded = [] } = result
  const last = reloaded
    ? `${paint('green', 'reloaded')}: ${visible(summary)}`
    : `${paint('red', 'not reloaded')}: ${visible(error)}`
  return [
    ...errors.map((line) => problemLine('red', 'error', line, paint)),
    ...warnings.map((line) => problemLine('yellow', 'warning', line, paint)),
    last,
    ...(missing === 0 ? [] : [paint('yellow', `${counted(missing, 'worker')} did not answer in time: see the log`)]),
    ...notReloaded.map((one) => paint('red', `not reloaded on node ${visible(one.node)}: ${visible(one.error)}`)),
    ...(nodes?.silent ?? []).map((node) =>
      paint('yellow', `node ${visible(node)} did not answer in time: see its log`),
    ),
    '',
  ].join('\n')
}

/** `error dmail.conf:5:16 message`, and what to do below it. */
export function problemLine(
  colour: 'red' | 'yellow',
  kind: string,
  { at, message, hint }: CheckLine,
  paint: Paint,
): string {
  const first = `${paint(colour, kind)} ${paint('bold', visible(at))} ${visible(message)}`
  return hint === '' ? first : `${first}\n      ${visible(hint)}`
}
