import { cont } from 'haraka-constants'
import type { Figures } from '../../lib/page/tally.js'
import { refusalName } from '../haraka/hook.js'
import type { HarakaHmail } from '../haraka/outbound-types.js'
import type { HarakaPlugin, Next } from '../haraka/types.js'
import type { Shared } from '../shared.js'

/** Before hooks that end the line with their answer. */
const FIRST = -90

/** Counts what comes out of the queue, and refused recipients. Copies that never were in the queue are counted by `dmail/queue`. */
export function countMail(plugin: HarakaPlugin, { counters }: Pick<Shared, 'counters'>): void {
  const look = (hook: string, see: (subject: unknown, params: unknown) => void): void => {
    const method = `dmail_counting_${hook}`
    plugin[method] = (next: Next, subject: unknown, params: unknown): void => {
      see(subject, params)
      next(cont)
    }
    plugin.register_hook(hook, method, FIRST)
  }
  look('delivered', (_hmail, params) => {
    const taken: unknown = Array.isArray(params) ? params[6] : undefined
    counters.delivered(Array.isArray(taken) ? taken.length : 1)
  })
  look('bounce', (hmail) => {
    counters.failed((hmail as HarakaHmail).todo.rcpt_to.length)
  })
  look('deferred', () => {
    counters.deferred()
  })
  look('deny', (_connection, params) => {
    const [, message, , , , hook] = params as readonly unknown[]
    if (hook === 'rcpt') counters.refused(refusalName(message) ?? 'other')
  })
}

const STARTED_MS = Math.round(Date.now() - process.uptime() * 1000)

/** What this process answers when all are asked for their figures. */
export function figuresOf({ counters, live }: Pick<Shared, 'counters' | 'live'>): Figures {
  const programs = live.robots()
  const sum = (of: (one: (typeof programs)[number]) => number): number =>
    programs.reduce((all, one) => all + of(one), 0)
  return {
    process: `${process.pid} ${STARTED_MS}`,
    counts: counters.read(),
    robots: { running: sum(({ running }) => running), waiting: sum(({ waiting }) => waiting), programs },
  }
}
