import type { Coverage } from '../queue/shown.js'
import { parseFilter } from '../queue/filter-words.js'
import { actionText, countText, detailText, lacks, type Action } from '../text/queue.js'
import { actAll, listAll, showAll } from './queue-all.js'
import { jsonRows, tableRows } from './queue-rows.js'
import { complain, printed, progressLine, withServer, type ServerOptions } from './server.js'
import { EXIT, printJson, type Exit, type Terminal } from './terminal.js'

/**
 * `dmail queue list [FILTER...]`: a line or two for each message, as they come from the server. With --json an array of QueueRow;
 * an array without its end is an answer that was cut. Exit 1 when a part of the queue is not in the answer,
 * 2 for a filter that is none.
 */
export async function queueList(filter: readonly string[], options: ServerOptions, terminal: Terminal): Promise<Exit> {
  const parsed = parseFilter(filter, { need: false, nowMs: 0 })
  if (!parsed.ok) {
    complain(terminal, parsed.message, parsed.hint)
    return EXIT.usage
  }
  if (options.all === true) return await listAll(filter, options, terminal)
  return await withServer(options, terminal, async (ask) => {
    const sheet = options.json ? jsonRows(terminal, lackLines) : tableRows(terminal, countText)
    const result = await ask('queue.list', { filter }, { item: sheet.row })
    await sheet.end(result)
    return lacks(result) === undefined ? EXIT.done : EXIT.problems
  })
}

/** For jsonRows. */
function lackLines(result: Coverage): readonly string[] {
  const lacking = lacks(result)
  return lacking === undefined ? [] : [`there may be more: ${lacking}`]
}

/** `dmail queue show ID`: everything about one message. Exit 1 when there is none. */
export function queueShow(id: string, options: ServerOptions, terminal: Terminal): Promise<Exit> {
  if (options.all === true) return showAll(id, options, terminal)
  return withServer(options, terminal, async (ask) => {
    const detail = await ask('queue.show', { id })
    if (options.json) printJson(terminal, detail)
    else await printed(terminal, `${detailText(detail, Date.now())}\n`)
    return EXIT.done
  })
}

const VERB: Record<Action, string> = {
  send: 'try every message of the queue now',
  hold: 'hold every message of the queue',
  release: 'release every message that is held',
  drop: 'drop every message of the queue',
}

/**
 * `dmail queue send|hold|release|drop FILTER...`. Exit 1 when something was left out, nothing matched, or a part of the queue did
 * not answer; 2 for a filter that is none, and without one: everything must be asked for by name.
 */
export async function queueAction(
  action: Action,
  filter: readonly string[],
  options: ServerOptions,
  terminal: Terminal,
): Promise<Exit> {
  if (filter.length === 0) {
    complain(terminal, `queue ${action} needs a filter: "dmail queue ${action} all" to ${VERB[action]}`)
    return EXIT.usage
  }
  const parsed = parseFilter(filter, { need: true, nowMs: 0 })
  if (!parsed.ok) {
    complain(terminal, parsed.message, parsed.hint)
    return EXIT.usage
  }
  if (options.all === true) return await actAll(action, filter, options, terminal)
  return await withServer(options, terminal, async (ask) => {
    const progress = progressLine(terminal)
    try {
      const result = await ask(`queue.${action}`, { filter }, { progress: progress.show })
      progress.clear()
      if (options.json) printJson(terminal, result)
      else await printed(terminal, `${actionText(action, result)}\n`)
      return result.done > 0 && result.skipped === 0 && lacks(result) === undefined ? EXIT.done : EXIT.problems
    } finally {
      progress.clear()
    }
  })
}
