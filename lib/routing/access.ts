import type { Matcher } from '../conf/wildcard.js'
import { reply, type Reply } from '../reply.js'

/** Who is turned away at the door (A4). */
export interface AccessRules {
  readonly bannedIp: Matcher
  readonly bannedIpExcept: Matcher
  readonly bannedSender: Matcher
  readonly bannedRecipient: Matcher
  /** Recipients of one message; undefined = no limit. */
  readonly maxRecipients: number | undefined
  /** Messages of one client address within `maxMessagesMs`; undefined = no limit. */
  readonly maxMessages: number | undefined
  readonly maxMessagesMs: number
  /** Clients that may send any number. */
  readonly anyMessages: Matcher
  /** VRFY and EXPN are answered. */
  readonly tellsUsers: boolean
}

/** ban_ip: refused at connect, unless ban_ip_except names the client. */
export function refuseClient(rules: AccessRules, ip: string): Reply | undefined {
  return rules.bannedIp(ip) && !rules.bannedIpExcept(ip) ? reply('bannedClient', ip) : undefined
}

/** ban_mailfrom; `sender` is `user@domain`, or '' for the null sender, which only an empty pattern could match. */
export function refuseSender(rules: AccessRules, sender: string): Reply | undefined {
  return sender !== '' && rules.bannedSender(sender) ? reply('bannedSender', sender) : undefined
}

/** ban_rcptto and max_rcpts; `accepted` counts the recipients this message already has. */
export function refuseRecipient(rules: AccessRules, recipient: string, accepted: number): Reply | undefined {
  if (rules.bannedRecipient(recipient)) return reply('bannedRecipient', recipient)
  if (rules.maxRecipients !== undefined && accepted >= rules.maxRecipients) return reply('tooManyRecipients')
  return undefined
}
