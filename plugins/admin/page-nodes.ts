import { Refusal, type Handlers, type Talk } from '../../lib/control/handlers.js'
import type { NodeCommand } from '../../lib/control/over-nodes.js'
import type { Answered, Listing, NodeChoice } from '../../lib/page/desk.js'
import { MAX_LISTED } from '../../lib/page/queue.js'
import { isRecord } from '../../lib/record.js'
import type { Seat } from '../cluster.js'
import { askNamed, clusterOf, nodeViews, onNode } from './over-nodes.js'

/** The question of one node to another: what its page would list. */
const LIST = 'page.list'
/** That node looks for some seconds itself; whoever answers the browser waits little longer for this process. */
const ANSWER_MS = 10_000

const SILENT: Talk<unknown> = { items: () => Promise.resolve(), progress: () => Promise.resolve() }

/** The other nodes, as the page of this one asks them. */
export interface PageNodes {
  list(): readonly NodeChoice[]
  /** Whether this is the name of another node, or of none. */
  isOther(node: string): boolean
  /** Both reject with a Refusal. */
  carryOut(node: string, command: NodeCommand, args: unknown): Promise<unknown>
  listing(node: string, filter: readonly string[]): Promise<Listing>
}

/** Has this node list for the pages of others. */
export function answerPages(seat: Seat, list: (filter: readonly string[]) => Promise<Answered<Listing>>): void {
  seat.onAsk(LIST, (args) => {
    const filter = isRecord(args) ? args['filter'] : undefined
    if (!Array.isArray(filter) || !filter.every((word) => typeof word === 'string')) throw new Error('it has no filter')
    return list(filter)
  })
}

export function pageNodes(seat: Seat, alone: Handlers): PageNodes {
  return {
    list() {
      const cluster = seat.cluster()
      if (cluster === undefined) return []
      return nodeViews(cluster).map(({ node, alive }) => ({ node, alive, own: node === cluster.node }))
    },
    isOther: (node) => node !== '' && node !== seat.cluster()?.node,
    carryOut: async (node, command, args) =>
      await onNode(clusterOf(seat), alone, node, command, args, SILENT, ANSWER_MS),
    listing: async (node, filter) => {
      const cluster = clusterOf(seat)
      return await askNamed(cluster, node, async () =>
        listingOf(await cluster.askNode(node, LIST, { filter }, { timeMs: ANSWER_MS })),
      )
    },
  }
}

/** Throws a Refusal where that node has none. */
function listingOf(answer: unknown): Listing {
  const { ok, value, error } = isRecord(answer) ? answer : {}
  if (ok === true && isRecord(value) && Array.isArray(value['rows'])) {
    return { ...(value as unknown as Listing), rows: (value['rows'] as Listing['rows']).slice(0, MAX_LISTED) }
  }
  const { message, hint } = isRecord(error) ? error : {}
  if (typeof message === 'string') throw new Refusal(message, typeof hint === 'string' ? hint : '')
  throw new Error("it speaks another version's protocol")
}
