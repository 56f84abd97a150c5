import type { Desk } from '../../lib/page/desk.js'
import type { Crew } from '../crew.js'

/** The desk's questions, as they are asked of the one process. */
const NAMES = [
  'enter',
  'knows',
  'formToken',
  'overview',
  'nodes',
  'list',
  'show',
  'trace',
  'act',
  'deeds',
  'metrics',
] as const satisfies readonly (keyof Desk)[]

type Ask = (...args: readonly unknown[]) => Promise<unknown>

/** Has the one process answer for the page. Rejects where `desk` does. */
export function answerForPage(crew: Crew, desk: () => Desk): void {
  for (const name of NAMES) {
    crew.onOne(`page.${name}`, (args) => (desk()[name] as Ask)(...(args as readonly unknown[])))
  }
}

/** The desk of the one process, from anywhere. */
export function askDesk(crew: Crew): Desk {
  const asks = NAMES.map((name) => [name, (...args: readonly unknown[]) => crew.askOne(`page.${name}`, args)])
  return Object.fromEntries(asks) as Desk
}
