import type { ClusterStatus, Nodes } from '../control/protocol.js'
import { counted, spanText, visible } from './text.js'

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
  return [
    first,
    ...(state === 'joined' && up.length > 0 ? [`  with ${up.map((one) => visible(one.node)).join(', ')}`] : []),
    ...dead.map((one) => `  node ${visible(one.node)} is dead since ${spanText(one.ageMs)}`),
  ]
}
