import { Refusal, type Handlers, type Talk } from '../../lib/control/handlers.js'
import type { ActionResult } from '../../lib/queue/shown.js'
import { PAGE } from '../../lib/queue/queries.js'
import type { Crew } from '../crew.js'
import { withHeld, withoutHeld, type Operator } from './operator.js'
import { askAll } from './questions.js'
import { actOnAll, listRows } from './through.js'

type QueueHandlers = Pick<
  Handlers,
  'queue.list' | 'queue.show' | 'queue.send' | 'queue.hold' | 'queue.release' | 'queue.drop'
>

/** `dmail queue ...`, over the queues of all processes. */
export function queueCommands(crew: Crew, operator: Operator, notice: (text: string) => void): QueueHandlers {
  function told(action: string, filter: readonly string[], result: ActionResult): ActionResult {
    const { done, skipped } = result
    notice(
      `queue ${action} ${filter.join(' ').slice(0, 200)}: ${done} messages${skipped === 0 ? '' : `, ${skipped} not`}`,
    )
    return result
  }

  /** Messages that are gone are held no more. */
  async function withoutGone(more: readonly string[] = []): Promise<ReadonlySet<string>> {
    return new Set([...(await operator.gone(operator.current().held)), ...more])
  }

  async function hold(filter: readonly string[], talk: Talk<never>): Promise<ActionResult> {
    operator.current()
    const { ids, result } = await actOnAll(crew, filter, 'hold', talk)
    if (ids.length === 0) return result
    const gone = await withoutGone()
    await operator.change((state) => withHeld(withoutHeld(state, gone), ids))
    return result
  }

  async function release(filter: readonly string[], talk: Talk<never>): Promise<ActionResult> {
    operator.current()
    const { ids, result } = await actOnAll(crew, filter, 'release', talk)
    const free = await withoutGone(ids)
    if (free.size > 0) await operator.change((state) => withoutHeld(state, free))
    for (let at = 0; at < ids.length; at += PAGE) {
      await askAll(crew, 'queue.released', { ids: ids.slice(at, at + PAGE) })
      await talk.progress({ done: Math.min(at + PAGE, ids.length), total: ids.length })
    }
    return result
  }

  async function drop(filter: readonly string[], talk: Talk<never>): Promise<ActionResult> {
    const dropped: string[] = []
    try {
      const took = (ids: readonly string[]): void => {
        for (const id of ids) dropped.push(id)
      }
      return (await actOnAll(crew, filter, 'drop', talk, took)).result
    } finally {
      const held = new Set(operator.current().held)
      if (dropped.some((id) => held.has(id))) {
        await operator.change((state) => withoutHeld(state, new Set(dropped)))
      }
    }
  }

  return {
    'queue.list': ({ filter }, talk) => listRows(crew, filter, (rows) => talk.items(rows)),
    'queue.show': async ({ id }) => {
      const found = await findOne(crew, id)
      const { answers } = await askAll(crew, 'queue.show', { id: found })
      const detail = answers.find((answer) => answer !== undefined)
      if (detail === undefined) throw new Refusal(`the message ${id} has just left the queue`, '')
      return detail
    },
    'queue.send': async ({ filter }, talk) => {
      const { result } = await actOnAll(crew, filter, 'send', talk)
      return told('send', filter, result)
    },
    'queue.hold': async ({ filter }, talk) => told('hold', filter, await hold(filter, talk)),
    'queue.release': async ({ filter }, talk) => told('release', filter, await release(filter, talk)),
    'queue.drop': async ({ filter }, talk) => told('drop', filter, await drop(filter, talk)),
  }
}

/** The id in the queue of a message that is named by it or by its id in the log. Rejects with a Refusal. */
async function findOne(crew: Crew, id: string): Promise<string> {
  if (id.includes('=') || id.toLowerCase() === 'all') {
    throw new Refusal(`"${id}" is no id`, 'show takes one message; "dmail queue list" shows the ids')
  }
  const ids: string[] = []
  const { complete } = await listRows(crew, [id], (rows) => {
    ids.push(...rows.map((row) => row.id))
    return Promise.resolve()
  })
  const [only] = ids
  if (only === undefined) {
    const unsure = complete ? '' : '; not every process has answered for all of its queue, so try again'
    throw new Refusal(`there is no message ${id} in the queue${unsure}`, '"dmail queue list" shows the ids')
  }
  if (ids.length > 1) {
    const some = ids.slice(0, 10).join(', ')
    throw new Refusal(`${ids.length} messages in the queue are part of ${id}`, `name one of them: ${some}`)
  }
  return only
}
