import { foldDomain, foldLocal } from '../address.js'
import { isDropName } from '../delivery/drop-path.js'
import { validName } from '../directory/protocol.js'
import { directoryName, type LocalDomain, type NamingRules } from '../routing/domains.js'

/** Whose user a login name is (semantics 4). */
export interface LoginRules {
  readonly main: LocalDomain
  /** By local domain, and by the login suffix of a virtual domain. */
  readonly domains: ReadonlyMap<string, LocalDomain>
  /** By the address that the client connected to, for names without a domain. */
  readonly byLocalIp: ReadonlyMap<string, LocalDomain>
  readonly naming: NamingRules
}

/**
 * The name that the user directory is asked for: `bob` is a user of the main domain, or of the virtual domain that has the address
 * `localIp`; `bob@domain` is the user who gets the mail for that address. undefined for a name that no user may have (U2, U8) or
 * of a domain that is not local.
 */
export function loginUser(text: string, localIp: string, rules: LoginRules): string | undefined {
  const at = text.lastIndexOf('@')
  const local = at < 0 ? text : text.slice(0, at)
  const domain =
    at < 0 ? (rules.byLocalIp.get(localIp) ?? rules.main) : rules.domains.get(foldDomain(text.slice(at + 1)))
  if (domain === undefined || !validName(local) || local.includes('@') || !isDropName(local)) return undefined
  return directoryName(foldLocal(local), domain, rules.naming)
}
