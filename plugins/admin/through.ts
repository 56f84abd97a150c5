import { randomUUID } from 'node:crypto'
import { Refusal, type Talk } from '../../lib/control/handlers.js'
import type { ActionResult, Coverage, QueueRow } from '../../lib/queue/shown.js'
import type { Progress } from '../../lib/control/protocol.js'
import type { Action } from '../../lib/queue/actions.js'
import { parseFilter } from '../../lib/queue/filter-words.js'
import type { Crew } from '../crew.js'
import { askAll, type Looked, type Questions } from './questions.js'

/** Examples of skipped messages that are kept (protocol: ActionResult). */
const MAX_EXAMPLES = 100

type Paged = 'queue.rows' | 'queue.act'
type PageOf<Name extends Paged> = NonNullable<Questions[Name]['answer']>

/** Goes page by page through what matches in all processes; `take` is given what each of them has for this turn. */
async function goThrough<Name extends Paged>(
  crew: Crew,
  words: readonly string[],
  name: Name,
  args: Omit<Questions[Name]['args'], 'query'>,
  take: (pages: readonly PageOf<Name>[], progress: { done: number; total: number }) => Promise<void>,
): Promise<Coverage> {
  const query = randomUUID()
  const begun = await askAll(crew, 'queue.match', { query, words, nowMs: Date.now() })
  const workers = begun.answers.length
  const total = begun.answers.reduce((sum, { count }) => sum + count, 0)
  let done = 0
  // Those that answer less often than at first have gone, and what they had was not seen.
  let answered = workers
  try {
    for (let more = total > 0; more;) {
      const { answers } = await askAll(crew, name, { ...args, query })
      const pages = answers.filter((page) => page !== undefined) as readonly (PageOf<Name> & Looked)[]
      answered = Math.min(answered, pages.length)
      done += pages.reduce((sum, { looked }) => sum + looked, 0)
      more = pages.some((page) => page.more)
      await take(pages, { done, total })
    }
  } finally {
    // A client that went away does not hold memory in every process.
    await askAll(crew, 'queue.forget', { query })
  }
  const missing = begun.missing + workers - answered
  const complete = missing === 0 && begun.answers.every((answer) => answer.complete)
  return { workers: answered, missing, complete }
}

/** Throws a Refusal that says what is wrong with a filter. */
function checkFilter(words: readonly string[], need: boolean): void {
  const parsed = parseFilter(words, { need, nowMs: 0 })
  if (!parsed.ok) throw new Refusal(parsed.message, parsed.hint)
}

/** Gives every row that matches to `take`. Rejects with a Refusal for a bad filter. */
export async function listRows(
  crew: Crew,
  words: readonly string[],
  take: (rows: readonly QueueRow[]) => Promise<void>,
  /** Called when every process has given what it has for this turn, its oldest. */
  turned: (progress: Progress) => Promise<void> = () => Promise.resolve(),
): Promise<Coverage & { readonly count: number }> {
  checkFilter(words, false)
  let count = 0
  const coverage = await goThrough(crew, words, 'queue.rows', {}, async (pages, progress) => {
    for (const { rows } of pages) {
      count += rows.length
      await take(rows)
    }
    await turned(progress)
  })
  return { ...coverage, count }
}

/** An action's result, and the messages it is about. */
export interface Acting {
  readonly ids: readonly string[]
  readonly result: ActionResult
}

/** Has every process act on what matches. Rejects with a Refusal for a bad filter, or none. */
export async function actOnAll(
  crew: Crew,
  words: readonly string[],
  action: Action,
  talk: Talk<never>,
  /** Called after each page, also when nobody listens any more. */
  took: (ids: readonly string[]) => void = () => undefined,
): Promise<Acting> {
  checkFilter(words, true)
  const ids: string[] = []
  const examples: ActionResult['examples'][number][] = []
  let skipped = 0
  const coverage = await goThrough(crew, words, 'queue.act', { action }, async (pages, progress) => {
    for (const page of pages) {
      for (const id of page.ids) ids.push(id)
      took(page.ids)
      skipped += page.skipped.length
      examples.push(...page.skipped.slice(0, MAX_EXAMPLES - examples.length))
    }
    await talk.progress(progress)
  })
  return { ids, result: { ...coverage, done: ids.length, skipped, examples } }
}
