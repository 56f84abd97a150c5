import { rename, unlink } from 'node:fs/promises'
import path from 'node:path'
import { answerWords } from '../../lib/dsn/attempt-news.js'
import { errorCode } from '../../lib/error.js'
import { hopAnswer } from './answers.js'
import { spareTheLiving } from './leftovers.js'
import { watchNextHops, type NextHops } from './next-hops.js'
import { keepAnswers } from './split.js'
import { takeOverTimers, type TimerEvents, type Timers } from './timers.js'
import type {
  HarakaClientPool,
  HarakaHmail,
  HarakaHmailClass,
  HarakaOutbound,
  HarakaQueueFileNames,
  HarakaQueueModule,
  QueuedRecipient,
} from './outbound-types.js'
import type { HarakaPlugin } from './types.js'

export interface QueueItemEvents extends TimerEvents {
  /** An item is to be put in line for an attempt; its header may not be known yet. False keeps it out. */
  queued(hmail: HarakaHmail): boolean
  /** An attempt failed for now. Decides about the next one. `detail` is for the operator only. */
  failed(hmail: HarakaHmail, reason: string, detail: string, extra: object | undefined): void
  /** The file was removed. */
  gone(file: string): void
  /** `haraka --qflush domain`. */
  flush(domain: string): void
}

/** Haraka's queue files, one by one. */
export interface QueueItems extends Timers, Pick<NextHops, 'onReached'> {
  readonly directory: string
  /** Loads a file and puts it in line. Resolves to false when it is not there or no queue file. */
  start(file: string): Promise<boolean>
  remove(file: string): Promise<void>
  /** Makes a queue file that lies elsewhere one of this process; its name then, undefined when it is not there. */
  bring(directory: string, file: string): Promise<string | undefined>
  /** Why the last attempt failed, in the remote's own words where it said something. */
  reasonOf(hmail: HarakaHmail, otherwise: string): string
  /** Says why no next hop was found, before an attempt fails for that; Haraka itself keeps no reason. */
  noNextHop(hmail: HarakaHmail, why: string): void
}

/**
 * Takes part in what Haraka does with its queue files. Haraka has hooks for the attempts only; when a file begins to wait, is
 * loaded or removed is seen by standing in front of the functions that do it.
 */
export function takeOverItems(plugin: HarakaPlugin, events: QueueItemEvents): QueueItems {
  const queue = plugin.haraka_require('outbound/queue') as HarakaQueueModule
  const Hmail = plugin.haraka_require('outbound/hmail') as HarakaHmailClass
  const names = plugin.haraka_require('outbound/qfile') as HarakaQueueFileNames
  const hops = watchNextHops(Hmail, plugin.haraka_require('outbound/client_pool') as HarakaClientPool)
  const { queue_dir: directory, delivery_queue: delivery } = queue
  /** Why no next hop was found. */
  const nowhere = new WeakMap<HarakaHmail, string>()
  /** Items whose header could not be read, as without file descriptors: their files wait; in the line they would hold a place for ever. */
  const unread = new WeakSet<HarakaHmail>()
  const timers = takeOverTimers(queue.temp_fail_queue, events)

  const push = delivery.push.bind(delivery)
  delivery.push = (hmail) => {
    if (!unread.has(hmail) && events.queued(hmail)) push(hmail)
  }
  // At start Haraka loads all that is due into memory, and sorts the rest in one by one; a timer is enough.
  queue._add_file = (file) => {
    const due = Number(/^\d+_(\d+)_/.exec(file)?.[1] ?? 0)
    queue.temp_fail_queue.add(file, Math.max(due - Date.now(), 0), () => undefined)
    return Promise.resolve(file)
  }

  // Haraka's own reads every file of the queue, and sends each once more while its timer goes on.
  const outbound = plugin.haraka_require('outbound') as HarakaOutbound
  outbound.flush_queue = (domain) => {
    if (domain === undefined || domain === '') queue.temp_fail_queue.drain()
    else events.flush(domain)
    return Promise.resolve()
  }

  keepAnswers(Hmail)
  spareTheLiving(queue)
  const { prototype } = Hmail
  const { discard, double_bounce: doubleBounce } = prototype
  prototype.discard = function (this: HarakaHmail) {
    const last = this.refcount === 1
    discard.call(this)
    if (last) events.gone(this.filename)
  }
  prototype.double_bounce = function (this: HarakaHmail, reason) {
    doubleBounce.call(this, reason)
    events.gone(this.filename)
  }
  // On the class: a message of which some recipients failed goes on as another item.
  prototype.temp_fail = function (this: HarakaHmail, reason, extra) {
    if ((this.todo as HarakaHmail['todo'] | null) === null) unread.add(this)
    const words = reasonOf(this, reason)
    const { detail } = { detail: undefined, ...extra } as { readonly detail: unknown }
    events.failed(this, words, typeof detail === 'string' ? detail : words, extra)
  }

  function reasonOf(hmail: HarakaHmail, otherwise: string): string {
    for (const recipient of recipientsOf(hmail)) {
      const said = remoteWords(recipient)
      if (said !== undefined) return said
    }
    return SAYS_NOTHING.test(otherwise) ? (nowhere.get(hmail) ?? (hops.lastError(hmail) || otherwise)) : otherwise
  }

  return {
    ...timers,
    onReached: (listener) => {
      hops.onReached(listener)
    },
    directory,
    reasonOf,
    noNextHop: (hmail, why) => {
      nowhere.set(hmail, why)
    },
    start(file) {
      const hmail = new Hmail(file, path.join(directory, file))
      return new Promise((resolve) => {
        hmail.once('ready', () => {
          delivery.push(hmail)
          resolve(true)
        })
        // Haraka tells what is wrong in its log; a file with a broken header it puts aside.
        const lost = (): void => {
          resolve(false)
        }
        hmail.once('error', lost)
        hmail.next_cb = lost
      })
    },
    async bring(from, file) {
      const parts = names.parts(file)
      if (parts === null) throw new Error(`${file} is no name of a queue file`)
      const { arrival, next_attempt, attempts, uid } = parts
      const mine = names.name({ arrival, next_attempt, attempts, uid })
      try {
        await rename(path.join(from, file), path.join(directory, mine))
      } catch (error) {
        if (errorCode(error) === 'ENOENT') return undefined
        throw error
      }
      await queue._add_file(mine)
      return mine
    },
    async remove(file) {
      await unlink(path.join(directory, file)).catch((error: unknown) => {
        if (errorCode(error) !== 'ENOENT') throw error
      })
    },
  }
}

/** Reasons of Haraka's own that leave out what really happened. */
const SAYS_NOTHING = /^(?:Tried all MXs$|Temporary MX lookup error for )/

/** While the header is unread there are none. */
function recipientsOf(hmail: HarakaHmail): readonly QueuedRecipient[] {
  return (hmail.todo as HarakaHmail['todo'] | null)?.rcpt_to ?? []
}

/** `450 4.2.0 text (host)`: an answer of the next hop to this recipient. */
function remoteWords(recipient: QueuedRecipient): string | undefined {
  const answer = hopAnswer(recipient)
  if (answer === undefined) return undefined
  const words = answerWords(answer)
  return answer.host === undefined ? words : `${words} (${answer.host})`
}
