import { setTimeout } from 'node:timers/promises'
import { errorText } from '../../lib/error.js'
import { Refusal } from '../../lib/control/handlers.js'
import { readDomain } from '../../lib/conf/value-mail.js'
import { readOperatorState, writeOperatorState, type OperatorState } from '../../lib/queue/operator-state.js'
import { heldBy, inherited, isOldText, stamped, textsOf, withTexts } from '../../lib/queue/operator-changes.js'
import type { Inherited } from '../../lib/adopt/run.js'
import { inForce, type Suspension } from '../../lib/queue/suspensions.js'
import type { Told } from '../../lib/cluster/types.js'
import type { Texts } from '../../lib/cluster/store.js'
import { NO_SEAT, type Seat } from '../cluster.js'
import type { Crew } from '../crew.js'
import { askAll } from './questions.js'

/** What operators decided, kept by the one process. */
export interface Operator {
  /** Throws a Refusal while the record cannot be read. */
  current(): OperatorState
  /**
   * Writes what `change` makes of it, durably, and then puts it in force in every process, and on every node of a cluster: of those
   * it tells which answered. Rejects with a Refusal.
   */
  change(change: (state: OperatorState) => OperatorState): Promise<Told | undefined>
  /**
   * Puts in force what operators of another Haraka decided, where it counts more than what was decided here; these messages of it are in
   * the queue here from now on. Which of them are held, and how many suspensions are new. Rejects with a Refusal.
   */
  inherit(other: OperatorState, ids: ReadonlySet<string>): Promise<Inherited>
  /** Of these held messages those that were held on this node and are in no queue any more, nor on the disk; none while not all is known. */
  gone(ids: readonly string[]): Promise<ReadonlySet<string>>
}

/** How often, and how soon, a worker that was not reached is told again. */
const TELL_AGAIN = 25
const TELL_AGAIN_MS = 200
/** The record of all nodes. */
const RECORD = 'operator'

/** `onDisk`: ids of the messages in the queue directory; rejects where that cannot be told. */
export function createOperator(
  crew: Crew,
  harakaDir: string,
  pause: () => Promise<unknown> = () => setTimeout(TELL_AGAIN_MS),
  seat: Seat = NO_SEAT,
  onDisk: () => Promise<ReadonlySet<string>> = () => Promise.resolve(new Set()),
): Operator {
  let state: OperatorState | undefined
  /** Held messages of other Harakas that are on their way into the queue here, or were. */
  const expected = new Set<string>()

  function current(): OperatorState {
    try {
      return (state ??= readOperatorState(harakaDir))
    } catch (error) {
      // Written over it would be lost, and what it keeps back would be sent.
      throw new Refusal(errorText(error), 'nothing can be changed until then')
    }
  }

  /** A worker that is just starting may take mail already; it is waited for, so that the decision is in force everywhere. */
  async function tellAll(next: OperatorState): Promise<void> {
    for (let left = TELL_AGAIN; left >= 0; left--) {
      const { suspensions, held } = next
      const { missing } = await askAll(crew, 'operator', { suspensions, held })
      if (missing === 0 || state !== next) return
      await pause()
    }
  }

  /** What is not on disk is not in force. */
  function write(next: OperatorState): void {
    try {
      writeOperatorState(harakaDir, next)
    } catch (error) {
      const why = errorText(error)
      const hint = 'the account Haraka runs as must be able to write into the Haraka directory'
      throw new Refusal(`the decision could not be recorded, nothing was changed: ${why}`, hint)
    }
    state = next
  }

  seat.record(RECORD, {
    all: () => textsOf(current()),
    async take(texts) {
      const next = withTexts(current(), texts, Date.now())
      write(next)
      await tellAll(next)
    },
    isOld: (text) => isOldText(text, Date.now()),
  })

  return {
    current,
    async change(change) {
      const before = current()
      const after = change(before)
      const nowMs = Date.now()
      const node = seat.cluster()?.node
      let texts: Texts = new Map()
      if (node === undefined && before.changes === undefined) {
        write({ ...after, suspensions: after.suspensions.filter((one) => inForce(one, nowMs)) })
      } else {
        const made = stamped(before, after, node ?? '', nowMs)
        texts = made.texts
        write(made.state)
      }
      const [told] = await Promise.all([seat.cluster()?.tell(RECORD, texts), tellAll(current())])
      return told
    },
    async inherit(other, ids) {
      const before = current()
      const { state: after, texts } = inherited(before, other, ids, seat.cluster()?.node ?? '', Date.now())
      if (texts.size > 0) {
        write(after)
        await Promise.all([seat.cluster()?.tell(RECORD, texts), tellAll(current())])
      }
      const known = new Set(before.suspensions.map(({ domain }) => domain))
      const held = new Set(after.held.filter((id) => ids.has(id)))
      for (const id of held) expected.add(id)
      return {
        held,
        suspensions: after.suspensions.filter((one) => !known.has(one.domain) && inForce(one, Date.now())).length,
      }
    },
    async gone(held) {
      const ids = heldBy(current(), held, seat.cluster()?.node ?? '')
      if (ids.length === 0) return new Set()
      const { answers, missing } = await askAll(crew, 'queue.known', { ids })
      if (missing > 0 || !answers.every(({ complete }) => complete)) return new Set()
      const known = new Set(answers.flatMap((answer) => answer.ids))
      const unknown = ids.filter((id) => !known.has(id) && !expected.has(id))
      if (unknown.length === 0) return new Set()
      // What a process that died had is in no process until another takes it up, and at a start there is none.
      const there = await onDisk().catch(() => undefined)
      return new Set(there === undefined ? [] : unknown.filter((id) => !there.has(id)))
    },
  }
}

/** What an operator may suspend, folded: a domain, `*.domain` or `*`. Throws a Refusal. */
export function readSuspended(text: string): string {
  if (text === '*') return text
  const below = text.startsWith('*.')
  const domain = readDomain(below ? text.slice(2) : text)
  if (domain === undefined) throw new Refusal(`"${text}" is not a domain`, 'write domain1.com, *.domain1.com or *')
  return below ? `*.${domain}` : domain
}

/** The same domain suspended before is replaced. */
export function withSuspension(state: OperatorState, suspension: Suspension): OperatorState {
  return { ...state, suspensions: [...withoutSuspension(state, suspension.domain).suspensions, suspension] }
}

export function withoutSuspension(state: OperatorState, domain: string): OperatorState {
  return { ...state, suspensions: state.suspensions.filter((one) => one.domain !== domain) }
}

export function withHeld(state: OperatorState, ids: readonly string[]): OperatorState {
  return { ...state, held: [...new Set([...state.held, ...ids])] }
}

export function withoutHeld(state: OperatorState, ids: ReadonlySet<string>): OperatorState {
  return { ...state, held: state.held.filter((id) => !ids.has(id)) }
}
