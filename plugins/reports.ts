import type { MessageSource } from '../lib/delivery/types.js'
import type { Log } from '../lib/log.js'
import { makeReport, type DsnSettings } from '../lib/dsn/make-report.js'
import { whoHears, type News } from '../lib/dsn/news.js'
import { makeNote, type MessageWishes } from '../lib/dsn/note.js'
import type { Held } from '../lib/spool/accept.js'
import { addressText } from './haraka/address.js'
import type { HarakaQueue } from './haraka/queue.js'
import type { QueueSource } from './haraka/outbound-types.js'

/** The message that news are about. */
export interface About extends Pick<QueueSource, 'uuid' | 'mail_from'>, MessageWishes {
  readonly arrivalMs: number
  readonly source: MessageSource
}

/**
 * Puts a report of these news into the queue, for everybody whom they concern; often that is nobody. What it resolves to is on
 * disk, by name after `queue.sync`, and leaves after `start`. Rejects when a report cannot be written: then there is none.
 */
export async function sendReports(
  queue: HarakaQueue,
  settings: DsnSettings,
  news: readonly News[],
  about: About,
  log: Log,
): Promise<readonly Held[]> {
  const sender = addressText(about.mail_from)
  const held: Held[] = []
  for (const telling of whoHears(news, sender === '')) {
    const of = telling.news.map(({ party, event }) => `${event} ${party.given}`).join(', ')
    if (telling.kind === 'double bounce' && (about.doubleBounce === true || !settings.doubleBounces)) {
      log(about.doubleBounce === true ? 'error' : 'warn', `double bounce, nobody is told: ${of}`)
      continue
    }
    const report = await makeReport(telling, { ...about, sender }, settings, queue.host(), Date.now())
    const note = telling.kind === 'double bounce' ? makeNote({ doubleBounce: true }, []) : undefined
    held.push(await queue.report(about, report, note))
    log('info', `${telling.kind} to ${report.to}: ${of}`)
  }
  return held
}
