import { describe, type TracedRoute } from '../routing/report.js'
import { ruleOf, treeOf, type Branch } from '../routing/tree.js'
import { visible } from '../text/values.js'
import { painter, type Terminal } from './terminal.js'

/** The tree of rules that fired, with the destinations under the rules that named them. */
export function printTree(traced: TracedRoute, terminal: Terminal): void {
  const paint = painter(terminal)
  const { out } = terminal
  const { address, accepted, reply } = traced.report
  out.write(`${paint('bold', visible(address))}\n`)
  const print = (branches: readonly Branch[], indent: string): void => {
    branches.forEach((branch, index) => {
      const last = index === branches.length - 1
      out.write(`${indent}${last ? '└─ ' : '├─ '}${branchText(branch, paint)}\n`)
      if (branch.kind === 'step') print(branch.below, `${indent}${last ? '   ' : '│  '}`)
    })
  }
  print(treeOf(traced), '')
  out.write(`${paint(accepted ? 'green' : 'red', `${reply.code} ${reply.enhanced}`)} ${visible(reply.text)}\n`)
}

function branchText(branch: Branch, paint: ReturnType<typeof painter>): string {
  if (branch.kind === 'destination') return paint('green', `→ ${visible(describe(branch.destination))}`)
  const { step, input, rule, at } = branch.step
  const place = at === null ? '' : ` ${paint('dim', `(${visible(at)})`)}`
  if (step === 'left-out') return `${paint('yellow', 'left out')} ${visible(`${input}: ${rule}`)}${place}`
  return `${paint('cyan', step)}${visible(ruleOf(branch.step))}${place}`
}
