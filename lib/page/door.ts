import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { createRateLimit } from '../rate.js'

/** Who may come in: the token, and the sessions it opens. */
export interface Door {
  /** A session for whoever knows the token. `from` is the client's address: each has so many tries. */
  enter(token: string, from: string): Entrance
  /** Whether the token is right, for a program that sends it with each request. */
  knows(token: string, from: string): boolean
  /** What the forms of a session have to carry; undefined for a session that is none, or is over. */
  formToken(session: string): string | undefined
}

export type Entrance =
  | { readonly ok: true; readonly session: string; readonly seconds: number }
  | { readonly ok: false; readonly waitMs: number }

const SESSION_MS = 12 * 3_600_000
/** Tries of one address. */
const TRIES = { count: 10, per: 60_000 }
/** A program asks regularly, with the right token. */
const REQUESTS = { count: 120, per: 60_000 }
/** Times remembered, of all addresses. */
const MAX_TIMES = 2000

/** Nothing is kept for a session: it is its end, and a code that only who has the token can make. */
export function createDoor(secret: string, now: () => number = Date.now): Door {
  const tries = createRateLimit(now, MAX_TIMES)
  const requests = createRateLimit(now, MAX_TIMES)
  const sign = (text: string): string => createHmac('sha256', secret).update(text).digest('base64url')

  return {
    enter(token, from) {
      const waitMs = tries.take(from, TRIES)
      if (waitMs > 0 || !same(token, secret)) return { ok: false, waitMs }
      const endMs = now() + SESSION_MS
      return { ok: true, session: `${endMs}.${sign(`session ${endMs}`)}`, seconds: SESSION_MS / 1000 }
    },
    knows: (token, from) => requests.take(from, REQUESTS) === 0 && same(token, secret),
    formToken(session) {
      const [end = '', code = ''] = session.split('.')
      if (!same(code, sign(`session ${end}`)) || Number(end) <= now()) return undefined
      return sign(`form ${session}`)
    },
  }
}

/** Takes as long whatever the difference is. */
export function same(one: string, other: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(one), digest(other))
}
