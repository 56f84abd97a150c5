import { isUtf8 } from 'node:buffer'
import type { ReplyName } from '../reply.js'

export const MECHANISMS = ['PLAIN', 'LOGIN'] as const
export type Mechanism = (typeof MECHANISMS)[number]

export interface Credentials {
  readonly name: string
  readonly password: string
  /** The user that the client wants to act as (PLAIN only); '' for the one that logs in. */
  readonly actAs: string
}

/** What comes next in an exchange: a challenge whose answer goes to `next`, credentials to check, or its end. */
export type Turn =
  | { readonly kind: 'ask'; readonly challenge: string; readonly next: (line: string) => Turn }
  | { readonly kind: 'check'; readonly credentials: Credentials }
  | { readonly kind: 'refused'; readonly reply: Extract<ReplyName, `auth${string}`> }

/** RFC 4954 4: the longest line of an exchange, without its line end. */
const LONGEST_LINE = 12_288

/**
 * Begins an exchange (RFC 4954, RFC 4616 for PLAIN, draft-murchison-sasl-login for LOGIN). `initial` is the answer that came with
 * the command, `=` for an empty one; undefined where there is none.
 */
export function beginExchange(mechanism: Mechanism, initial: string | undefined): Turn {
  const first = mechanism === 'PLAIN' ? plain : loginName
  if (initial === undefined) return ask(mechanism === 'PLAIN' ? '' : 'Username:', first)
  return read(initial === '=' ? '' : initial, first)
}

function ask(challenge: string, take: (answer: string) => Turn): Turn {
  const next = (line: string): Turn => (line === '*' ? refused('authCancelled') : read(line, take))
  return { kind: 'ask', challenge: Buffer.from(challenge).toString('base64'), next }
}

function read(line: string, take: (answer: string) => Turn): Turn {
  if (line.length > LONGEST_LINE) return refused('authTooLong')
  const bytes = Buffer.from(line, 'base64')
  // Node decodes whatever it can: only what it would write itself is base64 (RFC 4648 3.5).
  if (bytes.toString('base64') !== line) return refused('authBadBase64')
  return isUtf8(bytes) ? take(bytes.toString()) : refused('authBadForm')
}

function plain(message: string): Turn {
  const [actAs, name, password, ...more] = message.split('\0')
  if (actAs === undefined || name === undefined || password === undefined || more.length > 0) {
    return refused('authBadForm')
  }
  return { kind: 'check', credentials: { name, password, actAs } }
}

function loginName(name: string): Turn {
  return ask('Password:', (password) => ({ kind: 'check', credentials: { name, password, actAs: '' } }))
}

function refused(reply: Extract<ReplyName, `auth${string}`>): Turn {
  return { kind: 'refused', reply }
}
