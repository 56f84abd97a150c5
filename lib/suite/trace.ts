import { clientOf, type RouteQuestion } from './question.js'
import { tracedRoute, type TracedRoute } from '../routing/report.js'
import { route } from '../routing/route.js'
import type { Snapshot } from './snapshot-types.js'

/** What is decided for mail to an address: the decision that RCPT takes. Rejects with BadQuestion for a wrong question. */
export async function traceRoute(
  { tables, world }: Pick<Snapshot, 'tables' | 'world'>,
  question: RouteQuestion,
): Promise<TracedRoute> {
  const { address } = question
  return tracedRoute(address, await route(tables, world, address, clientOf(question)))
}
