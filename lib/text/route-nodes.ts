import type { AllResult } from '../control/over-nodes.js'
import { describe, type RouteReport, type TracedRoute } from '../routing/report.js'
import { namesText, nodeHead } from './nodes.js'
import { counted, visible } from './values.js'

/** Nodes that decide alike, by the same rules. */
export interface Alike {
  readonly nodes: readonly string[]
  readonly traced: TracedRoute
}

/** The nodes by what they decide; the largest group first. */
export function alikeNodes({ nodes }: AllResult<'route'>): readonly Alike[] {
  const groups = new Map<string, { nodes: string[]; traced: TracedRoute }>()
  for (const one of nodes) {
    if (!('result' in one)) continue
    const key = JSON.stringify(one.result)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, { nodes: [one.node], traced: one.result })
    else group.nodes.push(one.node)
  }
  return [...groups.values()].sort((one, other) => other.nodes.length - one.nodes.length)
}

/** The line above the tree of nodes that decide alike. */
export function alikeHead({ nodes }: Alike): string {
  return nodes.length === 1 ? nodeHead(nodes[0] ?? '') : `nodes ${namesText(nodes)}`
}

/** In what nodes differ from the largest group, or that they do not. */
export function alikeLines([first, ...others]: readonly Alike[]): string[] {
  if (first === undefined) return []
  if (others.length === 0) return [`decided alike by ${counted(first.nodes.length, 'node')}`]
  return others.flatMap((other) => [
    `${alikeHead(other)}: not as ${namesText(first.nodes)}`,
    ...differenceLines(first.traced.report, other.traced.report).map((line) => `  ${line}`),
  ])
}

function differenceLines(one: RouteReport, other: RouteReport): string[] {
  const replies = [replyText(one), replyText(other)] as const
  const [before, after] = [destinationsOf(one), destinationsOf(other)]
  const lines = [
    ...(replies[0] === replies[1] ? [] : [`${replies[1]}, not ${replies[0]}`]),
    ...after.filter((each) => !before.includes(each)).map((each) => `only there → ${each}`),
    ...before.filter((each) => !after.includes(each)).map((each) => `not there → ${each}`),
  ]
  return lines.length === 0 ? ['the same, by other rules or other lines'] : lines
}

function replyText({ reply: { code, enhanced, text } }: RouteReport): string {
  return visible(`${code} ${enhanced} ${text}`)
}

function destinationsOf({ destinations }: RouteReport): string[] {
  return destinations.map((destination) => visible(describe(destination)))
}
