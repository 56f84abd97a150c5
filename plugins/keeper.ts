import path from 'node:path'
import type { Incoming } from '../lib/adopt/run.js'
import { directorySynced } from '../lib/durable.js'
import { errorText } from '../lib/error.js'
import { decideAttempt, type Decision } from '../lib/queue/attempt.js'
import type { Entry, EntryHeader } from '../lib/queue/entry.js'
import { queueDomain } from '../lib/queue/header.js'
import type { BriefAnswer, HeaderAnswer, HeaderQuestion } from '../lib/queue/header-thread.js'
import { createKeeper, type Keeper } from '../lib/queue/keeper.js'
import { readOperatorState, STATE_FILE, type OperatorState } from '../lib/queue/operator-state.js'
import { tidyReason } from '../lib/queue/reason-record.js'
import { suspensionTable, type Suspension, type SuspensionTable } from '../lib/queue/suspensions.js'
import type { Live } from '../lib/suite/live.js'
import type { Snapshot } from '../lib/suite/snapshot-types.js'
import { startThread, type Thread } from '../lib/thread.js'
import { headerOf } from './haraka/header.js'
import { describeError } from './haraka/hook.js'
import type { NextHops } from './haraka/next-hops.js'
import { takeOverItems } from './haraka/queue-items.js'
import { watchTakeOvers } from './haraka/take-over.js'
import type { HarakaHmail } from './haraka/outbound-types.js'
import type { HarakaPlugin, HarakaPluginsModule } from './haraka/types.js'
import { keepReasons } from './reasons.js'
import { scheduleRetries, type Retries } from './retries.js'

/** The queue of this process, and what decides over it. */
export interface Care extends Keeper, Pick<NextHops, 'onReached'>, Omit<Retries, 'afterAttempt'> {
  /** Haraka's queue directory. */
  readonly directory: string
  readHeaders(files: readonly string[]): Promise<HeaderAnswer>
  /** Suspensions in force: the operator's, then those of dmail.conf. */
  suspensions(): SuspensionTable
  operator(): OperatorState
  /** Whether an operator holds it. */
  isHeld(id: string): boolean
  /** What keeps the mail of an entry from being tried; undefined for work and domains of this machine. */
  suspensionOf(entry: Pick<Entry, 'domain' | 'local'>): Suspension | undefined
  /** Whether mail for this domain (folded) is done on this machine. */
  isHome(domain: string): boolean
  /** Takes over what an operator decided; mail that may go now goes. */
  setOperator(state: OperatorState): void
  /** Says why no next hop was found, in the get_mx hook that answers so. */
  noNextHop(hmail: HarakaHmail, why: string): void
  /** Takes queue files that lie elsewhere into the queue of this process; they wait for their time. How many there were. */
  enter(from: string, files: readonly Incoming[]): Promise<number>
  close(): void
}

/** Takes care of Haraka's queue: when each file is tried, and by which rules. Once in a process. */
export function keepQueue(plugin: HarakaPlugin, live: Live, harakaDir: string): Care {
  const plugins = plugin.haraka_require('plugins') as HarakaPluginsModule
  let operator = initialState(plugin, harakaDir)
  let held = new Set(operator.held)
  let table:
    | { readonly snapshot: Snapshot | undefined; readonly operator: OperatorState; readonly all: SuspensionTable }
    | undefined
  let thread: Thread<HeaderQuestion, HeaderAnswer | BriefAnswer> | undefined

  const items = takeOverItems(plugin, {
    waits: (file, dueMs) => {
      keeper.waits(file, dueMs)
    },
    due: (file) => {
      keeper.due(file)
    },
    queued: (hmail) => {
      const header = headerOf(hmail)
      if (!keeper.queued(hmail.filename, header)) return false
      if (header === undefined) {
        hmail.once('ready', () => {
          keeper.learn(hmail.filename, headerOf(hmail))
        })
      }
      return true
    },
    failed: (hmail, reason, detail, extra) => {
      keeper.failed(hmail.filename, tidyReason(detail))
      const entry = keeper.index.find(hmail.filename)
      if (entry !== undefined) reasons.note(entry)
      retries.afterAttempt(hmail, reason, extra)
    },
    gone: (file) => {
      keeper.gone(file)
    },
    flush: (domain) => {
      keeper.flush(queueDomain(domain), false)
    },
  })

  function askThread(question: Omit<HeaderQuestion, 'directory'>): Promise<HeaderAnswer | BriefAnswer> {
    if (thread?.isAlive() !== true) thread = startThread(path.join(__dirname, '../lib/queue/header-thread.js'))
    return thread.ask({ directory: items.directory, ...question })
  }

  async function readHeaders(files: readonly string[]): Promise<HeaderAnswer> {
    return (await askThread({ files })) as HeaderAnswer
  }

  function suspensions(): SuspensionTable {
    const snapshot = live.loaded()
    if (table === undefined || table.snapshot !== snapshot || table.operator !== operator) {
      const all = suspensionTable([...operator.suspensions, ...(snapshot?.suspensions ?? [])])
      table = { snapshot, operator, all }
    }
    return table.all
  }

  function isHome(domain: string): boolean {
    return live.loaded()?.tables.localDomains.has(domain) === true
  }

  function isLocal({ domain, local }: Pick<EntryHeader, 'domain' | 'local'>): boolean {
    return local || isHome(domain)
  }

  function suspensionOf({ domain, local }: Pick<Entry, 'domain' | 'local'>): Suspension | undefined {
    return domain === undefined || isLocal({ domain, local }) ? undefined : suspensions().find(domain, Date.now())
  }

  function decide(entry: Entry): Decision {
    return decideAttempt(entry, {
      held: held.has(entry.id),
      suspension: suspensionOf(entry),
      suspendMaxMs: live.loaded()?.schedule.suspendMaxMs ?? Infinity,
      nowMs: Date.now(),
    })
  }

  const retries = scheduleRetries(plugins, live, { isLocal, suspensionOf })

  const keeper = createKeeper({
    ...items,
    readHeaders: (files) => askThread({ files, brief: true }),
    decide,
    isHeld: (id) => held.has(id),
    problem: (text) => {
      plugin.logerror(`dmail: ${text}`)
    },
  })
  const reasons = keepReasons(plugin, keeper.index, { harakaDir, queueDirectory: items.directory })
  watchTakeOvers(plugin, (whose, loaded) => {
    const done = keeper.loading()
    loaded.catch(() => undefined).finally(done)
    reasons.takeOver(whose, loaded)
  })
  const reconsider = (): void => {
    keeper.reconsider().catch((error: unknown) => {
      plugin.logerror(`dmail: the queue was not looked through: ${describeError(error)}`)
    })
  }
  live.onLoad(reconsider)

  return {
    ...keeper,
    directory: items.directory,
    readHeaders,
    suspensions,
    operator: () => operator,
    isHeld: (id) => held.has(id),
    suspensionOf,
    isHome,
    setOperator(state) {
      operator = state
      held = new Set(state.held)
      reconsider()
    },
    ...retries,
    onReached: items.onReached,
    waitAgain(hmail, seconds, reason) {
      keeper.failed(hmail.filename, tidyReason(reason))
      retries.waitAgain(hmail, seconds, reason)
    },
    noNextHop(hmail, why) {
      items.noNextHop(hmail, why)
    },
    async enter(from, files) {
      let count = 0
      for (const { file, reason } of files) {
        const mine = await items.bring(from, file)
        if (mine === undefined) continue
        count++
        const entry = keeper.index.find(mine)
        if (entry === undefined || reason === '') continue
        entry.reason = tidyReason(reason)
        reasons.note(entry)
      }
      await directorySynced(items.directory)
      return count
    },
    close() {
      reasons.close()
      thread?.close().catch(() => undefined)
    },
  }
}

/** While the record cannot be read nobody knows what is kept back. */
const NOTHING_KNOWN: OperatorState = { suspensions: [{ domain: '*', reason: `${STATE_FILE} is damaged` }], held: [] }

function initialState(plugin: HarakaPlugin, harakaDir: string): OperatorState {
  try {
    return readOperatorState(harakaDir)
  } catch (error) {
    plugin.logcrit(`dmail: no mail leaves but for ETRN: ${errorText(error)}`)
    return NOTHING_KNOWN
  }
}
