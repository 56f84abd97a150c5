import { delayedNews, failedNews, takenNews, type Attempt } from '../../lib/dsn/attempt-news.js'
import type { News } from '../../lib/dsn/news.js'
import { DSN_NOTE, partiesOf, readNote, type DsnNote } from '../../lib/dsn/note.js'
import type { Party } from '../../lib/dsn/party.js'
import { readItem } from '../../lib/spool/item.js'
import { acceptanceOf, attemptOf } from '../haraka/answers.js'
import type { Offers } from '../haraka/ehlo.js'
import type { HarakaHmail, QueuedRecipient } from '../haraka/outbound-types.js'

export function noteOf({ todo }: HarakaHmail): DsnNote | undefined {
  return readNote(todo.notes[DSN_NOTE])
}

/** It failed for good, for all its recipients. */
export function failure(hmail: HarakaHmail, isGivenUp: boolean): readonly News[] {
  return each(hmail, hmail.todo.rcpt_to, (recipient) => attemptOf(recipient, hmail)).map(([party, attempt]) =>
    failedNews(party, attempt, isGivenUp),
  )
}

/** It waits for the first time (N4). `untilMs`: when it will be given up. */
export function delay(hmail: HarakaHmail, untilMs: number | undefined): readonly News[] {
  if (hmail.num_failures !== 1 || noteOf(hmail)?.delayed === true) return []
  return each(hmail, hmail.todo.rcpt_to, (recipient) => attemptOf(recipient, hmail)).map(([party, attempt]) =>
    delayedNews(party, attempt, untilMs),
  )
}

/** Some of its recipients are done with. `parameters` are those of Haraka's delivered hook. */
export function success(
  hmail: HarakaHmail,
  parameters: readonly unknown[],
  offers: Offers | undefined,
): readonly News[] {
  const [, , , , , mode, taken] = parameters
  const event = taken === undefined ? undefined : eventOf(hmail, mode, offers)
  if (event === undefined) return []
  return each(hmail, taken as readonly QueuedRecipient[], (recipient) =>
    event === 'delivered' ? { ...attemptOf(recipient, hmail), answer: undefined } : acceptanceOf(recipient, parameters),
  ).map(([party, attempt]) => takenNews(party, attempt, event))
}

/** undefined: what was done here with it has told its news already. */
function eventOf(
  { todo }: HarakaHmail,
  mode: unknown,
  offers: Offers | undefined,
): 'relayed' | 'handed on' | 'delivered' | undefined {
  if (mode === 'LOCAL') return readItem(todo.notes['dmail']) === undefined ? undefined : 'delivered'
  if (offers?.('DSN') === true) return 'handed on'
  // What speaks LMTP delivers (RFC 2033).
  return mode === 'LMTP' ? 'delivered' : 'relayed'
}

function each(
  hmail: HarakaHmail,
  recipients: readonly QueuedRecipient[],
  attemptFor: (recipient: QueuedRecipient) => Attempt,
): (readonly [Party, Attempt])[] {
  const note = noteOf(hmail)
  return recipients.flatMap((recipient) => {
    const attempt = attemptFor(recipient)
    return partiesOf(note, attempt.address).map((party) => [party, attempt] as const)
  })
}
