import { AUTH_REPLY_HELP } from './reply-help-auth.js'
import { NOTHING, THE_CLIENT, type ReplyHelp } from './reply-help-row.js'
import type { ReplyName } from './reply.js'

/** One row for each reply; the compiler asks for a new one. */
export const REPLY_HELP: Readonly<Record<ReplyName, ReplyHelp>> = {
  accepted: { about: 'ADDRESS', means: 'the recipient is taken', remedy: NOTHING },
  queued: { means: 'every copy is in its drop file or in the queue, on disk', remedy: NOTHING },
  unknownUser: {
    about: 'ADDRESS',
    means: 'no rule, alias, user or catch-all has the address, or the only target of its rule does not exist',
    remedy:
      '`dmail route ADDRESS` shows which rule led nowhere; add the user, an alias or a [catch-all](rcpt.md#alias-files). If the user is new: `dmail clear-cache`, since "no such user" is believed for 30 s',
  },
  relayingDenied: {
    about: 'ADDRESS',
    means: 'the domain is not local, and this client may not send elsewhere',
    remedy:
      'your domain: add `host_domain` or `vdomain`. Your client: `forward_from_ip`, or [SMTP AUTH](auth.md). A domain that you take mail for: `relay_to`. See [who may relay](access.md#who-may-relay)',
  },
  badParameter: {
    about: 'WHAT IS WRONG',
    means:
      '`NOTIFY`, `ORCPT`, `RET` or `ENVID` of [RFC 3461](dsn.md) has a value that is none, has none, or is given twice; the text names it',
    remedy: THE_CLIENT,
  },
  badAddress: {
    about: 'ADDRESS',
    means:
      'an address with a route in it (`user%host@domain`, `host!user@domain`), without a domain, or a local name with blanks, `/`, `..` or control characters',
    remedy: 'write the address as user@domain',
  },
  loop: {
    about: 'ADDRESS',
    means:
      'rules lead in a circle or more than 20 deep, or the message has a `Delivered-To` of this address: it was here before',
    remedy:
      '`dmail route ADDRESS` shows the circle. If it shows none, another server sends the mail back here: look at its forwarding',
  },
  tooManyHops: {
    means: 'the message has more than 30 `Received` lines',
    remedy: 'two servers send it to each other: look at the lines `Received` and at the MX and `gateway` of the domain',
  },
  lookupUnavailable: {
    about: 'ADDRESS',
    means:
      'nobody can tell whether the user exists: the user module is dead, slow or answers nonsense, `getent` fails, or an alias file, a list, a forward file or a `fwd` field cannot be read. The log has the reason',
    remedy:
      '`dmail route ADDRESS` says the reason too. See [the user module is dead](#the-user-module-is-dead); the sender tries again',
  },
  mailboxFull: {
    about: 'ADDRESS',
    means: 'the drop file is at `drop_max` or at the `quota` of the user, or the size that was announced does not fit',
    remedy: 'have the user fetch mail, or raise the [limit](queue.md#limits)',
  },
  tooManyRecipients: {
    means: 'the message has `max_rcpts` recipients already; these stay accepted',
    remedy: 'clients send to the others in a second message; raise `max_rcpts` where that is not wanted',
  },
  bannedClient: {
    about: 'IP',
    means: '`ban_ip` has the address of the client, and `ban_ip_except` has not',
    remedy: 'correct [the lists](access.md)',
  },
  bannedSender: {
    about: 'ADDRESS',
    means: '`ban_mailfrom` has the sender',
    remedy: 'correct [the lists](access.md); an entry with `!` takes one out',
  },
  bannedRecipient: {
    about: 'ADDRESS',
    means: '`ban_rcptto` has the recipient',
    remedy: 'correct [the lists](access.md); an entry with `!` takes one out',
  },
  notReady: {
    means:
      'there is no configuration to decide by, or the suite has an error: the log has it. At connect the code is 421, and the connection ends',
    remedy: '`dmail check`; if that is content, report the error that is in the log',
  },
  notKept: {
    means:
      'the queue could not take a copy that has to go there: most often its disk is full or read-only. The log has the reason',
    remedy: 'see [the disk is full](#the-disk-is-full); the sender tries again',
  },
  tooMuchFromIp: {
    about: 'IP',
    means: 'the client has sent `fromip_max` messages in this hour (`[access] fromip_period`)',
    remedy: 'name your own servers in `fromip_nolimit`, or raise `fromip_max`',
  },
  verified: {
    about: 'ADDRESS',
    means: 'VRFY or EXPN with `[access] vrfy=true`: this address gets the mail',
    remedy: NOTHING,
  },
  verifiedElsewhere: { about: 'ADDRESS', means: 'VRFY: the mail goes on to this address elsewhere', remedy: NOTHING },
  notVerified: {
    means: 'VRFY or EXPN, which tell nothing; or they may not tell this',
    remedy: '`[access] vrfy=true` has them answered, see [VRFY and EXPN](access.md#vrfy-and-expn)',
  },
  noAddressToVerify: { means: 'VRFY or EXPN without a name', remedy: THE_CLIENT },
  ...AUTH_REPLY_HELP,
  etrnStarted: {
    about: 'DOMAIN',
    means: 'sending has begun; how much there is is not known yet',
    remedy: '`dmail queue domain=DOMAIN` shows it',
  },
  etrnNothing: {
    about: 'DOMAIN',
    means: 'nothing waits for the domain',
    remedy: '`dmail queue domain=DOMAIN`; what is held is not counted',
  },
  etrnCounted: { about: 'DOMAIN', means: 'so many messages are being sent', remedy: NOTHING },
  etrnRunning: {
    about: 'DOMAIN',
    means: 'what the domain was last sent for is still under way',
    remedy: 'wait; `dmail queue domain=DOMAIN` shows what it waits for',
  },
  etrnTooSoon: {
    about: 'DOMAIN',
    means: 'the domain was asked for already within `[etrn] rate`',
    remedy: 'the client asks again later; `dmail etrn DOMAIN` knows no limit',
  },
  etrnFailed: { means: 'something failed here: the log has it', remedy: 'look into the log' },
  etrnNotAllowed: {
    about: 'DOMAIN',
    means:
      'the client is not in `[etrn] allow`, or no `gateway`, `suspend_domain` or `relay_to` line names the domain (`*` counts for none), or it is local',
    remedy: 'see [what may be asked for](etrn.md#what-may-be-asked-for)',
  },
  etrnNoQueues: { means: '`ETRN #name`: there are no named queues', remedy: 'the client asks for a domain' },
  etrnNoArgument: { means: '`ETRN` without a domain', remedy: THE_CLIENT },
  etrnBadArgument: { means: '`ETRN` with something that is no domain', remedy: THE_CLIENT },
  etrnBeforeHello: { means: '`ETRN` before `EHLO`', remedy: THE_CLIENT },
  etrnInTransaction: { means: '`ETRN` between `MAIL` and the end of the message', remedy: THE_CLIENT },
}
