import type { Matcher } from '../conf/wildcard.js'
import type { UserDirectory } from '../directory/types.js'
import type { AttemptRates } from './attempts.js'
import type { LoginRules } from './login.js'

/** What SMTP AUTH needs of the configuration. */
export interface AuthSettings {
  /** Clients that it is offered to. */
  readonly offerTo: Matcher
  /** Without TLS too, to everybody. */
  readonly plaintext: boolean
  readonly rates: AttemptRates
  readonly failureDelayMs: number
  readonly logins: LoginRules
  readonly check: NonNullable<UserDirectory['check']>
}
