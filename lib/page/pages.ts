import { errorText } from '../error.js'
import type { Desk, Here } from './desk.js'
import { note, type Sheet } from './forms.js'
import { html, type Part } from './html.js'
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
        `live?view=queue&filter=${encodeURIComponent(data.filter)}`,
      )
    }
    case 'message': {
      const found = await desk.show(query.get('id') ?? '')
      if (found.ok) return show('Message', 'Queue', messageBody(found.value, sheet))
      return page(404, {
        title: 'Message',
        menu: { current: 'Queue', formToken },
        body: html`<h1>Message</h1>
          ${note('error', found.error.message)}
          <p><a href="queue">Queue</a></p>`,
      })
    }
    case 'route': {
      const question = traceQuestion(query)
      return show('Route', 'Route', traceBody(question, await trace(question, here)))
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

function onList(sheet: Sheet, { filter }: QueueData): Sheet {
  return { ...sheet, list: filter }
}

async function overviewData(desk: Desk, here: Here): Promise<OverviewData | string> {
  const [overview, deeds] = await Promise.all([desk.overview(), desk.deeds()])
  return overview.ok ? { ...overview.value, deeds, problems: here.problems() } : overview.error.message
}

async function queueData(query: URLSearchParams, desk: Desk): Promise<QueueData> {
  const filter = filterOf(query)
  const [listing, deeds] = await Promise.all([desk.list(wordsOf(filter)), desk.deeds()])
  return { filter, listing, deeds }
}

async function trace({ address, from, ip, trusted }: TraceQuestion, here: Here): Promise<Traced> {
  if (address === '') return undefined
  try {
    return await here.trace({ address, trusted, ...(from === '' ? {} : { from }), ...(ip === '' ? {} : { ip }) })
  } catch (error) {
    return errorText(error)
  }
}
