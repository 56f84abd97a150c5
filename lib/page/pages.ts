import { errorText } from '../error.js'
import type { Desk, Here } from './desk.js'
import { note, type Sheet } from './forms.js'
import { html, type Part } from './html.js'
import { nodeOf, queueUrl } from './nodes.js'
import { wordsOf } from './orders.js'
import { overviewBody, overviewParts, type OverviewData } from './overview.js'
import { filterOf, messageBody, queueBody, queueParts, type QueueData } from './queue.js'
import type { PageRequest, PageResponse } from './request.js'
import { json, page, plain } from './respond.js'
import { traceBody, traceQuestion, type Traced, type TraceQuestion } from './trace.js'

/** Answers whoever is logged in and only looks. */
export async function read(request: PageRequest, desk: Desk, here: Here, formToken: string): Promise<PageResponse> {
  const { path, query } = request
  const sheet: Sheet = { nowMs: Date.now(), formToken }
  const show = (title: string, current: string, body: Part, live?: string): PageResponse =>
    page(200, { title, body, menu: { current, formToken }, ...(live === undefined ? {} : { live }) })
  switch (path) {
    case 'queue': {
      const data = await queueData(query, desk)
      return show(
        'Queue',
        'Queue',
        queueBody(data, onList(sheet, data)),
        `live?view=queue&filter=${encodeURIComponent(data.filter)}${data.node === '' ? '' : `&node=${encodeURIComponent(data.node)}`}`,
      )
    }
    case 'message': {
      const node = nodeOf(query)
      const found = await desk.show(query.get('id') ?? '', node)
      if (found.ok) return show('Message', 'Queue', messageBody(found.value, onNode(sheet, node)))
      return page(404, {
        title: 'Message',
        menu: { current: 'Queue', formToken },
        body: html`<h1>Message</h1>
          ${note('error', found.error.message)}
          <p><a href="${queueUrl({ node })}">Queue</a></p>`,
      })
    }
    case 'route': {
      const question = traceQuestion(query)
      const [traced, nodes] = await Promise.all([trace(question, desk, here), desk.nodes()])
      return show('Route', 'Route', traceBody(question, traced, nodes))
    }
    case 'live': {
      if (query.get('view') === 'queue') {
        const data = await queueData(query, desk)
        return json(queueParts(data, onList(sheet, data)))
      }
      const data = await overviewData(desk, here)
      return typeof data === 'string' ? plain(503, data) : json(overviewParts(data, sheet))
    }
    default: {
      const data = await overviewData(desk, here)
      if (typeof data === 'string') return plain(503, data)
      return show('Overview', 'Overview', overviewBody(data, sheet), 'live?view=overview')
    }
  }
}

function onList(sheet: Sheet, { filter, node }: QueueData): Sheet {
  return { ...onNode(sheet, node), list: filter }
}

function onNode(sheet: Sheet, node: string): Sheet {
  return node === '' ? sheet : { ...sheet, node }
}

async function overviewData(desk: Desk, here: Here): Promise<OverviewData | string> {
  const [overview, deeds] = await Promise.all([desk.overview(), desk.deeds()])
  return overview.ok ? { ...overview.value, deeds, problems: here.problems() } : overview.error.message
}

async function queueData(query: URLSearchParams, desk: Desk): Promise<QueueData> {
  const filter = filterOf(query)
  const node = nodeOf(query)
  const [listing, deeds, nodes] = await Promise.all([desk.list(wordsOf(filter), node), desk.deeds(), desk.nodes()])
  return { filter, node, nodes, listing, deeds }
}

async function trace({ address, from, ip, trusted, node }: TraceQuestion, desk: Desk, here: Here): Promise<Traced> {
  if (address === '') return undefined
  const question = { address, trusted, ...(from === '' ? {} : { from }), ...(ip === '' ? {} : { ip }) }
  try {
    if (node === '') return await here.trace(question)
    const answered = await desk.trace(question, node)
    return answered.ok ? answered.value : `${answered.error.message} ${answered.error.hint}`.trim()
  } catch (error) {
    return errorText(error)
  }
}
