import { cont, delay } from 'haraka-constants'
import { deliverCopy } from '../lib/delivery/deliver.js'
import type { Outcome } from '../lib/delivery/types.js'
import type { Decision } from '../lib/queue/attempt.js'
import { queueDomain } from '../lib/queue/header.js'
import { limitOf } from '../lib/routing/quota.js'
import { readItem, type SpooledItem } from '../lib/spool/item.js'
import type { LocalCopy } from '../lib/spool/plan.js'
import type { Snapshot } from '../lib/suite/snapshot-types.js'
import { addressText } from './haraka/address.js'
import { forgetAnswers } from './haraka/answers.js'
import { headerOf } from './haraka/header.js'
import { describeError } from './haraka/hook.js'
import { harakaQueue, type HarakaQueue } from './haraka/queue.js'
import { queuedMessageOf } from './haraka/message.js'
import { answerFlush } from './flush.js'
import { bringHome } from './homecoming.js'
import type { HarakaHmail } from './haraka/outbound-types.js'
import type { HarakaPlugin, Next } from './haraka/types.js'
import type { Care } from './keeper.js'
import type { Shared } from './shared.js'

/** Seconds until a queue file is looked at again when there is no configuration to work by. */
const NO_CONFIGURATION_S = 60

/**
 * The send_email hook: decides whether the attempt is made at all, and does the work of queue files that hold local work.
 * Attached by whichever line comes first, so that what `dmail/queue` puts into the queue never waits for a line that is not
 * there.
 */
export function attachRunner(plugin: HarakaPlugin, shared: Shared): void {
  if (shared.attached.has('runner')) return
  shared.attached.add('runner')
  const queue = harakaQueue(plugin)
  const care = shared.care(plugin)
  answerFlush(shared.crew, care, shared.seat)

  plugin['dmail_runner_send_email'] = (next: Next, hmail: HarakaHmail): void => {
    shared.live
      .current()
      .then((snapshot) => {
        const header = headerOf(hmail)
        const decision: Decision = header === undefined ? { kind: 'try' } : care.begins(hmail.filename, header)
        if (decision.kind === 'wait') {
          // As a text: Haraka writes an error into its log for a number.
          next(delay, String(decision.forMs / 1000))
          return
        }
        forgetAnswers(hmail)
        const work = insteadOf(decision, hmail, care) ?? localWork(hmail, snapshot, queue)
        if (work !== undefined) hmail.get_mx = work
        next(cont)
      })
      .catch((error: unknown) => {
        hmail.logerror(`dmail: ${hmail.filename} waits: ${describeError(error)}`)
        next(delay, String(NO_CONFIGURATION_S))
      })
  }
  plugin.register_hook('send_email', 'dmail_runner_send_email')
}

/** What is done in place of an attempt. */
function insteadOf(decision: Decision, hmail: HarakaHmail, care: Care): (() => void) | undefined {
  if (decision.kind === 'drop') {
    return () => {
      hmail.lognotice(`dmail: ${hmail.filename} removed by an operator`)
      hmail.discard()
    }
  }
  if (decision.kind !== 'give up') return undefined
  return () => {
    care.giveUp(hmail, decision.text)
  }
}

/** What is to be done here with a queue file; undefined for mail that leaves by SMTP. */
function localWork(hmail: HarakaHmail, snapshot: Snapshot, queue: HarakaQueue): (() => void) | undefined {
  const { notes, domain } = hmail.todo
  const item = readItem(notes['dmail'])
  if (item === undefined && !snapshot.tables.localDomains.has(queueDomain(domain))) return undefined
  return () => {
    run(hmail, () => (item === undefined ? bringHome(hmail, snapshot, queue) : carryOut(hmail, item, snapshot)))
  }
}

/** Does the work of one queue file and tells Haraka what became of it. */
function run(hmail: HarakaHmail, work: () => Promise<Outcome>): void {
  work()
    .catch((error: unknown): Outcome => {
      return {
        state: 'deferred',
        status: '4.3.0',
        text: 'The delivery could not be made',
        detail: describeError(error),
      }
    })
    .then((outcome) => {
      finish(hmail, outcome)
    })
    .catch((error: unknown) => {
      hmail.logcrit(`dmail: ${hmail.filename}: ${describeError(error)}`)
    })
}

async function carryOut(
  hmail: HarakaHmail,
  { work, clientIp, messageId }: SpooledItem,
  snapshot: Snapshot,
): Promise<Outcome> {
  const { original, found } = work.copy
  const destination = await withLimit(work.copy.destination, snapshot)
  const sender = addressText(hmail.todo.mail_from)
  const envelope = { sender, originalRecipient: original, recipient: found, clientIp, messageId }
  return deliverCopy(destination, queuedMessageOf(hmail), envelope, snapshot.delivery)
}

/** A mailbox's limit as it is now: the operator may have raised it while the mail waited (D7). */
async function withLimit(
  destination: LocalCopy['destination'],
  { tables, world }: Snapshot,
): Promise<LocalCopy['destination']> {
  if (destination.kind !== 'mailbox') return destination
  const { kind, user, path, root, owner } = destination
  const found = await world.lookup(user)
  const limit = found.kind === 'found' ? limitOf(found.user.fields, tables.dropMax) : tables.dropMax
  return {
    kind,
    user,
    path,
    root,
    ...(owner === undefined ? {} : { owner }),
    ...(limit === undefined ? {} : { limit }),
  }
}

function finish(hmail: HarakaHmail, outcome: Outcome): void {
  const { todo } = hmail
  if (outcome.state === 'delivered') {
    hmail.delivered('127.0.0.1', 0, 'LOCAL', 'localhost', 'delivered', todo.rcpt_to, [], [], false, false)
    return
  }
  const { status, text, detail } = outcome
  hmail.logwarn(`dmail: ${outcome.state} ${todo.rcpt_to.map(addressText).join(', ')}: ${status} ${detail}`)
  for (const recipient of todo.rcpt_to) {
    Object.assign(recipient, {
      dsn_status: status,
      dsn_code: outcome.state === 'failed' ? 550 : 450,
      dsn_msg: text,
      dsn_action: outcome.state === 'failed' ? 'failed' : 'delayed',
      reason: text,
    })
  }
  if (outcome.state === 'failed') hmail.bounce(text)
  // The sender reads the text, the operator the detail.
  else hmail.temp_fail(text, { detail: `${status} ${detail}` })
}
