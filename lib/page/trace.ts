import { describe, type TracedRoute } from '../routing/report.js'
import { ruleOf, treeOf, type Branch } from '../routing/tree.js'
import { note } from './forms.js'
import { html, type Html } from './html.js'
import type { NodeChoice } from './desk.js'
import { nodeLinks, nodeOf } from './nodes.js'

/** What the tracer was asked; all '' at first. */
export interface TraceQuestion {
  readonly address: string
  readonly from: string
  readonly ip: string
  readonly trusted: boolean
  /** The node that decides; '' = this one. */
  readonly node: string
}

/** undefined: nothing was asked. A text says why there is no decision. */
export type Traced = TracedRoute | string | undefined

export function traceQuestion(query: URLSearchParams): TraceQuestion {
  const text = (name: string): string => (query.get(name) ?? '').trim()
  return {
    address: text('address'),
    from: text('from'),
    ip: text('ip'),
    trusted: query.has('trusted'),
    node: nodeOf(query),
  }
}

/** The tracer: where mail for an address goes, and by which rules. */
export function traceBody(question: TraceQuestion, traced: Traced, nodes: readonly NodeChoice[]): Html {
  return html`<h1>Where does mail go?</h1>
    ${nodeLinks(nodes, question.node, (node) => routeUrl({ ...question, node }))}
    <form method="get" action="route" class="line">
      ${question.node !== '' && html`<input type="hidden" name="node" value="${question.node}" />`}<label
        >Address
        <input
          name="address"
          value="${question.address}"
          required
          placeholder="bob@example.com"
          autocomplete="off"
          spellcheck="false"
      /></label>
      <label
        >From
        <input name="from" value="${question.from}" placeholder="any sender" autocomplete="off" spellcheck="false"
      /></label>
      <label>Client <input name="ip" value="${question.ip}" placeholder="any IP address" autocomplete="off" /></label>
      <label class="check"
        ><input type="checkbox" name="trusted" ${question.trusted && html` checked`} /> may relay</label
      >
      <button>Trace</button>
    </form>
    ${traced !== undefined && (typeof traced === 'string' ? note('error', traced) : verdict(question, traced))}`
}

function routeUrl({ trusted, ...texts }: TraceQuestion): string {
  const query = new URLSearchParams(Object.entries(texts).filter(([, text]) => text !== ''))
  if (trusted) query.set('trusted', 'on')
  return `route?${query.toString()}`
}

function verdict({ address, node }: TraceQuestion, traced: TracedRoute): Html {
  const { report, detail } = traced
  const { code, enhanced, text } = report.reply
  return html`<section aria-labelledby="trace-title">
    <h2 id="trace-title">${address}</h2>
    <p class="note ${report.accepted ? 'good' : 'error'}" role="status">
      <strong>${report.accepted ? 'Accepted' : 'Refused'}</strong> ${code} ${enhanced} ${text}
    </p>
    ${detail !== undefined && note('plain', detail)} ${branches(treeOf(traced))}
    <p class="dim">Decided by ${node === '' ? 'this server' : `node ${node}`}, with the configuration in force.</p>
  </section>`
}

function branches(list: readonly Branch[]): Html {
  if (list.length === 0) return html``
  return html`<ul class="tree">
    ${list.map((branch) => html`<li>${branchHtml(branch)}</li>`)}
  </ul>`
}

function branchHtml(branch: Branch): Html {
  if (branch.kind === 'destination') return html`<span class="destination">→ ${describe(branch.destination)}</span>`
  const { step, input, rule, at } = branch.step
  const place = at !== null && html` <span class="dim">(${at})</span>`
  const text =
    step === 'left-out'
      ? html`<strong>left out</strong> ${input}: ${rule}`
      : html`<strong>${step}</strong>${ruleOf(branch.step)}`
  return html`${text}${place}${branches(branch.below)}`
}
