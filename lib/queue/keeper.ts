import type { Decision } from './attempt.js'
import { parents } from './domains.js'
import type { Entry, EntryHeader } from './entry.js'
import { createFeed } from './feed.js'
import { createQueueIndex } from './index.js'
import type { Keeper, KeeperPorts } from './keeper-types.js'
import { createHeaderReader } from './reader.js'
import { inSlices } from './slices.js'

export type { Flush, Keeper, KeeperPorts } from './keeper-types.js'

/** Attempts begun by the keeper at once; Haraka's `concurrency_max` counts besides. */
const PLACES = 200
/** Until a file that could not be loaded is looked at again. */
const AGAIN_MS = 60_000
/** Domains remembered while the queue is read: clients name them. */
const MAX_EARLY = 1000
/** A pause that ends sooner than it did is set anew; this much is no difference. */
const SLACK_MS = 1000

export function createKeeper(ports: KeeperPorts): Keeper {
  const index = createQueueIndex()
  const feed = createFeed(PLACES, startFile)
  const reader = createHeaderReader({
    readHeaders: (files) => ports.readHeaders(files),
    found,
    ended: forgetEarly,
    problem: (text) => {
      ports.problem(text)
    },
  })
  /** Queues of earlier processes that Haraka has not listed to the end. */
  let loads = 0
  /** Ids in Haraka's line, or being tried. */
  const inLine = new Set<string>()
  /** Ids that are removed instead of tried. */
  const dropped = new Set<string>()
  /** Flushes asked for before everything was read: whether the sub-domains are meant too. */
  const early = new Map<string, boolean>()

  function startFile(file: string): void {
    ports
      .start(file)
      .then((started) => {
        if (!started) gone(file)
      })
      .catch((error: unknown) => {
        ports.problem(`queue file ${file} waits, it could not be read: ${String(error)}`)
        feed.done(file)
        const entry = index.at(file, 'waiting')
        if (entry !== undefined) entry.dueMs = Date.now() + AGAIN_MS
        ports.park(file, AGAIN_MS)
      })
  }

  function found(file: string, header: EntryHeader | undefined): void {
    const entry = index.find(file)
    // Meanwhile it may be gone, or its attempt has begun.
    if (entry === undefined) return
    if (header !== undefined && entry.domain === undefined) {
      index.learn(entry, header)
      if (isFlushed(header.domain)) send(entry)
    }
    if (entry.stage === 'waiting' && entry.dueMs <= Date.now()) consider(entry)
  }

  function isComplete(): boolean {
    return loads === 0 && reader.isIdle()
  }

  function forgetEarly(): void {
    if (isComplete()) early.clear()
  }

  function isFlushed(domain: string): boolean {
    return early.size > 0 && (early.has(domain) || parents(domain).some((parent) => early.get(parent) === true))
  }

  function decide(entry: Entry): Decision {
    return dropped.has(entry.id) ? { kind: 'drop' } : ports.decide(entry)
  }

  /** Its time has come: it is tried, or waits on. */
  function consider(entry: Entry, decision = decide(entry)): void {
    ports.unpark(entry.file)
    if (decision.kind !== 'wait') {
      entry.stage = 'starting'
      feed.add(entry.file, entry.asked)
      return
    }
    Object.assign(entry, { wait: decision.why, dueMs: Date.now() + decision.forMs, asked: false, flushing: false })
    ports.park(entry.file, decision.forMs)
  }

  /** It waits for another reason, or for a shorter time, or not any more. */
  function reviseWait(entry: Entry): void {
    const decision = decide(entry)
    const same = decision.kind === 'wait' && decision.why === entry.wait
    if (!same || Date.now() + decision.forMs < entry.dueMs - SLACK_MS) consider(entry, decision)
  }

  function send(entry: Entry): boolean {
    if (ports.isHeld(entry.id)) return false
    entry.asked = true
    entry.flushing = true
    if (entry.stage === 'waiting') consider(entry)
    // It may be in Haraka's line already, and then it must not be loaded a second time.
    else if (entry.stage === 'starting') feed.hurry(entry.file)
    return true
  }

  function putBack({ file, domain, local, bytes, dueMs, wait, reason }: Entry): void {
    const entry = index.at(file, 'waiting')
    if (entry === undefined) return
    Object.assign(entry, { dueMs, wait, reason })
    if (domain === undefined) reader.add(file)
    else index.learn(entry, { domain, local, bytes })
    ports.park(file, dueMs - Date.now())
  }

  function gone(file: string): void {
    feed.done(file)
    reader.forget(file)
    const entry = index.find(file)
    // Of a file that has got another name this is old news.
    if (entry?.file !== file) return
    dropped.delete(entry.id)
    inLine.delete(entry.id)
    index.remove(entry)
  }

  return {
    index,
    isComplete,

    waits(file, dueMs) {
      feed.done(file)
      const entry = index.at(file, 'waiting')
      if (entry === undefined) return
      inLine.delete(entry.id)
      entry.dueMs = dueMs
      entry.flushing = entry.asked
      // Asked for while the attempt that now failed was under way.
      if (entry.asked) consider(entry)
      else if (entry.domain === undefined) reader.add(file)
    },
    due(file) {
      const known = index.find(file)
      if (known !== undefined && known.stage !== 'waiting') return
      const entry = index.at(file, 'waiting')
      if (entry === undefined) {
        // A name of Haraka's before 2.8. What fails is renamed.
        feed.add(file, false)
        return
      }
      entry.dueMs = Math.min(entry.dueMs, Date.now())
      if (entry.domain === undefined) reader.add(file)
      else consider(entry)
    },
    loading() {
      loads++
      return () => {
        loads--
        forgetEarly()
      }
    },
    queued(file, header) {
      const known = index.find(file)
      if (known !== undefined && inLine.has(known.id)) return false
      const entry = index.at(file, 'starting')
      if (entry === undefined) return true
      inLine.add(entry.id)
      // Who put it there need not have known of the timer.
      ports.unpark(file)
      if (header !== undefined) index.learn(entry, header)
      return true
    },
    learn(file, header) {
      const entry = index.find(file)
      if (entry !== undefined && header !== undefined) index.learn(entry, header)
    },
    begins(file, header) {
      const entry = index.at(file, 'sending')
      if (entry === undefined) return { kind: 'try' }
      index.learn(entry, header)
      const decision = decide(entry)
      entry.wait = decision.kind === 'wait' ? decision.why : 'retry'
      entry.asked = false
      return decision
    },
    failed(file, reason) {
      // The file gets another name now.
      feed.done(file)
      const entry = index.at(file, 'sending')
      if (entry !== undefined) entry.reason = reason
    },
    gone,

    flush(domain, below) {
      const entries = index.forDomain(domain, below)
      const complete = isComplete()
      if (entries.some(({ flushing }) => flushing)) return { count: 0, running: true, complete }
      if (!complete && early.size < MAX_EARLY) early.set(domain, below || early.get(domain) === true)
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
      try {
        await ports.remove(file)
      } catch (error) {
        // It is still there, and is not forgotten before the next start.
        putBack(entry)
        throw error
      }
      return true
    },
    reconsider: () =>
      inSlices(index.all(), (entry) => {
        if (entry.stage === 'waiting' && entry.wait !== 'retry') reviseWait(entry)
      }),
  }
}
