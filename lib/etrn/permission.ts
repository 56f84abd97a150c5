import type { Rate } from '../conf/forms.js'
import { foldDomainList } from '../conf/value-mail.js'
import { compilePatternList, splitPatternList, type Matcher } from '../conf/wildcard.js'
import type { LocalDomain } from '../routing/domains.js'
import type { GatewayTable } from '../routing/gateways.js'

/** Who may ask for what, and how often. Part of a snapshot. */
export interface EtrnRules {
  /** `[etrn] allow`, by client IP. */
  readonly allow: Matcher
  /** `[etrn] rate`, per domain. */
  readonly rate: Rate
  /** Domains (folded) that a suspend_domain or relay_to line names. */
  readonly named: Matcher
  readonly gateways: GatewayTable
  readonly localDomains: ReadonlyMap<string, LocalDomain>
}

/**
 * May this client have the mail of this domain (folded) sent (Q6)? For `@node` the node is judged, its sub-domains go with it.
 * A `gateway *` names nobody: with a smart host every domain of the world would be allowed.
 */
export function mayAsk({ allow, named, gateways, localDomains }: EtrnRules, ip: string, domain: string): boolean {
  if (!allow(ip) || localDomains.has(domain)) return false
  const gateway = gateways.find(domain)
  return (gateway !== undefined && gateway.domain !== '*') || named(domain)
}

/**
 * The domains that lists of suspend_domain and relay_to name. An entry that means everybody (`*`, `*.*`) names nobody: it was
 * not written with a customer in mind, and would tell any client how much mail waits for any domain, and have it tried at will.
 * What such a list takes out again (`*,!domain1.com`) stays out.
 */
export function namedDomains(lists: readonly string[]): Matcher {
  const matchers = lists.map((list) => {
    const entries = splitPatternList(foldDomainList(list))
    const naming = entries.filter(({ text, negated }) => negated || !/^[*?.]+$/.test(text))
    return compilePatternList(naming.map(({ text, negated }) => `${negated ? '!' : ''}${text}`).join(','))
  })
  return (domain) => matchers.some((matches) => matches(domain))
}
