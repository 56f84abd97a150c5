import type { ClusterStatus, NodeStatus } from '../cluster/status.js'
import { differences } from '../text/nodes.js'
import { counted, spanText, timeText } from '../text/values.js'
import type { NodeChoice } from './desk.js'
import { note, table, type Sheet } from './forms.js'
import { cut, html, type Html } from './html.js'

/** Rows and links; the rest is counted. */
const MAX_NODES = 100
const MAX_DOMAINS = 3

/** The nodes of the cluster, and what they said of themselves some seconds ago. */
export function nodeTable(cluster: ClusterStatus, sheet: Sheet): Html {
  const nodes = [...cluster.nodes].sort((one, other) => (one.node < other.node ? -1 : 1))
  const shown = nodes.slice(0, MAX_NODES)
  const own = cluster.nodes.find(({ node }) => node === cluster.node)?.summary
  const waiting = nodes.reduce((sum, { summary }) => sum + (summary?.messages ?? 0), 0)
  const up = nodes.filter(({ alive }) => alive).length
  return html`${
    cluster.state === 'joined'
      ? html`<p>${counted(up, 'node')} up, ${counted(waiting, 'message')} on all</p>`
      : note(
          'warning',
          `This node is alone${cluster.state === 'away' ? ': Redis is away' : ''}: ${cut(cluster.why, 300)}`,
        )
  }
  ${table(
    'Nodes',
    ['Node', 'State', 'Version', 'Configuration', '#Mail', 'Domains with most mail', '#Suspended'],
    shown.map((one) => nodeRow(one, cluster, own, sheet)),
  )}${nodes.length > shown.length && html`<p>and ${nodes.length - shown.length} more: <code>dmail status</code></p>`}`
}

function nodeRow(one: NodeStatus, cluster: ClusterStatus, own: NodeStatus['summary'], { nowMs }: Sheet): Html {
  const { node, summary } = one
  const isOwn = node === cluster.node
  const others = summary === undefined ? [] : differences(summary, own)
  const domains = (summary?.domains ?? []).slice(0, MAX_DOMAINS)
  return html`<tr>
    <th scope="row"><a href="${queueUrl({ node })}">${node}</a>${isOwn && ' (this one)'}</th>
    <td>${stateOf(one, isOwn, cluster, nowMs)}</td>
    <td>${summary !== undefined && cut(summary.version, 40)}</td>
    <td>
      ${summary !== undefined && (others.includes('another configuration') ? html`<strong class="state suspended">differs</strong>` : 'the same')}
    </td>
    <td class="n">${summary?.messages.toLocaleString('en')}</td>
    <td class="reason">
      ${domains.map(([domain, count]) => `${cut(domain, 60)} ${count.toLocaleString('en')}`).join(', ')}
    </td>
    <td class="n">${summary?.suspended}</td>
  </tr>`
}

function stateOf({ alive, ageMs, summary }: NodeStatus, isOwn: boolean, { state }: ClusterStatus, nowMs: number): Html {
  if (!isOwn && state !== 'joined') return html`<span class="state">out of reach</span>`
  if (!alive && !isOwn) return html`<span class="state held">dead since ${spanText(ageMs)}</span>`
  if (summary === undefined) return html`up`
  return html`up since ${timeText(summary.startedMs)} (${spanText(nowMs - summary.startedMs)})`
}

/** Links to the same page of each node; nothing where there is no cluster. */
export function nodeLinks(nodes: readonly NodeChoice[], chosen: string, urlOf: (node: string) => string): Html {
  if (nodes.length === 0) return html``
  const shown = nodes.slice(0, MAX_NODES)
  return html`<nav aria-label="Nodes" class="nodes">
    <span>Node:</span>
    ${shown.map(({ node, alive, own }) => {
      const current = chosen === '' ? own : node === chosen
      return html` <a href="${urlOf(node)}" ${current && html` aria-current="true"`}>${node}${!alive && ' (dead)'}</a>`
    })}${nodes.length > shown.length && ` and ${nodes.length - shown.length} more`}
  </nav>`
}

/** The node that is asked for by a page or a form, which there need not be; '' for this one. */
export function nodeOf(values: URLSearchParams): string {
  return (values.get('node') ?? '').trim()
}

/** The list of messages that match, on a node. */
export function queueUrl({ filter = '', node = '' }: { readonly filter?: string; readonly node?: string }): string {
  const words = [
    ...(filter === '' ? [] : [`filter=${encodeURIComponent(filter)}`]),
    ...(node === '' ? [] : [`node=${encodeURIComponent(node)}`]),
  ]
  return words.length === 0 ? 'queue' : `queue?${words.join('&')}`
}

export function messageUrl(id: string, { node }: Pick<Sheet, 'node'>): string {
  return `message?id=${encodeURIComponent(id)}${node === undefined ? '' : `&node=${encodeURIComponent(node)}`}`
}
