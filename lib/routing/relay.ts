import type { Address } from '../address.js'
import type { Matcher } from '../conf/wildcard.js'

/** Who hands the message in. */
export interface Client {
  /** IP address; undefined when nobody in particular is meant (`dmail route` without --ip). */
  readonly ip: string | undefined
  /** Envelope sender; undefined for the null sender. */
  readonly sender: Address | undefined
  /** Something else (SMTP AUTH, another plugin) already permitted relaying. */
  readonly trusted: boolean
  /** Size of the message as announced at MAIL, in bytes (RFC 1870). */
  readonly size?: number
}

export interface RelayRule {
  readonly kind: 'forward_from_ip' | 'forward_from' | 'relay_to'
  readonly text: string
  readonly matches: Matcher
  readonly at: string
}

export type RelayRight =
  { readonly allowed: true; readonly rule: string; readonly at: string | undefined } | { readonly allowed: false }

/**
 * May this client send to an address outside? Rules of different kinds are alternatives (semantics 9). Unlike DMail,
 * having no rule does not mean everybody may (A1), unless `legacyOpen` says so.
 */
export function relayRight(
  rules: readonly RelayRule[],
  legacyOpen: boolean,
  client: Client,
  recipient: Address,
): RelayRight {
  if (client.trusted) return { allowed: true, rule: 'the client may relay', at: undefined }
  for (const rule of rules) {
    const subject =
      rule.kind === 'forward_from_ip'
        ? client.ip
        : rule.kind === 'forward_from'
          ? client.sender?.domain
          : recipient.domain
    if (subject !== undefined && subject !== '' && rule.matches(subject)) {
      return { allowed: true, rule: `${rule.kind} ${rule.text}`, at: rule.at }
    }
  }
  if (legacyOpen && rules.length === 0) {
    return { allowed: true, rule: '[relay] legacy_open=true and no relay rule', at: undefined }
  }
  return { allowed: false }
}

/** forward_from_ip alone: true for clients that may relay whatever they send. */
export function isTrustedIp(rules: readonly RelayRule[], ip: string): boolean {
  return rules.some((rule) => rule.kind === 'forward_from_ip' && rule.matches(ip))
}
