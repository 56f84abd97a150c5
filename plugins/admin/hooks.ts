import { cont } from 'haraka-constants'
import type { Adopter } from '../../lib/adopt/adopt.js'
import { idsIn } from '../../lib/adopt/ids.js'
import { errorText } from '../../lib/error.js'
import { LIMITS } from '../../lib/control/connection.js'
import type { Handlers } from '../../lib/control/handlers.js'
import { openControlServer, type ControlServer } from '../../lib/control/server.js'
import type { OperatorState } from '../../lib/queue/operator-state.js'
import { inForce } from '../../lib/queue/suspensions.js'
import { describeError } from '../haraka/hook.js'
import { logTo } from '../haraka/log.js'
import { controlLog } from '../haraka/logger.js'
import type { HarakaPlugin, Next } from '../haraka/types.js'
import { createAdoption } from '../adoption.js'
import { attachRunner } from '../runner.js'
import type { Shared } from '../shared.js'
import { adoptCommand } from './adopt-command.js'
import { answerCommands } from './node-commands.js'
import { answerForSummary, keepSummary } from './node-summary.js'
import { answerForQueue } from './answers.js'
import { commands } from './commands.js'
import { countMail, figuresOf } from './counting.js'
import { answerForLog, logCommands } from './log-commands.js'
import { createOperator, type Operator } from './operator.js'
import { attachPage } from './page.js'
import { overNodes } from './over-nodes.js'
import { onAll } from './questions.js'
import { openRespondSocket, respondCommands } from './respond-commands.js'
import { answerForSettings, settingsCommands } from './settings-commands.js'

const CURRENT = 'operator.current'

/** The control socket, in the one process; the queue commands and the page in each. */
export function attachAdmin(plugin: HarakaPlugin, shared: Shared): void {
  attachRunner(plugin, shared)
  const { crew, harakaDir, onShutdown } = shared
  const notice = (text: string): void => {
    plugin.lognotice(`dmail: ${text}`)
  }
  onShutdown.push(answerForQueue(crew, shared.care(plugin), notice))
  answerForSummary(crew, shared.care(plugin))
  onAll(crew, 'users.clear', () => {
    shared.live.clearUsers()
    return undefined
  })
  let told = false
  onAll(crew, 'operator', (state) => {
    told = true
    shared.care(plugin).setOperator(state)
    return undefined
  })
  onAll(crew, 'figures', () => figuresOf(shared))
  countMail(plugin, shared)
  const log = controlLog(plugin)
  onShutdown.push(answerForLog(crew, log))
  answerForSettings(crew, shared.live)
  const { seat } = shared
  const { directory } = shared.care(plugin)
  const operator = createOperator(crew, harakaDir, undefined, seat, () => idsIn(directory))
  const adoption = createAdoption(plugin, shared, directory, operator)
  const handlers: Handlers = {
    ...commands(shared, operator, notice, seat),
    ...settingsCommands(crew, shared.live, notice, seat),
    ...logCommands(crew, log, notice),
    ...respondCommands(seat),
    'queue.adopt': adoptCommand(adoption),
  }
  crew.onOne(CURRENT, () => operator.current())

  // What another node asks for is for this one alone.
  const alone: Handlers = {
    ...handlers,
    ...commands(shared, operator, notice),
    ...settingsCommands(crew, shared.live, notice),
  }
  answerCommands(seat, alone)

  plugin['dmail_admin_init_master'] = (next: Next): void => {
    onShutdown.push(resumeSoon(adoption))
    if (seat.cluster() !== undefined) {
      onShutdown.push(keepSummary(crew, shared.live, seat, () => operatorSuspensions(operator, shared)))
      shared.live
        .current()
        .then(({ delivery }) => openRespondSocket(harakaDir, handlers, delivery.robot.user, logTo(plugin)))
        .then((server) => {
          closeAtEnd(server, onShutdown)
        })
        .catch((error: unknown) => {
          plugin.logwarn(`dmail: drespond does not know whom other nodes answer: ${errorText(error)}`)
        })
    }
    openControlServer(harakaDir, handlers, logTo(plugin), LIMITS, { overNodes: overNodes(seat, handlers, alone) })
      .then((server) => {
        closeAtEnd(server, onShutdown)
      })
      .catch((error: unknown) => {
        const why = errorText(error)
        plugin.logerror(`dmail: no control socket, "dmail queue" and the like will not work: ${why}`)
      })
      .finally(() => {
        next(cont)
      })
  }
  plugin.register_hook('init_master', 'dmail_admin_init_master')

  attachPage(plugin, shared, handlers, alone)

  // What was decided since this worker read the record, and before it could be told.
  plugin['dmail_admin_init_child'] = (next: Next): void => {
    crew
      .askOne(CURRENT)
      .then((state) => {
        // Messages that arrive together are all taken before the first promise goes on: this may be the older.
        if (!told) shared.care(plugin).setOperator(state as OperatorState)
      })
      .catch((error: unknown) => {
        plugin.logwarn(`dmail: what operators decided is not known from the master: ${describeError(error)}`)
      })
    next(cont)
  }
  plugin.register_hook('init_child', 'dmail_admin_init_child')
}

/** Haraka reads its queue when its hooks have run. */
const RESUME_MS = 2_000

/** Goes on with what was taken over when this Haraka was killed. Returns what ends the wait. */
function resumeSoon(adoption: Adopter): () => void {
  const timer = setTimeout(() => {
    adoption.resume().catch(() => undefined)
  }, RESUME_MS)
  timer.unref()
  return () => {
    clearTimeout(timer)
  }
}

/** How many suspensions are in force; 0 while the record cannot be read. */
function operatorSuspensions(operator: Operator, { live }: Pick<Shared, 'live'>): number {
  try {
    const all = [...operator.current().suspensions, ...(live.loaded()?.suspensions ?? [])]
    return all.filter((one) => inForce(one, Date.now())).length
  } catch {
    return 0
  }
}

/** Haraka calls `shutdown` for a graceful end only. */
function closeAtEnd(server: ControlServer, onShutdown: (() => void)[]): void {
  const close = (): void => {
    process.off('exit', close)
    server.close()
  }
  process.once('exit', close)
  onShutdown.push(close)
}
