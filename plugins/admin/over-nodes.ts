import { NodeFailed, NodeSilent } from '../../lib/cluster/node-asking.js'
import type { Cluster, NodeView } from '../../lib/cluster/types.js'
import { ClientGone, Refusal, type Handlers, type OverNodes, type Talk } from '../../lib/control/handlers.js'
import { isApart, type FromNodes, type NodeAnswer, type NodeCommand } from '../../lib/control/over-nodes.js'
import type { Commands, Progress } from '../../lib/control/protocol.js'
import { errorText } from '../../lib/error.js'
import { isRecord } from '../../lib/record.js'
import { spanText } from '../../lib/text/values.js'
import type { Seat } from '../cluster.js'
import { commandOn } from './node-commands.js'

/** Names that an error lists. */
const MAX_NAMED = 50

type Handler = (args: unknown, talk: Talk<unknown>) => Promise<unknown>

/**
 * Has nodes carry out what an operator of this one asks for. `handlers` are those of an operator here; `alone` are for this node
 * alone, as other nodes are asked.
 */
export function overNodes(seat: Seat, handlers: Handlers, alone: Handlers): OverNodes {
  return async (on, command, args, talk) => {
    const cluster = clusterOf(seat)
    if (on !== 'all') return await onNode(cluster, alone, on.node, command, args, talk)
    if (!isApart(command)) return together(cluster, await (handlers[command] as Handler)(args, talk))
    const carryOut = (view: NodeView, over: Talk<unknown>): Promise<NodeAnswer<unknown>> => {
      // Those that hang are dead when their turn comes: each of them is not waited for anew.
      const now = nodeViews(cluster).find(({ node }) => node === view.node) ?? view
      return answerOf(view.node, () => onView(cluster, alone, now, command, args, over))
    }
    const views = nodeViews(cluster)
    const nodes =
      command === 'queue.list' ? await inTurn(views, carryOut, talk) : await sideBySide(views, carryOut, talk)
    return { nodes, ...aloneOf(cluster) } satisfies FromNodes<unknown>
  }
}

/** Throws a Refusal where there is none. */
export function clusterOf(seat: Seat): Cluster {
  const cluster = seat.cluster()
  if (cluster !== undefined) return cluster
  throw new Refusal(
    'this Haraka is not one node of several',
    '"[cluster] redis = true" in dmail.ini makes it one; where that is set its log says why it is none',
  )
}

/** Has the node of this name carry out a command, for itself alone. Rejects with a Refusal where it does not. */
export function onNode(
  cluster: Cluster,
  alone: Handlers,
  name: string,
  command: NodeCommand,
  args: unknown,
  talk: Talk<unknown>,
  timeMs?: number,
): Promise<unknown> {
  return askNamed(cluster, name, (view) => onView(cluster, alone, view, command, args, talk, timeMs))
}

/** Asks the node of this name. Rejects with a Refusal where there is none, or it does not answer. */
export async function askNamed<T>(cluster: Cluster, name: string, ask: (view: NodeView) => Promise<T>): Promise<T> {
  const { alone } = aloneOf(cluster)
  if (name !== cluster.node && alone !== undefined) {
    throw new Refusal(`node ${name} cannot be asked: ${alone}`, 'this node goes on alone')
  }
  const views = nodeViews(cluster)
  const view = views.find(({ node }) => node === name)
  if (view === undefined) {
    const names = views.slice(0, MAX_NAMED).map(({ node }) => node)
    const more = views.length > names.length ? ` and ${views.length - names.length} more` : ''
    throw new Refusal(`there is no node ${name}`, `the nodes are ${names.join(', ')}${more}`)
  }
  try {
    mustBeUp(cluster, view)
    return await ask(view)
  } catch (error) {
    if (error instanceof ClientGone || error instanceof Refusal) throw error
    throw new Refusal(`node ${name}: ${errorText(error)}`, error instanceof NodeFailed ? 'see its log' : '')
  }
}

async function onView(
  cluster: Cluster,
  alone: Handlers,
  view: NodeView,
  command: NodeCommand,
  args: unknown,
  talk: Talk<unknown>,
  timeMs?: number,
): Promise<unknown> {
  if (view.node === cluster.node) return await (alone[command] as Handler)(args, talk)
  mustBeUp(cluster, view)
  return await commandOn(
    cluster,
    view.node,
    command,
    args as Commands[NodeCommand]['args'],
    talk as Talk<never>,
    timeMs,
  )
}

function mustBeUp(cluster: Cluster, { node, alive, ageMs }: NodeView): void {
  if (node === cluster.node) return
  if (cluster.standing().state !== 'joined') throw new NodeSilent('it cannot be asked')
  if (!alive) throw new NodeSilent(`it is dead since ${spanText(ageMs)}`)
}

/** This node and the others that are known, by their names. */
export function nodeViews(cluster: Cluster): readonly NodeView[] {
  const others = cluster.nodes().filter(({ node }) => node !== cluster.node)
  const all = [{ node: cluster.node, alive: true, ageMs: 0 }, ...others]
  return all.sort((one, other) => (one.node < other.node ? -1 : 1))
}

async function answerOf(node: string, ask: () => Promise<unknown>): Promise<NodeAnswer<unknown>> {
  try {
    return { node, result: await ask() }
  } catch (error) {
    if (error instanceof ClientGone) throw error
    const hint = error instanceof Refusal ? error.hint : ''
    return { node, error: errorText(error), hint, silent: error instanceof NodeSilent }
  }
}

/** One after the other, so that what they give stays in the order of the nodes and nobody holds it. */
async function inTurn(
  views: readonly NodeView[],
  carryOut: (view: NodeView, talk: Talk<unknown>) => Promise<NodeAnswer<unknown>>,
  talk: Talk<unknown>,
): Promise<NodeAnswer<unknown>[]> {
  const answers: NodeAnswer<unknown>[] = []
  for (const view of views) {
    const { node } = view
    const items = (some: readonly unknown[]): Promise<void> =>
      talk.items(some.map((item) => ({ node, ...(isRecord(item) ? item : {}) })))
    answers.push(await carryOut(view, { ...talk, items }))
  }
  return answers
}

async function sideBySide(
  views: readonly NodeView[],
  carryOut: (view: NodeView, talk: Talk<unknown>) => Promise<NodeAnswer<unknown>>,
  talk: Talk<unknown>,
): Promise<NodeAnswer<unknown>[]> {
  const progresses = new Map<string, Progress>()
  return await Promise.all(
    views.map((view) =>
      carryOut(view, {
        ...talk,
        progress(progress) {
          progresses.set(view.node, progress)
          const all = [...progresses.values()]
          return talk.progress({
            done: all.reduce((sum, { done }) => sum + done, 0),
            total: all.reduce((sum, { total }) => sum + total, 0),
          })
        },
      }),
    ),
  )
}

/** An answer that is about all nodes anyway, with those that it was not for. */
function together(cluster: Cluster, result: unknown): unknown {
  if (!isRecord(result) || !isRecord(result['nodes'])) return result
  const dead = nodeViews(cluster).filter(({ alive }) => !alive)
  const why = aloneOf(cluster)
  const nodes = {
    ...result['nodes'],
    own: cluster.node,
    dead: why.alone === undefined ? dead.map(({ node }) => node) : [],
    ...why,
  }
  return { ...result, nodes }
}

function aloneOf(cluster: Cluster): { readonly alone?: string } {
  const { state, why } = cluster.standing()
  if (state === 'joined') return {}
  return { alone: state === 'away' ? `Redis is away: ${why}` : why }
}
