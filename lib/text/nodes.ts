import type { NodeSummary } from '../cluster/summary.js'
import type { ClusterStatus, Nodes, NodeStatus } from '../cluster/status.js'
import { counted, spanText, visible } from './values.js'

/** Nodes that are named; the rest is counted. */
const MAX_NAMED = 10

/** Names the nodes of a cluster that did not answer; '' where all did. `then`: what that means, of one node. */
export function silentText(nodes: Nodes | undefined, then: string): string {
  const silent = nodes?.silent ?? []
  return silent
    .map((node) => `; node ${visible(node)} did not answer: it ${then}`)
    .slice(0, MAX_NAMED)
    .join('')
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
  if (summary === undefined) return name
  const { messages, version, config } = summary
  const other =
    own === undefined
      ? []
      : [
          ...(version === own.version ? [] : [`dmail ${visible(version)}`]),
          ...(config === own.config ? [] : ['another configuration']),
        ]
  return [`${name}: ${counted(messages, 'message')}`, ...other].join(', ')
}
