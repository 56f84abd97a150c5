import { act, sendReleased } from '../../lib/queue/actions.js'
import { parseFilter } from '../../lib/queue/filter-words.js'
import { createQueries } from '../../lib/queue/queries.js'
import { rowOf } from '../../lib/queue/rows.js'
import { showMessage } from '../../lib/queue/show.js'
import { countFor, domainSummaries, queueTotals } from '../../lib/queue/summary.js'
import type { Crew } from '../crew.js'
import type { Care } from '../keeper.js'
import { onAll } from './questions.js'

/** Has this process answer for its own queue. Returns what ends it. */
export function answerForQueue(crew: Crew, care: Care, notice: (text: string) => void): () => void {
  const queries = createQueries(care)

  onAll(crew, 'queue.match', async ({ query, words, nowMs }) => {
    const parsed = parseFilter(words, { need: false, nowMs })
    if (!parsed.ok) throw new Error(parsed.message)
    // Asked before the queue is looked through: what is read meanwhile may be missed.
    const complete = care.isComplete()
    return { count: await queries.open(query, parsed.filter), complete }
  })
  onAll(crew, 'queue.rows', async ({ query }) => {
    const page = await queries.next(query, { headers: true })
    if (page === undefined) return undefined
    const { found, looked, more } = page
    return { rows: found.map((one) => rowOf(care, one)), looked, more }
  })
  onAll(crew, 'queue.act', async ({ query, action }) => {
    const filter = queries.filterOf(query)
    const page = await queries.next(query, { headers: false })
    if (page === undefined || filter === undefined) return undefined
    const { found, looked, more } = page
    const files = new Map(found.map(({ entry }) => [entry.id, entry.file]))
    const { ids, skipped } = await act(care, action, found, filter)
    if (action === 'drop') for (const id of ids) notice(`${files.get(id) ?? id} dropped by an operator`)
    return { ids, skipped, looked, more }
  })
  onAll(crew, 'queue.forget', ({ query }) => {
    queries.forget(query)
    return undefined
  })
  onAll(crew, 'queue.show', ({ id }) => showMessage(care, id))
  onAll(crew, 'queue.known', ({ ids }) => ({
    ids: ids.filter((id) => care.index.get(id) !== undefined),
    complete: care.isComplete(),
  }))
  onAll(crew, 'queue.enter', ({ from, files }) => care.enter(from, files))
  onAll(crew, 'queue.released', ({ ids }) => {
    sendReleased(care, ids)
    return undefined
  })
  onAll(crew, 'queue.totals', async () => {
    const complete = care.isComplete()
    return { ...(await queueTotals(care)), complete }
  })
  onAll(crew, 'queue.domains', ({ domains }) => domainSummaries(care, domains))
  onAll(crew, 'queue.count', ({ domain }) => countFor(care, domain))
  return () => {
    queries.close()
  }
}
