import { parseIp } from '../conf/ip-list.js'
import { beginExchange, MECHANISMS, type Mechanism, type Turn } from './exchange.js'

/** The session that an AUTH command came in. */
export interface AuthSession {
  /** After EHLO, and after that of TLS. */
  readonly greeted: boolean
  readonly loggedIn: boolean
  /** After MAIL. */
  readonly inTransaction: boolean
  /** A password may be sent in it. */
  readonly secure: boolean
}

/** The first turn of an exchange: the session first, then syntax (RFC 4954 4). */
export function beginAuth(argument: string, session: AuthSession): { readonly mechanism: string; readonly turn: Turn } {
  const [word = '', initial, ...more] = argument.split(/ +/).filter((each) => each !== '')
  const mechanism = word.toUpperCase()
  const refused = (reply: Extract<Turn, { kind: 'refused' }>['reply']) =>
    ({ mechanism, turn: { kind: 'refused', reply } }) as const
  if (!session.greeted) return refused('authBeforeHello')
  if (session.loggedIn) return refused('authTwice')
  if (session.inTransaction) return refused('authInTransaction')
  if (word === '' || more.length > 0) return refused('authNoArgument')
  if (!isMechanism(mechanism)) return refused('authUnknownMechanism')
  if (!session.secure) return refused('authNeedsTls')
  return { mechanism, turn: beginExchange(mechanism, initial) }
}

function isMechanism(word: string): word is Mechanism {
  return MECHANISMS.some((mechanism) => mechanism === word)
}

/**
 * The argument of an AUTH line, '' where there is none; undefined for any other command. `params` is what Haraka gives a hook
 * for commands it does not know: the first word and the rest, or the whole line where that has control characters.
 */
export function authArgument(params: readonly string[]): string | undefined {
  return /^AUTH(?=\s|$)([^]*)$/i.exec(params.join(' '))?.[1]?.trim()
}

/** A5: may a password be sent over this connection? */
export function maySendPassword(tls: boolean, ip: string, plaintext: boolean): boolean {
  return tls || plaintext || parseIp(ip)?.range() === 'loopback'
}
