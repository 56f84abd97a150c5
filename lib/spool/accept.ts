import { eachOf } from '../each-of.js'
import { errorText } from '../error.js'
import type { Outcome } from '../delivery/types.js'
import type { Log } from '../log.js'
import { deliveredNews, isGrave, type News } from '../dsn/news.js'
import { reply, type Reply } from '../reply.js'
import type { LocalCopy, Plan, PlannedCopy, RemoteGroup } from './plan.js'

/** Copies of one message that are written at the same time. */
const PARALLEL = 16

/** A queue file that is on disk but not yet worked on. */
export interface Held {
  start(): void
  cancel(): Promise<void>
}

/** Haraka's outbound queue as acceptance uses it: what these resolve for is on disk, by name after `sync`. */
export interface Spool {
  relay(group: RemoteGroup): Promise<void>
  /** One queue file for one copy that is made here later. */
  hold(copy: PlannedCopy): Promise<Held>
  /** Reports to whom the news concern; often to nobody. */
  report(news: readonly News[]): Promise<readonly Held[]>
  sync(): Promise<void>
}

export interface AcceptPorts {
  readonly spool: Spool
  readonly deliver: (copy: LocalCopy) => Promise<Outcome>
  readonly log: Log
}

/** `queued` = the sender may forget the message; anything else = nothing of it may be taken as kept. */
export interface Acceptance {
  readonly queued: boolean
  readonly reply: Reply
}

/**
 * Carries out a plan so far that 250 is true: everything is in its drop file or in the queue, fsynced. What leaves
 * and what runs later is put into the queue first, since that can still be taken back; then the drop files are
 * written; what could not be written now waits in the queue. Only when the queue cannot take it either is the sender told to
 * come again. One failing destination never affects the others.
 */
export async function acceptMessage(plan: Plan, ports: AcceptPorts): Promise<Acceptance> {
  const { spool, log } = ports
  const held: Held[] = []
  const kept = { copies: 0 }
  try {
    for (const group of plan.remote) {
      await spool.relay(group)
      kept.copies += group.recipients.length
    }
    for (const copy of plan.spooled) held.push(await spool.hold(copy))

    const failures = [...plan.failing]
    const waiting: PlannedCopy[] = []
    const news: News[] = [...plan.lists]
    await eachOf(plan.immediate, PARALLEL, async (copy) => {
      const outcome = await ports.deliver(copy)
      log(outcome.state === 'delivered' ? 'info' : 'warn', describeOutcome(copy, outcome))
      if (outcome.state === 'delivered') {
        kept.copies++
        news.push(...copy.parties.map(deliveredNews))
      } else if (outcome.state === 'deferred') waiting.push(copy)
      else failures.push({ parties: copy.parties, status: outcome.status, text: outcome.text })
    })

    const first = failures[0]
    const nothingElse = plan.discarded === 0 && kept.copies === 0 && held.length === 0 && waiting.length === 0
    if (first !== undefined && nothingElse) {
      return { queued: false, reply: { code: 550, enhanced: first.status, text: first.text } }
    }
    for (const copy of waiting) held.push(await spool.hold(copy))
    for (const { parties, status, text } of failures) {
      news.push(...parties.map((party): News => ({ party, event: 'failed', status, reason: text })))
    }
    held.push(...(await reportOf(news, ports)))
    if (plan.remote.length > 0 || held.length > 0) await spool.sync()
  } catch (error) {
    const repeated = kept.copies === 0 ? '' : ` (${kept.copies} copies went out and will come again with the next try)`
    log('error', `message not accepted: ${errorText(error)}${repeated}`)
    await Promise.allSettled(held.map((one) => one.cancel()))
    return { queued: false, reply: reply('notKept') }
  }
  for (const one of held) one.start()
  return { queued: true, reply: reply('queued') }
}

/** A failure must reach its sender; that a report of success cannot be written is no reason to deliver everything again. */
async function reportOf(news: readonly News[], { spool, log }: AcceptPorts): Promise<readonly Held[]> {
  try {
    return await spool.report(news)
  } catch (error) {
    if (news.some(isGrave)) throw error
    log('error', `no report of success: ${errorText(error)}`)
    return []
  }
}

function describeOutcome({ original, found, destination }: LocalCopy, outcome: Outcome): string {
  const to = destination.kind === 'robot' ? destination.argv[0] : destination.path
  const via = original === found ? original : `${original} (${found})`
  if (outcome.state === 'delivered') return `delivered ${via} to ${destination.kind} ${to}`
  return `${outcome.state} ${via} to ${destination.kind} ${to}: ${outcome.status} ${outcome.detail}`
}
