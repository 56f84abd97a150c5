import { cont, ok } from 'haraka-constants'
import type { News } from '../../lib/dsn/news.js'
import { describeError } from '../haraka/hook.js'
import type { Offers } from '../haraka/ehlo.js'
import { logTo } from '../haraka/log.js'
import { queuedMessageOf } from '../haraka/message.js'
import { passOn } from '../haraka/pass-on.js'
import { harakaQueue } from '../haraka/queue.js'
import type { HarakaHmail } from '../haraka/outbound-types.js'
import type { HarakaPlugin, Next } from '../haraka/types.js'
import { sendReports } from '../reports.js'
import { attachRunner } from '../runner.js'
import type { Shared } from '../shared.js'
import { delay, failure, noteOf, success } from './events.js'
import { attachRequests } from './requests.js'

/** Hooks of other plugins that only look on run before ours, which ends the hook with its answer. */
const LAST = 90

/** How long a message waits when the report of its failure cannot be written. */
const WRITE_AGAIN_S = 300

/** Delivery status notifications (RFC 3461 to 3464), in place of Haraka's own bounces. */
export function attachDsn(plugin: HarakaPlugin, shared: Shared): void {
  attachRunner(plugin, shared)
  attachRequests(plugin, shared)
  const queue = harakaQueue(plugin)
  const care = shared.care(plugin)
  const reached = new WeakMap<HarakaHmail, Offers>()
  care.onReached((hmail, offers) => {
    reached.set(hmail, offers)
    passOn(hmail, noteOf(hmail), offers)
  })

  /** Puts the reports into the queue; resolves when they are on disk. */
  async function tell(hmail: HarakaHmail, news: readonly News[]): Promise<void> {
    if (news.length === 0) return
    const { dsn } = await shared.live.current()
    const { uuid, mail_from, queue_time: arrivalMs } = hmail.todo
    const about = { ...noteOf(hmail), uuid, mail_from, arrivalMs, source: queuedMessageOf(hmail) }
    const held = await sendReports(queue, dsn, news, about, logTo(hmail))
    if (held.length === 0) return
    await queue.sync()
    for (const one of held) one.start()
  }

  /** Failed for good and waiting for their reports: not delayed. */
  const unreported = new WeakSet<HarakaHmail>()

  plugin['dmail_dsn_bounce'] = (next: Next, hmail: HarakaHmail): void => {
    Promise.resolve()
      .then(() => tell(hmail, failure(hmail, care.isGivenUp(hmail))))
      .then(() => {
        next(ok)
      })
      .catch((error: unknown) => {
        // Without its report the message would vanish: it goes on waiting, whatever its age.
        hmail.logerror(`dmail: the report of a failure cannot be written: ${describeError(error)}`)
        unreported.add(hmail)
        hmail.refcount++
        next(ok)
        care.waitAgain(hmail, WRITE_AGAIN_S, 'the report of its failure cannot be written')
      })
  }
  plugin.register_hook('bounce', 'dmail_dsn_bounce', LAST)

  /** A report of anything else is no reason to do more, or less, with the message. */
  const tellAndGoOn = (next: Next, hmail: HarakaHmail, news: () => readonly News[]): void => {
    Promise.resolve()
      .then(() => tell(hmail, news()))
      .catch((error: unknown) => {
        hmail.logerror(`dmail: a report cannot be written: ${describeError(error)}`)
      })
      .finally(() => {
        next(cont)
      })
  }

  plugin['dmail_dsn_deferred'] = (next: Next, hmail: HarakaHmail): void => {
    tellAndGoOn(next, hmail, () => (unreported.delete(hmail) ? [] : delay(hmail, care.expiryOf(hmail))))
  }
  plugin.register_hook('deferred', 'dmail_dsn_deferred', LAST)

  plugin['dmail_dsn_delivered'] = (next: Next, hmail: HarakaHmail, parameters: readonly unknown[]): void => {
    tellAndGoOn(next, hmail, () => success(hmail, parameters, reached.get(hmail)))
  }
  plugin.register_hook('delivered', 'dmail_dsn_delivered', LAST)
}
