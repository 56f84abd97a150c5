import { NOTHING, THE_CLIENT, type ReplyHelp } from './reply-help-row.js'
import type { ReplyName } from './reply.js'

/** The replies to AUTH. */
export const AUTH_REPLY_HELP = {
  authContinue: { about: 'BASE64', means: 'the next line of the login is expected', remedy: NOTHING },
  authDone: { means: 'the client is logged in and may relay', remedy: NOTHING },
  authFailed: {
    means: 'the user module refused name and password, or the name can be no user',
    remedy:
      'the log has the name and the address. Ask the module by hand: `file.js -path FILE check USER`, see [users](users.md#file)',
  },
  authTooMany: {
    means: 'too many failures of this address or with this name',
    remedy:
      'wait, or change `[auth] ip_failures` and `user_failures`; a restart forgets them, see [guessing](auth.md#guessing)',
  },
  authUnavailable: {
    means: 'the user module said `-DEAD`, nothing in time, or nonsense; or 100 checks wait already',
    remedy: 'see [the user module is dead](#the-user-module-is-dead)',
  },
  authCancelled: { means: 'the client sent `*`', remedy: NOTHING },
  authBadBase64: { means: 'an answer of the client is not base64', remedy: THE_CLIENT },
  authBadForm: { means: 'an answer that PLAIN or LOGIN does not have', remedy: THE_CLIENT },
  authTooLong: { means: 'an answer of more than 12,288 characters', remedy: THE_CLIENT },
  authNoArgument: { means: '`AUTH` without a mechanism, or with too many words', remedy: THE_CLIENT },
  authUnknownMechanism: {
    means: 'the client wants CRAM-MD5 or another mechanism that needs the password itself',
    remedy: 'set the client to "normal password" over TLS',
  },
  authNeedsTls: {
    means: '`AUTH` without TLS, from elsewhere than this machine',
    remedy: "load Haraka's `tls` plugin and set TLS in the client; `[auth] plaintext=true` does without",
  },
  authBeforeHello: { means: '`AUTH` before `EHLO`', remedy: THE_CLIENT },
  authTwice: { means: '`AUTH` a second time', remedy: THE_CLIENT },
  authInTransaction: { means: '`AUTH` between `MAIL` and the end of the message', remedy: THE_CLIENT },
} as const satisfies Readonly<Partial<Record<ReplyName, ReplyHelp>>>
