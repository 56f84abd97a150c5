import { errorText } from '../../lib/error.js'
import type { CheckLine } from '../../lib/conf/check.js'
import { formatAt, type Problem } from '../../lib/conf/problem.js'
import { NO_SETTING, settingInForce, settingsInForce } from '../../lib/conf/in-force.js'
import { Refusal, type Handlers } from '../../lib/control/handlers.js'
import type { ReloadResult } from '../../lib/control/protocol.js'
import { BadQuestion } from '../../lib/suite/question.js'
import type { Live } from '../../lib/suite/live.js'
import type { Snapshot } from '../../lib/suite/snapshot-types.js'
import { traceRoute } from '../../lib/suite/trace.js'
import { isRecord } from '../../lib/record.js'
import { NO_SEAT, type Seat } from '../cluster.js'
import type { Crew } from '../crew.js'
import { askAll, onAll } from './questions.js'

/** A table with an error in every line would fill the operator's screen. */
const MAX_PROBLEMS = 100

/** Has this process reload when it is told. */
export function answerForSettings(crew: Crew, live: Live): void {
  onAll(crew, 'reload', () => live.reload())
}

/** The question of one node to all others, and how long it may take: they read all their tables. */
const RELOAD = 'reload'
const RELOAD_MS = 10_000

export type SettingsCommands = Pick<Handlers, 'reload' | 'config' | 'route'>

/** The commands about the configuration that is in force. In the one process. */
export function settingsCommands(
  crew: Crew,
  live: Live,
  notice: (text: string) => void,
  seat: Seat = NO_SEAT,
): SettingsCommands {
  /** On this node. */
  async function reloadHere(): Promise<ReloadResult> {
    const mine = crew.isApart() ? [await live.reload()] : []
    const { answers, missing } = await askAll(crew, 'reload', {})
    const all = [...mine, ...answers]
    // All read the same files; one that did so at another moment may have found something else.
    const told = all.find(({ error }) => error !== undefined) ?? all[0]
    const problems = told?.problems ?? []
    return {
      reloaded: all.every(({ error }) => error === undefined),
      summary: told?.summary ?? '',
      error: told?.error ?? '',
      errors: linesOf(problems, 'error'),
      warnings: linesOf(problems, 'warning'),
      workers: answers.length,
      missing,
    }
  }
  seat.onAsk(RELOAD, async () => {
    const { reloaded, error, missing } = await reloadHere()
    return { reloaded, error: reloaded && missing > 0 ? `${missing} of its workers did not answer` : error }
  })

  async function inForce(): Promise<Snapshot> {
    try {
      return await live.current()
    } catch (error) {
      throw new Refusal(`no configuration is in force: ${errorText(error)}`, '"dmail check" shows what is wrong')
    }
  }

  return {
    async reload() {
      notice('reload by an operator')
      const [own, others] = await Promise.all([reloadHere(), seat.ask(RELOAD, {}, { timeMs: RELOAD_MS })])
      if (seat.cluster() === undefined) return own
      const notReloaded = others.answers.flatMap(({ node, value }) => {
        const error = isRecord(value) && typeof value['error'] === 'string' ? value['error'].slice(0, 500) : 'no answer'
        return error === '' ? [] : [{ node, error }]
      })
      return { ...own, notReloaded, nodes: { answered: others.answered, silent: others.silent } }
    },

    async config({ setting }) {
      const { configuration } = await inForce()
      if (setting === undefined) return { settings: settingsInForce(configuration) }
      const found = settingInForce(configuration, setting)
      if (found !== undefined) return { settings: [found] }
      throw new Refusal(`there is no setting ${setting}`, NO_SETTING)
    },

    async route(question) {
      try {
        return await traceRoute(await inForce(), question)
      } catch (error) {
        if (error instanceof BadQuestion) throw new Refusal(error.message, '')
        throw error
      }
    },
  }
}

function linesOf(problems: readonly Problem[], severity: Problem['severity']): CheckLine[] {
  return problems
    .filter((problem) => problem.severity === severity)
    .slice(0, MAX_PROBLEMS)
    .map(({ at, message, hint }) => ({ at: formatAt(at), message, hint }))
}
