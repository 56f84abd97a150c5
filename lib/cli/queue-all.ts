import type { AllResult } from '../control/over-nodes.js'
import { noAnswerLines, nodeHead } from '../text/nodes.js'
import { detailText, type Action } from '../text/queue.js'
import { allActionText, allCountText, allDone, allLack, answersOf } from '../text/queue-nodes.js'
import { jsonRows, tableRows } from './queue-rows.js'
import { complain, printed, progressLine, withServer, type ServerOptions } from './server.js'
import { EXIT, painter, printJson, type Exit, type Terminal } from './terminal.js'

/* `dmail queue ... --all`: over the queues of all nodes of a cluster. */

/** The rows of one node after those of another. With --json an array of rows that say their `node`. */
export function listAll(filter: readonly string[], options: ServerOptions, terminal: Terminal): Promise<Exit> {
  return withServer(options, terminal, async (_ask, askAll) => {
    const sheet = options.json ? jsonRows(terminal, lackLines) : tableRows(terminal, allCountText)
    const found = await askAll('queue.list', { filter }, { item: sheet.row })
    await sheet.end(found)
    return allLack(found).length === 0 ? EXIT.done : EXIT.problems
  })
}

/** For jsonRows. */
function lackLines(found: AllResult<'queue.list'>): readonly string[] {
  const lacking = allLack(found)
  return lacking.length === 0 ? [] : ['there may be more:', ...lacking]
}

/** Whoever has the message shows it. Exit 1 when nobody has it, or a node that may have it did not answer. */
export function showAll(id: string, options: ServerOptions, terminal: Terminal): Promise<Exit> {
  return withServer(options, terminal, async (_ask, askAll) => {
    const found = await askAll('queue.show', { id })
    const shown = answersOf(found.nodes)
    const silent = noAnswerLines({ ...found, nodes: found.nodes.filter((one) => 'error' in one && one.silent) })
    if (options.json) printJson(terminal, found)
    else {
      for (const { node, result } of shown) {
        const head = painter(terminal)('bold', nodeHead(node))
        await printed(terminal, `${head}\n${detailText(result, Date.now())}\n`)
      }
      const lines = shown.length > 0 ? silent : noAnswerLines(found)
      if (lines.length > 0) complain(terminal, ...(lines as [string, ...string[]]))
    }
    return shown.length > 0 && silent.length === 0 ? EXIT.done : EXIT.problems
  })
}

/** As on one node, side by side on all. */
export function actAll(
  action: Action,
  filter: readonly string[],
  options: ServerOptions,
  terminal: Terminal,
): Promise<Exit> {
  return withServer(options, terminal, async (_ask, askAll) => {
    const progress = progressLine(terminal)
    try {
      const found = await askAll(`queue.${action}`, { filter }, { progress: progress.show })
      progress.clear()
      if (options.json) printJson(terminal, found)
      else await printed(terminal, `${allActionText(action, found)}\n`)
      return allDone(found) ? EXIT.done : EXIT.problems
    } finally {
      progress.clear()
    }
  })
}
