import { isIP } from 'node:net'
import { parseAddress } from '../address.js'
import { hideTarget } from './hide.js'
import type { News } from './news.js'
import type { Party } from './party.js'

/** What a next hop answered. */
export interface HopAnswer {
  /** SMTP reply code. */
  readonly code: string
  /** RFC 3463; undefined where it gave none. */
  readonly status: string | undefined
  readonly text: string
  /** Its name or address. */
  readonly host: string | undefined
}

/** `450 4.2.0 text`: what it said. */
export function answerWords({ code, status, text }: HopAnswer): string {
  return [code, status, text].filter((word) => word !== undefined && word !== '').join(' ')
}

/** What an attempt came to for one recipient of a queue file. */
export interface Attempt {
  /** The recipient in the queue file. */
  readonly address: string
  readonly answer: HopAnswer | undefined
  /** Our own RFC 3463 status and words for the sender, where no next hop answered. */
  readonly status: string | undefined
  readonly text: string | undefined
}

/** The news of a recipient given up: refused for good, or too old (`expired`). Its status is of class 5 (D7). */
export function failedNews(party: Party, attempt: Attempt, expired: boolean): News {
  const said = wordsOf(party, attempt)
  const known = statusOf(attempt) ?? (expired ? '5.4.7' : classOf(attempt, '5.0.0'))
  const inTime = 'It could not be delivered in time'
  const why = said ?? 'It cannot be sent on'
  return {
    party,
    event: 'failed',
    status: known.replace(/^\d/, '5'),
    reason: !expired ? why : said === undefined ? inTime : `${inTime}. The last reason: ${said}`,
    ...hopOf(party, attempt),
  }
}

/** The news of a first deferral (N4), whose status is of class 4. `untilMs`: when it is given up; undefined = never. */
export function delayedNews(party: Party, attempt: Attempt, untilMs: number | undefined): News {
  const status = statusOf(attempt) ?? classOf(attempt, '4.4.1')
  return {
    party,
    event: 'delayed',
    status: status.replace(/^\d/, '4'),
    reason: wordsOf(party, attempt) ?? 'its mail server could not be reached',
    ...hopOf(party, attempt),
    ...(untilMs === undefined ? {} : { willRetryUntilMs: untilMs }),
  }
}

/** The news of a message that a next hop took. */
export function takenNews(party: Party, attempt: Attempt, event: 'relayed' | 'handed on' | 'delivered'): News {
  return { party, event, status: '2.0.0', reason: '', ...hopOf(party, attempt) }
}

function statusOf({ answer, status }: Attempt): string | undefined {
  return answer === undefined ? status : answer.status
}

/** A reply without a status tells at least its class. */
function classOf({ answer }: Attempt, otherwise: string): string {
  return answer === undefined ? otherwise : `${answer.code.charAt(0)}.0.0`
}

function wordsOf(party: Party, { address, answer, text }: Attempt): string | undefined {
  return answer === undefined ? text : shown(party, address, answer)
}

/** A next hop's own words, and who it is. Where a rule sent the mail is not for its sender to know. */
function hopOf(party: Party, { address, answer, text }: Attempt): Pick<News, 'diagnostic' | 'remoteMta'> {
  if (answer === undefined) return text === undefined ? {} : { diagnostic: `x-dmail; ${text}` }
  const diagnostic = `smtp; ${shown(party, address, answer)}`
  const { host } = answer
  return host === undefined || isHidden(party, address) ? { diagnostic } : { diagnostic, remoteMta: mtaName(host) }
}

/** RFC 3464 2.1.2: a name of type dns is a domain or a domain literal. */
function mtaName(host: string): string {
  const family = isIP(host)
  return family === 0 ? host : family === 4 ? `[${host}]` : `[IPv6:${host}]`
}

function shown(party: Party, address: string, answer: HopAnswer): string {
  const words = answerWords(answer)
  return isHidden(party, address) ? hideTarget(words, address, party.given, answer.host) : words
}

function isHidden({ given }: Party, address: string): boolean {
  return given !== address && parseAddress(given)?.key !== parseAddress(address)?.key
}
