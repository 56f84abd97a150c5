import type { AllResult, FromNodes, NodeAnswer } from '../control/over-nodes.js'
import type { ActionResult, Coverage } from '../queue/shown.js'
import { noAnswerLines, nodeHead } from './nodes.js'
import { actionText, lacks, type Action } from './queue.js'
import { counted, visible } from './values.js'

type AllActed = AllResult<'queue.send'>

/** What the lists of all nodes lack, node by node; empty where they are whole. */
export function allLack(found: FromNodes<Coverage>): string[] {
  const parts = answersOf(found.nodes).flatMap(({ node, result }) => {
    const lacking = lacks(result)
    return lacking === undefined ? [] : [`${nodeHead(node)}: ${lacking}`]
  })
  return [...parts, ...noAnswerLines(found)]
}

/** The line below the rows of all nodes. */
export function allCountText(found: AllResult<'queue.list'>): string {
  const answers = answersOf(found.nodes)
  const count = answers.reduce((sum, { result }) => sum + result.count, 0)
  const lacking = allLack(found)
  const more = lacking.length === 0 ? '' : `; there may be more:\n  ${lacking.join('\n  ')}`
  return `${count === 0 ? 'no messages' : counted(count, 'message')} on ${counted(answers.length, 'node')}${more}`
}

/** What became of the messages that matched, node by node: those where nothing did are named only where nothing did anywhere. */
export function allActionText(action: Action, found: AllActed): string {
  const answers = answersOf(found.nodes)
  const touched = answers.filter(({ result }) => touches(result))
  const names = answers.map(({ node }) => visible(node)).join(', ')
  const nothing = touched.length === 0 && answers.length > 0 ? [`no message matches on ${names}: nothing was done`] : []
  const parts = touched.map(({ node, result }) => `${nodeHead(node)}: ${actionText(action, result)}`)
  return [...nothing, ...parts, ...noAnswerLines(found)].join('\n')
}

function touches(result: ActionResult): boolean {
  return result.done > 0 || result.skipped > 0 || lacks(result) !== undefined
}

/** Whether something was done, nothing was left out, and every node answered for all it has. */
export function allDone(found: AllActed): boolean {
  const results = answersOf(found.nodes).map(({ result }) => result)
  const some = results.some(({ done }) => done > 0)
  return some && results.every(({ skipped }) => skipped === 0) && allLack(found).length === 0
}

export function answersOf<Result>(
  nodes: readonly NodeAnswer<Result>[],
): Extract<NodeAnswer<Result>, { result: Result }>[] {
  return nodes.flatMap((one) => ('result' in one ? [one] : []))
}
