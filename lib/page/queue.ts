import { detailLines, nextStep } from '../text/queue.js'
import { sizeText, spanText } from '../text/values.js'
import type { QueueDetail, QueueRow } from '../queue/shown.js'
import type { Answered, Deed, Listing, NodeChoice } from './desk.js'
import { actions, note, section, table, type Button, type Sheet } from './forms.js'
import { cut, html, type Html } from './html.js'
import { messageUrl, nodeLinks, queueUrl } from './nodes.js'
import { deedList } from './overview.js'

/** Messages that are listed. */
export const MAX_LISTED = 100
/** Recipients of a message that are named in the list. */
export const MAX_NAMED = 3
const MAX_REASON = 300

export interface QueueData {
  /** As it was asked for; '' = everything. */
  readonly filter: string
  /** '' = this one. */
  readonly node: string
  readonly nodes: readonly NodeChoice[]
  readonly listing: Answered<Listing>
  readonly deeds: readonly Deed[]
}

/** The parts of the list that are kept up to date. */
export function queueParts({ filter, listing, deeds }: QueueData, sheet: Sheet): ReadonlyMap<string, Html> {
  return new Map([
    ['deeds', deedList(deeds)],
    [
      'list',
      listing.ok
        ? list(filter, listing.value, sheet)
        : note('error', `${listing.error.message}. ${listing.error.hint}`),
    ],
  ])
}

export function queueBody(data: QueueData, sheet: Sheet): Html {
  const parts = queueParts(data, sheet)
  const { filter, node, nodes } = data
  return html`<h1>Queue${node !== '' && ` of node ${node}`}</h1>
    ${nodeLinks(nodes, node, (name) => queueUrl({ filter, node: name }))}${searchForm(data)}${section('list', 'Messages', parts.get('list'))}${section('deeds', 'Latest actions', parts.get('deeds'))}`
}

const PLACES: readonly (readonly [string, string])[] = [
  ['to', 'recipient'],
  ['from', 'sender'],
  ['id', 'id'],
  ['domain', 'domain'],
  ['filter', 'filter words'],
]

function searchForm({ filter, node }: QueueData): Html {
  return html`<form method="get" action="queue" class="line" role="search">
    ${node !== '' && html`<input type="hidden" name="node" value="${node}" />`}<label
      >Search
      <input
        type="search"
        name="q"
        value="${filter}"
        placeholder="bob@example.com, *@example.com, an id"
        autocomplete="off"
        spellcheck="false"
    /></label>
    <label
      >as
      <select name="in">
        ${PLACES.map(([value, name]) => html`<option value="${value}" ${value === 'filter' && filter !== '' ? html` selected` : ''}>${name}</option>`)}
      </select></label
    >
    <button>Search</button>${filter !== '' && html` <a href="${queueUrl({ node })}">Everything</a>`}
  </form>`
}

/** The filter that the search form asks for. */
export function filterOf(query: URLSearchParams): string {
  const text = (query.get('q') ?? query.get('filter') ?? '').trim()
  const place = query.get('in') ?? 'filter'
  if (text === '' || place === 'filter' || /^[a-z]+=/.test(text)) return text
  // An id may be one of the log, which only stands by itself.
  return place === 'id' && !text.includes('*') ? text : `${place}=${text}`
}

function list(filter: string, listing: Listing, sheet: Sheet): Html {
  const { rows, total, missing } = listing
  const bulk = filter === '' ? 'all' : filter
  return html`<p>${countText(listing)}</p>
    ${missing > 0 && note('warning', `${missing} processes did not answer: there may be more.`)}
    ${total > 0 && html`<div class="bulk"><span>${filter === '' ? 'The whole queue' : 'All that match'}:</span> ${actions(sheet, { filter: bulk }, bulkButtons(bulk))}</div>`}
    ${
      rows.length > 0 &&
      table(
        'Messages, oldest first',
        ['Message', '#Age', '#Size', 'State', 'Sender and recipients', 'Next try and last reason', 'Actions'],
        rows.map((row) => messageRow(row, sheet)),
      )
    }`
}

function countText({ rows, total, looked, byHeader }: Listing): string {
  const number = (count: number): string => count.toLocaleString('en')
  if (rows.length === 0 && looked >= total) return 'No message matches.'
  if (byHeader && looked < total) {
    return `${number(rows.length)} shown; ${number(looked)} of ${number(total)} messages were looked at. Add domain= or older= to see more.`
  }
  return rows.length < total && !byHeader
    ? `The oldest ${number(rows.length)} of ${number(total)} messages. A filter shows others.`
    : `${number(rows.length)} shown, oldest first.`
}

function bulkButtons(filter: string): Button[] {
  const about = `: ${filter === 'all' ? 'the whole queue' : `all that match ${filter}`}`
  return ['Send now', 'Hold', 'Release', 'Drop…'].map((label, at) => ({
    action: ['send', 'hold', 'release', 'drop'][at] ?? '',
    label,
    about,
  }))
}

function messageRow(row: QueueRow, sheet: Sheet): Html {
  const { id, bytes, arrivedMs, state, sender, recipients, reason } = row
  const named = recipients.slice(0, MAX_NAMED).map((address) => cut(address, 100))
  const more = recipients.length - named.length
  return html`<tr>
    <th scope="row"><a href="${messageUrl(id, sheet)}">${id}</a></th>
    <td class="n">${spanText(sheet.nowMs - arrivedMs)}</td>
    <td class="n">${sizeText(bytes)}</td>
    <td><span class="state ${state}">${state}</span></td>
    <td class="who">${sender === '' ? '<>' : cut(sender, 100)}<br />→ ${named.join(', ')}${more > 0 && ` +${more}`}</td>
    <td class="reason">${nextStep(row, sheet.nowMs)}${reason !== '' && html`<br />${cut(reason, MAX_REASON)}`}</td>
    <td>${actions(sheet, { filter: id }, messageButtons(row))}</td>
  </tr>`
}

function messageButtons({ id, state }: Pick<QueueRow, 'id' | 'state'>): Button[] {
  const about = `: message ${id}`
  const held = state === 'held'
  return [
    ...(held ? [] : [{ action: 'send', label: 'Send now', about }]),
    held ? { action: 'release', label: 'Release', about } : { action: 'hold', label: 'Hold', about },
    { action: 'drop', label: 'Drop…', about },
  ]
}

/** One message in full. */
export function messageBody(detail: QueueDetail, sheet: Sheet): Html {
  return html`<h1>Message ${detail.id}${sheet.node !== undefined && ` on node ${sheet.node}`}</h1>
    ${actions({ ...sheet, list: detail.id }, { filter: detail.id }, messageButtons(detail))}
    <dl class="detail">
      ${detailLines(detail, sheet.nowMs).map(
        ([name, value]) =>
          html`<div>
            <dt>${name}</dt>
            <dd>${value}</dd>
          </div>`,
      )}
    </dl>
    <h2>Headers</h2>
    <pre tabindex="0">${detail.headers}</pre>
    <p><a href="${queueUrl(sheet)}">Queue</a></p>`
}
