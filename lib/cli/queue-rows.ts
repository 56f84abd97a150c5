import type { QueueRow } from '../queue/shown.js'
import { nodeHead } from '../text/nodes.js'
import { LIST_HEAD, rowText } from '../text/queue.js'
import { visibleJson } from '../text/values.js'
import { complain, printed, widthOf } from './server.js'
import { painter, type Terminal } from './terminal.js'

/** Prints messages as they come from the server, and what is to be said when all have come. */
export interface Rows<Result> {
  /** `node` where messages of several nodes come, those of one after those of another. */
  readonly row: (row: QueueRow & { readonly node?: string }) => Promise<void>
  readonly end: (result: Result) => Promise<void>
}

/** A line or two for each message; `foot` is the line below them. */
export function tableRows<Result>(terminal: Terminal, foot: (result: Result) => string): Rows<Result> {
  const sheet = { nowMs: Date.now(), width: widthOf(terminal) }
  const paint = painter(terminal)
  let before = `${paint('bold', LIST_HEAD)}\n`
  let last: string | undefined
  return {
    async row(row) {
      if (row.node !== undefined && row.node !== last) before += `${paint('bold', nodeHead(row.node))}\n`
      const [first = '', ...rest] = rowText(row, sheet).split('\n')
      await printed(terminal, `${before}${first}\n${paint('dim', rest.join('\n'))}\n`)
      before = ''
      last = row.node
    },
    end: (result) => printed(terminal, `${foot(result)}\n`),
  }
}

/** An array of rows; without its end it is an answer that was cut. What `lacking` says goes to the error output. */
export function jsonRows<Result>(terminal: Terminal, lacking: (result: Result) => readonly string[]): Rows<Result> {
  let before = '['
  return {
    async row(row) {
      await printed(terminal, `${before}\n  ${visibleJson(row)}`)
      before = ','
    },
    async end(result) {
      await printed(terminal, before === '[' ? '[]\n' : '\n]\n')
      const [first, ...more] = lacking(result)
      if (first !== undefined) complain(terminal, first, ...more)
    },
  }
}
