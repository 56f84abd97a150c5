import path from 'node:path'
import { errorText } from '../lib/error.js'
import { decideAttempt, type Decision } from '../lib/queue/attempt.js'
import type { Entry, EntryHeader } from '../lib/queue/entry.js'
import { queueDomain } from '../lib/queue/header.js'
import type { BriefAnswer, HeaderAnswer, HeaderQuestion } from '../lib/queue/header-thread.js'
import { createKeeper, type Keeper } from '../lib/queue/keeper.js'
import { readOperatorState, STATE_FILE, type OperatorState } from '../lib/queue/operator-state.js'
import { tidyReason } from '../lib/queue/reason-record.js'
import { suspensionTable, type Suspension, type SuspensionTable } from '../lib/queue/suspensions.js'
import { afterFailure, type Schedule } from '../lib/spool/schedule.js'
import type { Live } from '../lib/suite/live.js'
import type { Snapshot } from '../lib/suite/snapshot-types.js'
import { startThread, type Thread } from '../lib/thread.js'
import { describeError } from './haraka/hook.js'
import type { NextHops } from './haraka/next-hops.js'
import { takeOverItems } from './haraka/queue-items.js'
import { watchTakeOvers } from './haraka/take-over.js'
import type { HarakaHmail, HarakaPlugin, HarakaPluginsModule } from './haraka/types.js'
import { keepReasons } from './reasons.js'

/** The queue of this process, and what decides over it. */
export interface Care extends Keeper, Pick<NextHops, 'onReached'> {
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
  /** Gives a message up for its age: it fails for good. `text` is for its sender. */
  giveUp(hmail: HarakaHmail, text: string): void
  /** When a message is given up for its age, milliseconds since 1970; undefined = never, as far as is known. */
  expiryOf(hmail: HarakaHmail): number | undefined
  /** True for a message that is given up for its age. */
  isGivenUp(hmail: HarakaHmail): boolean
  /** Makes a message wait whose attempt has ended in another way than Haraka knows. */
  waitAgain(hmail: HarakaHmail, seconds: number, reason: string): void
  /** Says why no next hop was found, in the get_mx hook that answers so. */
  noNextHop(hmail: HarakaHmail, why: string): void
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
      scheduleNext(hmail, reason, extra)
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

  function scheduleOf(header: EntryHeader, { schedule }: Snapshot): Schedule {
    // An attempt that ETRN asked for: without it the message would wait on, however old it is (Q2).
    const suspended = suspensionOf(header) !== undefined
    return suspended ? { ...schedule, maxAgeMs: schedule.suspendMaxMs } : schedule
  }

  /**
   * Haraka gives a message up after a number of tries (`temp_fail_intervals`), DMail by its age (Q1). Haraka's `deferred`
   * hooks run with our delay.
   */
  function scheduleNext(hmail: HarakaHmail, reason: string, extra: object | undefined): void {
    hmail.num_failures++
    const snapshot = live.loaded()
    const header = headerOf(hmail)
    if (snapshot === undefined || header === undefined) {
      plugins.run_hooks('deferred', hmail, { delay: RETRY_ANYWAY_S, err: reason, ...extra })
      return
    }
    const kind = isLocal(header) ? 'local' : 'remote'
    const schedule = scheduleOf(header, snapshot)
    const next = afterFailure(schedule, kind, hmail.num_failures, hmail.todo.queue_time, Date.now())
    if (next.kind === 'give up') giveUp(hmail, `Not delivered in time (${reason})`, extra)
    else plugins.run_hooks('deferred', hmail, { delay: next.inMs / 1000, err: reason, ...extra })
  }

  const tooOld = new WeakSet<HarakaHmail>()

  function giveUp(hmail: HarakaHmail, text: string, extra?: object): void {
    tooOld.add(hmail)
    hmail.convert_temp_failed_to_bounce(text, extra)
  }

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
    onReached: items.onReached,
    giveUp(hmail, text) {
      for (const recipient of hmail.todo.rcpt_to) recipient['reason'] = text
      giveUp(hmail, text)
    },
    expiryOf(hmail) {
      const snapshot = live.loaded()
      const header = headerOf(hmail)
      if (snapshot === undefined || header === undefined) return undefined
      const expiresMs = hmail.todo.queue_time + scheduleOf(header, snapshot).maxAgeMs
      return Number.isFinite(expiresMs) ? expiresMs : undefined
    },
    isGivenUp: (hmail) => tooOld.has(hmail),
    waitAgain(hmail, seconds, reason) {
      keeper.failed(hmail.filename, tidyReason(reason))
      plugins.run_hooks('deferred', hmail, { delay: seconds, err: reason })
    },
    noNextHop(hmail, why) {
      items.noNextHop(hmail, why)
    },
    close() {
      reasons.close()
      thread?.close().catch(() => undefined)
    },
  }
}

/** Seconds until the next try where nothing tells how long to wait. */
const RETRY_ANYWAY_S = 60

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

/** What the index needs of an item; undefined while its header is unread. */
export function headerOf(hmail: HarakaHmail): EntryHeader | undefined {
  const todo = hmail.todo as HarakaHmail['todo'] | null
  if (todo === null) return undefined
  return {
    domain: queueDomain(todo.domain),
    local: todo.notes['dmail'] !== undefined,
    bytes: hmail.file_size,
  }
}
