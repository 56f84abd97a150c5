import type { NodeSummary } from '../cluster/summary.js'
import type { ClusterStatus, Nodes, NodeStatus } from '../cluster/status.js'
import type { FromNodes, NodeAnswer } from '../control/over-nodes.js'
import { counted, spanText, visible } from './values.js'

/** Nodes that are named; the rest is counted. */
const MAX_NAMED = 10

/**
 * Names the nodes of a cluster that did not answer; '' where all did. `then`: what that means, of one node. Where the command was
 * for all nodes it names those that are dead too.
 */
export function silentText({ silent = [], dead = [], alone }: Partial<Nodes> = {}, then: string): string {
  const lines = [
    ...silent.map((node) => `; node ${visible(node)} did not answer: it ${then}`),
    ...dead.map((node) => `; node ${visible(node)} is dead: it ${then}`),
  ]
  const others = alone === undefined ? '' : `; no other node could be asked (${visible(alone)}): each ${then}`
  const more = lines.length > MAX_NAMED ? `; so it is with ${lines.length - MAX_NAMED} more nodes` : ''
  return `${lines.slice(0, MAX_NAMED).join('')}${more}${others}`
}

/** ` on mail1, mail2`: the nodes that a command for all nodes was carried out on; '' for any other. */
export function onNodesText({ own, answered = [] }: Partial<Nodes> = {}): string {
  return own === undefined ? '' : ` on ${namesText([own, ...answered])}`
}

/** Whether a command for all nodes was not carried out on some. */
export function leavesOut({ own, silent = [], dead = [], alone }: Partial<Nodes> = {}): boolean {
  return own !== undefined && (silent.length > 0 || dead.length > 0 || alone !== undefined)
}

/** Some names in their order; the rest is counted. */
export function namesText(names: readonly string[]): string {
  const sorted = [...names].sort()
  const shown = sorted.slice(0, MAX_NAMED).map(visible).join(', ')
  return sorted.length > MAX_NAMED ? `${shown} and ${sorted.length - MAX_NAMED} more` : shown
}

/** The line above what a node answered. */
export function nodeHead(node: string): string {
  return `node ${visible(node)}`
}

/** `node mail4: it is dead since 12m`, for each that has no answer; and why no other could be asked. */
export function noAnswerLines({ nodes, alone }: FromNodes<unknown>): string[] {
  const failed = nodes.flatMap((one) =>
    'error' in one && !(one.silent && alone !== undefined) ? [failureText(one)] : [],
  )
  return [...failed, ...(alone === undefined ? [] : [`no other node could be asked: ${visible(alone)}`])]
}

function failureText({ node, error, hint }: Extract<NodeAnswer<unknown>, { error: string }>): string {
  return `node ${visible(node)}: ${visible(error)}${hint === '' ? '' : ` (${visible(hint)})`}`
}

/** This Haraka as one of several, a line for each thing. */
export function clusterLines({ node, state, sinceMs, why, nodes }: ClusterStatus, nowMs: number): string[] {
  const others = nodes.filter((one) => one.node !== node)
  const up = others.filter(({ alive }) => alive)
  const dead = others.filter(({ alive }) => !alive)
  const since = spanText(nowMs - sinceMs)
  const first =
    state === 'joined'
      ? `cluster: node ${visible(node)}, ${counted(up.length + 1, 'node')} up`
      : `cluster: node ${visible(node)} is alone since ${since}: ${state === 'away' ? 'Redis is away: ' : ''}${visible(why)}`
  const own = nodes.find((one) => one.node === node)?.summary
  return [
    first,
    ...(state === 'joined' ? up.map((one) => `  ${nodeText(one, own)}`) : []),
    ...dead.map((one) => `  ${nodeText(one, own)}, dead since ${spanText(one.ageMs)}`),
  ]
}

function nodeText({ node, summary }: NodeStatus, own: NodeSummary | undefined): string {
  const name = visible(node)
  return summary === undefined
    ? name
    : [`${name}: ${counted(summary.messages, 'message')}`, ...differences(summary, own)].join(', ')
}

/** In what a node is not as another. */
export function differences({ version, config }: NodeSummary, own: NodeSummary | undefined): string[] {
  if (own === undefined) return []
  return [
    ...(version === own.version ? [] : [`dmail ${visible(version)}`]),
    ...(config === own.config ? [] : ['another configuration']),
  ]
}
