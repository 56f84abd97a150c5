import type { ActionResult } from './shown.js'
import type { Filter } from './filter.js'
import type { Found } from './queries.js'
import type { QueueSight } from './sight.js'

/** `hold` and `release` only find out which messages it is about: what is held is decided in one process, for all. */
export type Action = 'send' | 'drop' | 'hold' | 'release'

/** What became of one page. */
export interface Acted {
  readonly ids: readonly string[]
  readonly skipped: ActionResult['examples']
}

type Verdict = { readonly done: true } | { readonly done: false; readonly why: string } | undefined

const DONE: Verdict = { done: true }

/** Does to each message of a page what an operator wants. */
export async function act(sight: QueueSight, action: Action, found: readonly Found[], filter: Filter): Promise<Acted> {
  const verdicts = await Promise.all(found.map((one) => actOn(sight, action, one, filter)))
  const ids: string[] = []
  const skipped: { id: string; why: string }[] = []
  verdicts.forEach((verdict, at) => {
    const id = found[at]?.entry.id
    if (id === undefined || verdict === undefined) return
    if (verdict.done) ids.push(id)
    else skipped.push({ id, why: verdict.why })
  })
  return { ids, skipped }
}

/** undefined: it is not about this one. */
async function actOn(sight: QueueSight, action: Action, { entry }: Found, filter: Filter): Promise<Verdict> {
  switch (action) {
    case 'send':
      if (sight.isHeld(entry.id)) return { done: false, why: 'is held: release it first' }
      // There is an attempt already.
      if (entry.stage !== 'sending') sight.send(entry)
      return DONE
    case 'drop':
      return (await sight.drop(entry)) ? DONE : { done: false, why: 'is being sent' }
    case 'hold':
      return DONE
    case 'release':
      if (sight.isHeld(entry.id)) return DONE
      // "All for this domain" means those of it that are held; who names a message is told.
      return filter.names === undefined ? undefined : { done: false, why: 'is not held' }
  }
}

/** An attempt now for what was just released; what is suspended waits on. */
export function sendReleased(sight: QueueSight, ids: readonly string[]): void {
  for (const id of ids) {
    const entry = sight.index.get(id)
    if (entry === undefined || entry.stage === 'sending' || sight.suspensionOf(entry) !== undefined) continue
    sight.send(entry)
  }
}
