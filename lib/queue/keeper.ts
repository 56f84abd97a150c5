import type { Decision } from './attempt.js'
import type { Entry, EntryHeader } from './entry.js'
import { createFeed } from './feed.js'
import { createQueueIndex, type QueueIndex } from './index.js'

/** What the keeper has done for it. */
export interface KeeperPorts {
  /** Sets the timer of a file; there is none for it. */
  park(file: string, forMs: number): void
  /** Takes a file's timer away: it does not fire any more. False when there is none. */
  unpark(file: string): boolean
  /** Begins an attempt. Resolves to false when the file is not there any more. */
  start(file: string): Promise<boolean>
  remove(file: string): Promise<void>
  /** The headers of waiting files, in order; undefined for one that cannot be read. */
  readHeaders(files: readonly string[]): Promise<readonly (EntryHeader | undefined)[]>
  decide(entry: Entry): Decision
  /** Whether an operator holds it. */
  isHeld(id: string): boolean
  /** Whether the queue directory is being looked through for what an earlier process left. */
  isLoading?(): boolean
  problem(text: string): void
}

export interface Flush {
  /** Messages that are sent now. */
  readonly count: number
  /** An earlier flush of that domain is not at its end: nothing was done. */
  readonly running: boolean
  /** False while the queue of an earlier process is being read: what is found for the domain then is sent too. */
  readonly complete: boolean
}

/** Decides when each queue file of this process is tried. */
export interface Keeper {
  readonly index: QueueIndex
  /** Everything that waits is known with its domain. */
  readonly isComplete: () => boolean

  /** Haraka set a timer. */
  waits(file: string, dueMs: number): void
  /** A timer has fired. */
  due(file: string): void
  /** A file is in line for an attempt. Its header may not be known yet. */
  queued(file: string, header: EntryHeader | undefined): void
  learn(file: string, header: EntryHeader | undefined): void
  /** An attempt begins; the answer says whether it is made. */
  begins(file: string, header: EntryHeader): Decision
  /** An attempt has failed. */
  failed(file: string, reason: string): void
  /** The file was removed. */
  gone(file: string): void

  /** ETRN: sends what waits for a domain, suspended or not, but for what an operator holds. */
  flush(domain: string, below: boolean): Flush
  /** An attempt now. False when an operator holds it. */
  send(entry: Entry): boolean
  /** Removes a message for good. False when an attempt is under way. */
  drop(entry: Entry): Promise<boolean>
  /** Suspensions or holds have changed: what may go now goes. Takes its time, mail has precedence. */
  reconsider(): Promise<void>
}

/** Attempts begun by the keeper at once; Haraka's `concurrency_max` counts besides. */
const PLACES = 200
/** Headers read in one go. */
const BATCH = 500
/** Entries looked at before others have their turn. */
const SLICE = 2000

export function createKeeper(ports: KeeperPorts): Keeper {
  const index = createQueueIndex()
  const feed = createFeed(PLACES, startFile)
  /** Files whose header is not known, in order. */
  const unread = new Set<string>()
  let reading = false
  /** Ids that are removed instead of tried. */
  const dropped = new Set<string>()
  /** Flushes asked for before everything was read. */
  const early = new Map<string, { domain: string; below: boolean }>()

  function startFile(file: string): void {
    ports
      .start(file)
      .then((started) => {
        if (!started) gone(file)
      })
      .catch((error: unknown) => {
        ports.problem(`queue file ${file} waits, it could not be read: ${String(error)}`)
        feed.done(file)
        ports.park(file, 60_000)
      })
  }

  function isComplete(): boolean {
    return !reading && unread.size === 0 && ports.isLoading?.() !== true
  }

  function readSoon(file: string): void {
    unread.add(file)
    if (reading) return
    reading = true
    setImmediate(() => {
      readAll()
        .catch((error: unknown) => {
          ports.problem(`the queue could not be read: ${String(error)}`)
        })
        .finally(() => {
          reading = false
          if (isComplete()) early.clear()
        })
    })
  }

  async function readAll(): Promise<void> {
    while (unread.size > 0) {
      const files: string[] = []
      for (const file of unread) {
        files.push(file)
        if (files.length === BATCH) break
      }
      const headers = await ports.readHeaders(files)
      files.forEach((file, at) => {
        unread.delete(file)
        const entry = index.find(file)
        const header = headers[at]
        // Meanwhile it may be gone, or learned by other ways.
        if (entry === undefined) return
        if (header !== undefined && entry.domain === undefined) learn(entry, header)
        if (entry.stage === 'waiting' && entry.dueMs <= Date.now()) consider(entry)
      })
    }
  }

  function learn(entry: Entry, header: EntryHeader): void {
    index.learn(entry, header)
    for (const { domain, below } of early.values()) {
      if (header.domain === domain || (below && header.domain.endsWith(`.${domain}`))) send(entry)
    }
  }

  /** Its time has come: it is tried, or waits on. */
  function consider(entry: Entry): void {
    const decision = ports.decide(entry)
    ports.unpark(entry.file)
    if (decision.kind !== 'wait') {
      entry.stage = 'starting'
      feed.add(entry.file, entry.asked)
      return
    }
    Object.assign(entry, { wait: decision.why, dueMs: Date.now() + decision.forMs, asked: false, flushing: false })
    ports.park(entry.file, decision.forMs)
  }

  function send(entry: Entry): boolean {
    if (ports.isHeld(entry.id)) return false
    entry.asked = true
    entry.flushing = true
    if (entry.stage === 'waiting') consider(entry)
    else if (entry.stage === 'starting') feed.add(entry.file, true)
    return true
  }

  function gone(file: string): void {
    feed.done(file)
    unread.delete(file)
    const entry = index.find(file)
    if (entry !== undefined) index.remove(entry)
  }

  return {
    index,
    isComplete,

    waits(file, dueMs) {
      feed.done(file)
      const entry = index.at(file, 'waiting')
      if (entry === undefined) return
      entry.dueMs = dueMs
      entry.flushing = entry.asked
      // Asked for while the attempt that now failed was under way.
      if (entry.asked) consider(entry)
      else if (entry.domain === undefined) readSoon(file)
    },
    due(file) {
      const entry = index.at(file, 'waiting')
      if (entry === undefined) return
      entry.dueMs = Math.min(entry.dueMs, Date.now())
      if (entry.domain === undefined) readSoon(file)
      else consider(entry)
    },
    queued(file, header) {
      const entry = index.at(file, 'starting')
      if (entry !== undefined && header !== undefined) index.learn(entry, header)
    },
    learn(file, header) {
      const entry = index.find(file)
      if (entry !== undefined && header !== undefined) index.learn(entry, header)
    },
    begins(file, header) {
      const entry = index.at(file, 'sending')
      if (entry === undefined) return { kind: 'try' }
      index.learn(entry, header)
      if (dropped.delete(entry.id)) return { kind: 'drop' }
      const decision = ports.decide(entry)
      entry.wait = decision.kind === 'wait' ? decision.why : 'retry'
      entry.asked = false
      return decision
    },
    failed(file, reason) {
      const entry = index.at(file, 'sending')
      if (entry === undefined) return
      entry.reason = reason
      // The file gets another name now.
      feed.done(file)
    },
    gone,

    flush(domain, below) {
      const entries = index.forDomain(domain, below)
      const complete = isComplete()
      if (entries.some(({ flushing }) => flushing)) return { count: 0, running: true, complete }
      if (!complete) early.set(`${String(below)} ${domain}`, { domain, below })
      let count = 0
      for (const entry of entries) if (send(entry)) count++
      return { count, running: false, complete }
    },
    send,
    async drop(entry) {
      const { file, stage } = entry
      if (stage === 'sending') return false
      if (stage === 'starting') {
        // Haraka may have loaded it already; it is removed when its turn comes.
        dropped.add(entry.id)
        return true
      }
      ports.unpark(file)
      gone(file)
      await ports.remove(file)
      return true
    },
    async reconsider() {
      let looked = 0
      for (const entry of index.all()) {
        if (entry.stage === 'waiting' && entry.wait !== 'retry' && ports.decide(entry).kind !== 'wait') consider(entry)
        if (++looked % SLICE === 0) await new Promise((resolve) => setImmediate(resolve))
      }
    },
  }
}
