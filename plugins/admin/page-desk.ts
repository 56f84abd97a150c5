import { errorText } from '../../lib/error.js'
import { ClientGone, Refusal, type Handlers, type Talk } from '../../lib/control/handlers.js'
import type { Status } from '../../lib/control/protocol.js'
import { orderText, resultText } from '../../lib/page/orders.js'
import type { Answered, Deed, Desk, Listing, Order } from '../../lib/page/desk.js'
import type { Door } from '../../lib/page/door.js'
import type { MetricsData } from '../../lib/page/metrics.js'
import { MAX_LISTED, MAX_NAMED } from '../../lib/page/queue.js'
import { createTally, type Totals } from '../../lib/page/tally.js'
import { needsHeader } from '../../lib/queue/filter.js'
import { parseFilter } from '../../lib/queue/filter-words.js'
import type { QueueDetail, QueueRow } from '../../lib/queue/shown.js'
import type { QueueTotals } from '../../lib/queue/summary.js'
import type { TracedRoute } from '../../lib/routing/report.js'
import type { Crew } from '../crew.js'
import type { PageNodes } from './page-nodes.js'
import { askAll } from './questions.js'
import { listRows } from './through.js'

/** How long the queue is looked through for one page. */
const LOOK_MS = 4_000
/** An action that takes longer goes on after its answer. */
const ACT_MS = 4_000
/** Every open page asks every few seconds; a long queue takes a moment to sum up. */
const FRESH_MS = 1_500
const MAX_DEEDS = 10
/** A page shows less of it. */
const MAX_REASON = 500

const SILENT: Talk<never> = { items: () => Promise.resolve(), progress: () => Promise.resolve() }

/** Answers the page for all processes, by the handlers of the control socket. In the one process. */
export function createDesk(crew: Crew, handlers: Handlers, door: Door, nodes: PageNodes): Desk {
  const deeds: Deed[] = []
  const tally = createTally()
  let overview: { readonly sinceMs: number; readonly answer: ReturnType<Desk['overview']> } | undefined

  async function totals(): Promise<Totals> {
    const { answers, missing } = await askAll(crew, 'figures', {})
    return tally.add(answers, missing === 0)
  }

  async function metrics(): Promise<MetricsData> {
    const [status, { answers }, sums] = await Promise.all([
      handlers.status({}, SILENT),
      askAll(crew, 'queue.totals', {}),
      totals(),
    ])
    const { version, startedMs, workers, missing } = status
    const bytes = answers.reduce((sum, one) => sum + one.bytes, 0)
    return {
      version,
      startedMs,
      workers,
      missing,
      queue: { bytes, states: sumStates(answers) },
      totals: sums,
      ...clusterFigures(status),
    }
  }

  async function carryOut(order: Order): Promise<string> {
    const { command, args, node } = order
    // The handler of a command takes what the command is given.
    const handler = handlers[command] as (args: unknown, talk: Talk<never>) => ReturnType<Handlers[Order['command']]>
    const result =
      node !== undefined && nodes.isOther(node)
        ? await nodes.carryOut(node, command, args)
        : await handler(args, SILENT)
    return resultText(order, result as Awaited<ReturnType<typeof handler>>)
  }

  return {
    enter: (token, from) => Promise.resolve(door.enter(token, from)),
    knows: (token, from) => Promise.resolve(door.knows(token, from)),
    formToken: (session) => Promise.resolve(door.formToken(session)),
    overview() {
      const nowMs = Date.now()
      if (overview === undefined || nowMs - overview.sinceMs > FRESH_MS) {
        const answer = answered(async () => {
          const [status, sums] = await Promise.all([handlers.status({}, SILENT), totals()])
          return { status: status satisfies Status, totals: sums }
        })
        overview = { sinceMs: nowMs, answer }
      }
      return overview.answer
    },
    nodes: () => Promise.resolve(nodes.list()),
    list: (filter, node) =>
      nodes.isOther(node) ? answered(() => nodes.listing(node, filter)) : listOldest(crew, filter),
    show: (id, node) =>
      answered(async () => {
        if (!nodes.isOther(node)) return await handlers['queue.show']({ id }, SILENT)
        return (await nodes.carryOut(node, 'queue.show', { id })) as QueueDetail
      }),
    trace: (question, node) =>
      answered(async () => {
        if (!nodes.isOther(node)) return await handlers.route(question, SILENT)
        return (await nodes.carryOut(node, 'route', question)) as TracedRoute
      }),
    async act(order) {
      const deed = { atMs: Date.now(), what: orderText(order) }
      deeds.unshift({ ...deed, state: 'under way', text: 'is being done' })
      deeds.splice(MAX_DEEDS)
      const end = (state: Deed['state'], text: string): void => {
        overview = undefined
        const at = deeds.findIndex(({ atMs, what }) => atMs === deed.atMs && what === deed.what)
        if (at >= 0) deeds[at] = { ...deed, state, text }
      }
      const done = carryOut(order).then(
        (text) => {
          end('done', text)
        },
        (error: unknown) => {
          end('refused', inWords(error))
        },
      )
      await inTime(done, ACT_MS)
    },
    deeds: () => Promise.resolve(deeds),
    metrics,
  }
}

function clusterFigures({ cluster }: Status): Pick<MetricsData, 'cluster'> {
  if (cluster === undefined) return {}
  const connected = cluster.state === 'joined'
  const alive = cluster.nodes.filter((one) => one.alive && (connected || one.node === cluster.node)).length
  return { cluster: { connected, nodes: Math.max(1, alive) } }
}

/** The first of what matches, for a page. */
export function listOldest(crew: Crew, words: readonly string[]): Promise<Answered<Listing>> {
  return answered(() => oldest(crew, words))
}

async function oldest(crew: Crew, words: readonly string[]): Promise<Listing> {
  const parsed = parseFilter(words, { need: false, nowMs: 0 })
  const byHeader = parsed.ok && needsHeader(parsed.filter)
  const untilMs = Date.now() + LOOK_MS
  const rows: Listing['rows'][number][] = []
  let [looked, total, missing] = [0, 0, 0]
  try {
    const take = (some: Listing['rows']): Promise<void> => {
      rows.push(...some)
      return Promise.resolve()
    }
    const coverage = await listRows(crew, words, take, (progress) => {
      looked = progress.done
      total = progress.total
      return rows.length >= MAX_LISTED || Date.now() > untilMs ? Promise.reject(new ClientGone()) : Promise.resolve()
    })
    missing = coverage.missing
  } catch (error) {
    if (!(error instanceof ClientGone)) throw error
  }
  rows.sort((one, other) => one.arrivedMs - other.arrivedMs)
  return {
    rows: rows.slice(0, MAX_LISTED).map(forPage),
    total,
    looked: Math.max(looked, rows.length),
    byHeader,
    missing,
  }
}

/** Without what no page shows: it may be on its way to another node. */
function forPage(row: QueueRow): QueueRow {
  const recipients = row.recipients.map((recipient, at) => (at < MAX_NAMED ? recipient : ''))
  return { ...row, recipients, reason: row.reason.slice(0, MAX_REASON) }
}

function sumStates(parts: readonly QueueTotals[]): QueueTotals['states'] {
  const sum = { waiting: 0, suspended: 0, held: 0, starting: 0, sending: 0 }
  for (const { states } of parts) {
    for (const state of Object.keys(sum) as (keyof typeof sum)[]) sum[state] += states[state]
  }
  return sum
}

async function answered<T>(ask: () => Promise<T>): Promise<Answered<T>> {
  try {
    return { ok: true, value: await ask() }
  } catch (error) {
    const hint = error instanceof Refusal ? error.hint : "see Haraka's log"
    return { ok: false, error: { message: errorText(error), hint } }
  }
}

function inWords(error: unknown): string {
  if (!(error instanceof Refusal)) return errorText(error)
  return error.hint === '' ? error.message : `${error.message} (${error.hint})`
}

async function inTime(done: Promise<unknown>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms)
  })
  await Promise.race([done, late])
  clearTimeout(timer)
}
