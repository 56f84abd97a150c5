import path from 'node:path'
import { decideAttempt, type Decision } from '../lib/queue/attempt.js'
import type { Entry, EntryHeader } from '../lib/queue/entry.js'
import { queueDomain } from '../lib/queue/header.js'
import type { BriefAnswer, HeaderAnswer, HeaderQuestion } from '../lib/queue/header-thread.js'
import { createKeeper, type Keeper } from '../lib/queue/keeper.js'
import { NOTHING_DECIDED, readOperatorState, type OperatorState } from '../lib/queue/operator-state.js'
import { suspensionTable, type SuspensionTable } from '../lib/queue/suspensions.js'
import { readItem } from '../lib/spool/item.js'
import { afterFailure } from '../lib/spool/schedule.js'
import type { Live } from '../lib/suite/live.js'
import type { Snapshot } from '../lib/suite/snapshot-types.js'
import { startThread, type Thread } from '../lib/thread.js'
import { describeError } from './haraka/hook.js'
import { takeOverItems } from './haraka/queue-items.js'
import type { HarakaHmail, HarakaPlugin, HarakaPluginsModule } from './haraka/types.js'

/** The queue of this process, and what decides over it. */
export interface Care extends Keeper {
  /** Haraka's queue directory. */
  readonly directory: string
  readHeaders(files: readonly string[]): Promise<HeaderAnswer>
  /** Suspensions in force: the operator's, then those of dmail.conf. */
  suspensions(): SuspensionTable
  operator(): OperatorState
  /** Takes over what an operator decided; mail that may go now goes. */
  setOperator(state: OperatorState): void
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
      keeper.queued(hmail.filename, header)
      if (header === undefined) {
        hmail.once('ready', () => {
          keeper.learn(hmail.filename, headerOf(hmail))
        })
      }
    },
    failed: (hmail, reason, extra) => {
      keeper.failed(hmail.filename, reason)
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

  function decide(entry: Entry): Decision {
    const snapshot = live.loaded()
    const { domain, local } = entry
    const nowMs = Date.now()
    const leaves = domain !== undefined && !local && snapshot?.tables.localDomains.has(domain) !== true
    return decideAttempt(entry, {
      held: held.has(entry.id),
      suspension: leaves ? suspensions().find(domain, nowMs) : undefined,
      suspendMaxMs: snapshot?.schedule.suspendMaxMs ?? Infinity,
      nowMs,
    })
  }

  /**
   * Haraka gives a message up after a number of tries (`temp_fail_intervals`), DMail by its age (Q1). Haraka's `deferred`
   * hooks run with our delay.
   */
  function scheduleNext(hmail: HarakaHmail, reason: string, extra: object | undefined): void {
    hmail.num_failures++
    const snapshot = live.loaded()
    const todo = hmail.todo as HarakaHmail['todo'] | null
    if (snapshot === undefined || todo === null) {
      plugins.run_hooks('deferred', hmail, { delay: RETRY_ANYWAY_S, err: reason, ...extra })
      return
    }
    const kind = isLocal(hmail, snapshot) ? 'local' : 'remote'
    const next = afterFailure(snapshot.schedule, kind, hmail.num_failures, todo.queue_time, Date.now())
    if (next.kind === 'give up') hmail.convert_temp_failed_to_bounce(`Not delivered in time (${reason})`, extra)
    else plugins.run_hooks('deferred', hmail, { delay: next.inMs / 1000, err: reason, ...extra })
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
    setOperator(state) {
      operator = state
      held = new Set(state.held)
      reconsider()
    },
    close() {
      thread?.close().catch(() => undefined)
    },
  }
}

/** Seconds until the next try where nothing tells how long to wait. */
const RETRY_ANYWAY_S = 60

function initialState(plugin: HarakaPlugin, harakaDir: string): OperatorState {
  try {
    return readOperatorState(harakaDir)
  } catch (error) {
    plugin.logcrit(`dmail: ${describeError(error)}`)
    return NOTHING_DECIDED
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

/** Work of this machine, or mail for a domain of its own. */
export function isLocal({ todo }: HarakaHmail, snapshot: Snapshot): boolean {
  return readItem(todo.notes['dmail']) !== undefined || snapshot.tables.localDomains.has(queueDomain(todo.domain))
}
