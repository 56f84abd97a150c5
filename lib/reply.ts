/**
 * An SMTP reply: `code` (RFC 5321), `enhanced` status (RFC 3463), '' where the reply has none, `text` for the sender. The text
 * never shows a path or an internal name.
 */
export interface Reply {
  readonly code: number
  readonly enhanced: string
  readonly text: string
}

type Template = readonly [code: number, enhanced: string, text: (subject: string, count: string) => string]

/** Every reply the suite gives, in one table (decisions, "Reply texts"). */
const REPLIES = {
  accepted: [250, '2.1.5', (address) => `${address} is welcome`],
  queued: [250, '2.0.0', () => 'Message accepted'],
  unknownUser: [550, '5.1.1', (address) => `${address}: there is no such user here`],
  relayingDenied: [550, '5.7.1', (address) => `${address}: relaying is not permitted, this domain is not served here`],
  badParameter: [501, '5.5.4', (what) => what],
  badAddress: [550, '5.1.3', (address) => `${address}: this form of address is not accepted here`],
  loop: [550, '5.4.6', (address) => `${address}: mail for this address goes round in a loop`],
  tooManyHops: [550, '5.4.6', () => 'This message has passed through too many servers: it goes round in a loop'],
  lookupUnavailable: [
    451,
    '4.3.0',
    (address) => `${address}: users cannot be looked up just now, please try again later`,
  ],
  mailboxFull: [452, '4.2.2', (address) => `${address}: the mailbox is full`],
  tooManyRecipients: [452, '4.5.3', () => 'Too many recipients in one message, send to the others in another one'],
  bannedClient: [554, '5.7.1', (ip) => `Mail from your address ${ip} is not accepted here`],
  bannedSender: [550, '5.7.1', (sender) => `${sender}: mail from this sender is not accepted here`],
  bannedRecipient: [550, '5.7.1', (address) => `${address}: mail to this recipient is not accepted here`],
  notReady: [451, '4.3.0', () => 'This server cannot take mail just now, please try again later'],
  notKept: [451, '4.3.0', () => 'The message could not be stored just now, please send it again later'],

  tooMuchFromIp: [450, '4.7.1', (ip) => `Too much mail from your address ${ip} lately, please try again later`],

  // VRFY and EXPN (RFC 5321 3.5)
  verified: [250, '2.1.5', (address) => `<${address}>`],
  verifiedElsewhere: [251, '2.1.5', (address) => `User not local; will forward to <${address}>`],
  notVerified: [252, '2.5.0', () => 'This is not told here, but mail is taken or refused when it is sent'],
  noAddressToVerify: [501, '5.5.4', () => 'Name a user or an address'],

  // AUTH (RFC 4954 4 and 6)
  authContinue: [334, '', (challenge) => challenge],
  authDone: [235, '2.7.0', () => 'You are logged in'],
  authFailed: [535, '5.7.8', () => 'User name or password is wrong'],
  authTooMany: [454, '4.7.0', () => 'Too many failed logins, please try again later'],
  authUnavailable: [454, '4.3.0', () => 'Passwords cannot be checked just now, please try again later'],
  authCancelled: [501, '5.7.0', () => 'The login is cancelled'],
  authBadBase64: [501, '5.5.2', () => 'That is not the base64 form of an answer'],
  authBadForm: [501, '5.5.2', () => 'That is not what this mechanism answers'],
  authTooLong: [500, '5.5.6', () => 'That line is too long'],
  authNoArgument: [501, '5.5.4', () => 'Name a mechanism, PLAIN or LOGIN, and at most one answer'],
  authUnknownMechanism: [504, '5.5.4', () => 'There are the mechanisms PLAIN and LOGIN'],
  authNeedsTls: [538, '5.7.11', () => 'Say STARTTLS first: passwords are not taken in the clear'],
  authBeforeHello: [503, '5.5.1', () => 'Say EHLO first'],
  authTwice: [503, '5.5.1', () => 'You are logged in already'],
  authInTransaction: [503, '5.5.1', () => 'Not while a message is being sent: end it first, or say RSET'],

  // ETRN (RFC 1985 5.3, Q4-Q6). Those of a node have no status: programs read the number behind 253.
  etrnStarted: [250, '', (node) => `OK, sending of mail for node ${node} started`],
  etrnNothing: [251, '', (node) => `OK, no messages waiting for node ${node}`],
  etrnCounted: [253, '', (node, count) => `${count} pending messages for node ${node} started`],
  etrnRunning: [458, '', (node) => `Unable to queue messages for node ${node}: they are being sent already`],
  etrnTooSoon: [
    458,
    '',
    (node, seconds) => `Unable to queue messages for node ${node}: asked for too often, try again in ${seconds} s`,
  ],
  etrnFailed: [458, '', () => 'Unable to queue messages just now, please try again later'],
  etrnNotAllowed: [459, '', (node) => `Node ${node} not allowed: it is not served here, or not for your address`],
  etrnNoQueues: [458, '5.3.5', () => 'There are no named queues here, ask for a domain'],
  etrnNoArgument: [501, '5.5.4', () => 'Name the domain whose mail shall be sent: ETRN example.com'],
  etrnBadArgument: [501, '5.5.4', () => 'That is not the name of a domain: ETRN example.com'],
  etrnBeforeHello: [503, '5.5.1', () => 'Say EHLO first'],
  etrnInTransaction: [503, '5.5.1', () => 'Not while a message is being sent: end it first, or say RSET'],
} as const satisfies Record<string, Template>

export type ReplyName = keyof typeof REPLIES

export const REPLY_NAMES = Object.keys(REPLIES) as readonly ReplyName[]

/**
 * The reply of that name; `subject` is the address, IP or node it is about, `count` a number to name. Control characters are
 * left out.
 */
export function reply(name: ReplyName, subject = '', count = ''): Reply {
  const [code, enhanced, text]: Template = REPLIES[name]
  const made: Reply = { code, enhanced, text: text(subject.replace(/[\x00-\x1f\x7f]/g, '?'), count) }
  names.set(made, name)
  return made
}

const names = new WeakMap<Reply, ReplyName>()

/** Which of the replies it is, for the counters; undefined for one that was made in another way. */
export function replyName(made: Reply): ReplyName | undefined {
  return names.get(made)
}

/** The text of a reply as it is sent behind the code: status first. */
export function replyText({ enhanced, text }: Reply): string {
  return enhanced === '' ? text : `${enhanced} ${text}`
}
