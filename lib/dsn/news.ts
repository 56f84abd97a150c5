import { decideReport, type DsnEvent } from './decide.js'
import type { Party } from './party.js'

/** Something a sender may want to hear about one recipient. */
export interface News {
  readonly party: Party
  readonly event: DsnEvent
  /** RFC 3463, such as 5.1.1. */
  readonly status: string
  /** Why, for a person; '' where nothing is to be explained. */
  readonly reason: string
  /** What there is to tell a program, with its type: `smtp; 550 5.1.1 no such user` is a next hop's answer (RFC 3464 2.3.6). */
  readonly diagnostic?: string
  /** The next hop's name or address. */
  readonly remoteMta?: string
  /** When it is given up, milliseconds since 1970. */
  readonly willRetryUntilMs?: number
}

/** Somebody who is to be told, and of what. */
export interface Telling {
  readonly kind: 'report' | 'double bounce'
  /** None empty. */
  readonly news: readonly News[]
}

/** Sorts news by who hears of them; most news nobody hears of (N3 to N7). */
export function whoHears(news: readonly News[], nullSender: boolean): readonly Telling[] {
  const kinds = ['report', 'double bounce'] as const
  return kinds
    .map((kind) => ({
      kind,
      news: news.filter(({ event, party: { notify } }) => decideReport({ event, notify, nullSender }) === kind),
    }))
    .filter((telling) => telling.news.length > 0)
}

/** True for news that nobody must miss: a failure, of which the sender would otherwise never learn. */
export function isGrave({ event }: News): boolean {
  return event === 'failed'
}

/** Local work that was done: the message is where its recipient finds it. */
export function deliveredNews(party: Party): News {
  return { party, event: 'delivered', status: '2.0.0', reason: '' }
}
